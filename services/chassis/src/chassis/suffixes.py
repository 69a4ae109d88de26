"""What a file is, by the end of its name. The rest of a read file's name may be a patient's, and is not sent."""

READS = (".fastq", ".fastq.gz", ".fq", ".fq.gz", ".bam", ".cram")


def suffix_of(name: str) -> str:
    """The longest known end of a name, in lower case; empty where it has none."""
    lower = name.lower()
    return max((one for one in READS if lower.endswith(one)), key=len, default="")
