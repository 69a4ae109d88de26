"""Two samples of one patient, and one that is somebody else's, by the genotypes of real reads and of made ones."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

import dnaio
import pysam
import pytest

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import VariantsDisowned
from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS, QualityFigures
from casepath.sequencing.v1.sequencing_pb2 import QUALITY_SHORTFALL_CONCORDANCE, Concordance, Quality, VariantsCalled
from chassis.objects import Objects
from embedded import samples
from sequencing.adapters.genotype_concordance import WINDOW, Agreement, Genome, agreement
from sequencing.local import Request, compute
from sequencing.quality import Thresholds, shortfalls
from sequencing.swaps import Samples
from sequencing.workers import Bench, workers

HEADER = """\
##fileformat=VCFv4.2
##contig=<ID=chr1,length={length}>
##INFO=<ID=END,Number=1,Type=Integer,Description="End">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS
"""
REFERENCE, OTHER = "ACGT", "CGTA"
CASE, NEXT_CASE, PATIENT = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


def person(seed: int, sites: int) -> dict[int, str]:
    """Genotypes at SNPs a hundred bases apart, each allele as often as the other."""
    random = Random(seed)
    return {100 * (number + 1): random.choice(["0/0", "0/1", "0/1", "1/1"]) for number in range(sites)}


def files(folder: Path, genotypes: Mapping[int, str], depth: int = 30) -> Genome:
    """A VCF of what differs, and a gVCF with blocks between."""
    folder.mkdir()
    length = max(genotypes) + 100
    variants, genomic, before = [], [], 0
    for position, genotype in genotypes.items():
        base = REFERENCE[position // 100 % 4]
        if genotype != "0/0":
            line = f"chr1\t{position}\t.\t{base}\t{OTHER[position // 100 % 4]}\t50\tPASS\t.\tGT:DP\t{genotype}:{depth}\n"
            variants.append(line)
            genomic.append(f"chr1\t{before + 1}\t.\tA\t<*>\t.\t.\tEND={position - 1}\tGT:DP\t0/0:{depth}\n")
            genomic.append(line)
            before = position
    genomic.append(f"chr1\t{before + 1}\t.\tA\t<*>\t.\t.\tEND={length}\tGT:DP\t0/0:{depth}\n")
    paths = []
    for name, lines in (("variants", variants), ("genomic", genomic)):
        plain = folder / f"{name}.vcf"
        plain.write_text(HEADER.format(length=length) + "".join(lines))
        packed = pysam.tabix_index(str(plain), preset="vcf", force=True)
        paths += [Path(packed), Path(f"{packed}.tbi")]
    return Genome(len(variants), *paths)


def test_one_person_agrees_and_another_does_not(tmp_path: Path) -> None:
    one = files(tmp_path / "one", person(1, 400))
    again = files(tmp_path / "again", {**person(1, 400), 100: "0/1", 200: "1/1"})
    other = files(tmp_path / "other", person(2, 400))
    same = agreement((one, again))
    assert same.sites > 250
    assert same.agreeing >= same.sites - 2
    different = agreement((one, other))
    assert different.sites > 300
    assert 0.2 < different.agreeing / different.sites < 0.6


def test_what_few_reads_tell_is_not_known(tmp_path: Path) -> None:
    one, thin = files(tmp_path / "one", person(1, 400)), files(tmp_path / "thin", person(2, 400), depth=9)
    assert agreement((one, thin)) == Agreement(0, 0)


def test_of_a_genome_windows_are_looked_at_and_the_same_ones_in_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sequencing.adapters.genotype_concordance.MOST_READ", 500)
    one, again = (files(tmp_path / name, person(1, 4000)) for name in ("one", "again"))
    found = agreement((one, again))
    assert found.agreeing == found.sites
    assert 100 < found.sites <= 4000 / (one.snps // 500) + WINDOW / 100


LENGTH, SNPS, PAIRS = 30_000, 90, 3000
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def sequenced(folder: Path, seed: int, who: int) -> Genome:
    """Reads of somebody's two chromosomes, about thirty deep, through the whole pipeline."""
    whole = "".join(samples.REFERENCE.read_text().upper().splitlines()[1:])
    folder.mkdir()
    middle = len(whole) // 2
    reference = folder / "reference.fa"
    reference.write_text(f">chr20\n{whole[middle : middle + LENGTH]}\n")
    bases = whole[middle : middle + LENGTH]
    chromosomes, person = [list(bases), list(bases)], Random(who)
    for number in range(SNPS):
        at = 500 + number * (LENGTH - 1000) // SNPS
        for chromosome in person.choice([(), (0,), (1,), (0, 1)]):
            chromosomes[chromosome][at] = OTHER["ACGT".index(bases[at])]
    random = Random(seed)
    reads = (folder / "r1.fastq", folder / "r2.fastq")
    with dnaio.open(*reads, mode="w") as out:
        for number in range(PAIRS):
            begin = random.randrange(LENGTH - 400)
            fragment = "".join(random.choice(chromosomes)[begin : begin + 400])
            last = fragment[::-1].translate(COMPLEMENT)
            out.write(*(dnaio.SequenceRecord(f"r{number}", read[:150], "I" * 150) for read in (fragment, last)))
    request = Request([reads], (), reference, f"S{seed}", folder / "out", ENGINE_BCFTOOLS, 2)
    made = compute(request, lambda finished, begun: None)
    paths = (made.variants, Path(f"{made.variants}.tbi"), made.genomic_variants, Path(f"{made.genomic_variants}.tbi"))
    return Genome(made.result.quality.snps, *paths)


def test_reads_of_one_person_agree_and_another_persons_do_not(tmp_path: Path) -> None:
    first, again = sequenced(tmp_path / "1", 1, who=1), sequenced(tmp_path / "2", 2, who=1)
    other = sequenced(tmp_path / "3", 3, who=2)
    same, different = agreement((first, again)), agreement((first, other))
    assert min(same.sites, different.sites) >= 50
    assert same.agreeing / same.sites > 0.95
    assert different.agreeing / different.sites < 0.6


async def called(objects: Objects, of: Genome, case_id: str, sample_id: str) -> VariantsCalled:
    async def stored(path: Path) -> ObjectRef:
        return await objects.put(path)

    return VariantsCalled(
        case_id=case_id,
        sample_id=sample_id,
        variants=await stored(of.variants),
        variants_index=await stored(of.variants_index),
        genomic_variants=await stored(of.genomic),
        genomic_variants_index=await stored(of.genomic_index),
        quality=Quality(snps=of.snps),
        reference_sha256="0" * 64,
    )


def disowned(called: VariantsCalled) -> VariantsDisowned:
    sha256 = [called.variants.sha256]
    return VariantsDisowned(case_id=called.case_id, sample_id=called.sample_id, variants_sha256=sha256)


async def compared(kept: Samples, of: VariantsCalled, patient_id: str = PATIENT) -> list[Concordance]:
    others, _ = await kept.others(of.case_id, of.sample_id, patient_id)
    return await kept.compared(of, others)


async def test_a_sample_is_compared_with_the_patients_others_and_what_differs_stops_the_report(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'objects'}"
    objects = Objects.at(url)
    first = await called(objects, files(tmp_path / "1", person(1, 400)), CASE, "S1")
    second = await called(objects, files(tmp_path / "2", person(1, 400)), NEXT_CASE, "S2")
    strange = await called(objects, files(tmp_path / "3", person(2, 400)), NEXT_CASE, "S3")
    with workers(Bench(url, tmp_path, tmp_path), 1) as pool:
        kept = Samples(objects, pool)
        assert await compared(kept, first) == []
        await kept.keep(first, PATIENT)
        assert await compared(kept, first) == []
        (same,) = await compared(kept, second)
        assert (same.case_id, same.sample_id, same.agreeing) == (CASE, "S1", same.sites)
        await kept.keep(second, PATIENT)
        assert await compared(kept, strange, NEXT_CASE) == []
        differing = await compared(kept, strange)
        await kept.disowned.keep(disowned(first))
        assert [one.sample_id for one in await compared(kept, strange)] == ["S2"]
    assert [one.sample_id for one in differing] == ["S1", "S2"]
    figures = (Quality(), QualityFigures(), Thresholds(0, 1, 0, 0, 0, 1))
    assert shortfalls(*figures, concordances=[same]) == []
    assert shortfalls(*figures, concordances=differing) == [QUALITY_SHORTFALL_CONCORDANCE]


async def test_a_sample_moves_with_its_case_where_patients_are_merged_and_back(tmp_path: Path) -> None:
    url, survivor = f"file://{tmp_path / 'objects'}", "00000000-0000-4000-8000-000000000009"
    objects = Objects.at(url)
    first = await called(objects, files(tmp_path / "1", person(1, 400)), CASE, "S1")
    second = await called(objects, files(tmp_path / "2", person(2, 400)), NEXT_CASE, "S2")
    with workers(Bench(url, tmp_path, tmp_path), 1) as pool:
        kept = Samples(objects, pool)
        await kept.keep(first, PATIENT)
        assert await compared(kept, second, survivor) == []
        for _ in range(2):
            await kept.move(CASE, PATIENT, survivor)
        assert [one.sample_id for one in await compared(kept, second, survivor)] == ["S1"]
        await kept.move(CASE, survivor, PATIENT)
        assert await compared(kept, second, survivor) == []


async def test_where_an_earlier_samples_files_are_gone_the_next_is_told_without(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'objects'}"
    objects = Objects.at(url)
    first = await called(objects, files(tmp_path / "1", person(1, 400)), CASE, "S1")
    second = await called(objects, files(tmp_path / "2", person(3, 400)), NEXT_CASE, "S2")
    with workers(Bench(url, tmp_path, tmp_path), 1) as pool:
        kept = Samples(objects, pool)
        await kept.keep(first, PATIENT)
        (tmp_path / "objects" / first.genomic_variants.path).unlink()
        assert await compared(kept, second) == []
