import pytest

from chassis.suffixes import suffix_of


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("Dupont Zoé 1970.S1_R1.FASTQ.gz", ".fastq.gz"),
        ("a.fq", ".fq"),
        ("a.dupont.bam", ".bam"),
        ("a.gz", ""),
        ("fastq", ""),
    ],
)
def test_of_a_name_only_what_the_file_is_is_kept(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix
