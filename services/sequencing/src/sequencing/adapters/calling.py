"""Calling variants: reads to a normalised VCF with quality figures, in one folder. Needs no broker."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import mappy
import pysam.version
from pysam import bcftools, samtools

from casepath.sequencing.v1.sequencing_pb2 import Quality
from chassis.errors import Malformed
from sequencing.adapters.alignment import align
from sequencing.adapters.measuring import measure

# Reads deeper than this at one position are sampled by bcftools mpileup.
DEEPEST = 1000
LEAST_MAPPING_QUALITY = 1
# A block of the gVCF ends where the depth comes to another of these ranges.
DEPTHS = "1,5,10,20"


@dataclass(frozen=True, slots=True)
class Calling:
    """What to call. `out` is made; `reference` is a FASTA file and `reference_name` what the VCF calls it."""

    reads: tuple[Path, Path]
    reference: Path
    reference_name: str
    sample: str
    out: Path
    threads: int


@dataclass(frozen=True, slots=True)
class Called:
    """Files with their indexes, the quality figures and the versions of the tools. `quality` is a serialized Quality."""

    alignments: Path
    alignments_index: Path
    variants: Path
    variants_index: Path
    genomic_variants: Path
    genomic_variants_index: Path
    quality: bytes
    tools: tuple[str, ...]

    def figures(self) -> Quality:
        return Quality.FromString(self.quality)


def tools() -> tuple[str, ...]:
    """What calls, with versions, as pysam and mappy carry them."""
    return (
        f"minimap2 {mappy.__version__}",
        f"samtools {pysam.version.__samtools_version__}",
        f"bcftools {pysam.version.__bcftools_version__}",
    )


def call(work: Calling) -> Called:
    """Align, mark duplicates, call, normalise and measure. The same input gives the same bytes.

    Runs in a process of its own, since samtools ends its process at some errors. Raise ReadsUnfit; Malformed when a tool
    refuses the input.
    """
    work.out.mkdir(parents=True, exist_ok=True)
    link = work.out / f"{work.reference_name}.fa"
    try:
        index_reference(work.reference, link)
        alignments, tally = align(work.reads, link, work.sample, work.out, work.threads)
        variants, genomic = work.out / "variants.vcf.gz", work.out / "variants.g.vcf.gz"
        # bcftools writes the path of the reference as it was given into the header: give one that says nothing of this machine.
        with contextlib.chdir(work.out):
            call_variants(Path(link.name), Path(alignments.name), Path(variants.name), Path(genomic.name))
        quality = measure(alignments, variants, tally)
    except pysam.SamtoolsError as error:
        raise Malformed(f"a tool refused the reads: {str(error).splitlines()[0][:200]}") from error
    finally:
        link.unlink(missing_ok=True)
        link.with_suffix(".fa.fai").unlink(missing_ok=True)
    return Called(
        alignments=alignments,
        alignments_index=alignments.with_suffix(".bam.bai"),
        variants=variants,
        variants_index=variants.with_suffix(".gz.tbi"),
        genomic_variants=genomic,
        genomic_variants_index=genomic.with_suffix(".gz.tbi"),
        quality=quality.SerializeToString(deterministic=True),
        tools=tools(),
    )


def index_reference(source: Path, link: Path) -> None:
    """Make a link to the FASTA file with an index beside it; the source's folder may be read-only."""
    link.symlink_to(source.resolve())
    index = source.with_name(source.name + ".fai")
    if index.exists():
        shutil.copyfile(index, link.with_suffix(".fa.fai"))
    else:
        samtools.faidx(str(link), catch_stdout=False)


def call_variants(reference: Path, alignments: Path, variants: Path, genomic: Path) -> None:
    """bcftools mpileup, call, norm (left-aligned), bgzip, tabix.

    `variants` has what differs from the reference, one allele a record; `genomic` (gVCF) also in blocks where the reads
    say that it does not, by depth. What is in neither was not covered.
    """
    piled, raw = Path("piled.bcf"), Path("raw.bcf")
    annotations = "FORMAT/AD,FORMAT/DP,INFO/AD"
    pileup = ["--no-version", "-q", str(LEAST_MAPPING_QUALITY), "-d", str(DEEPEST), "-a", annotations, "-f", str(reference)]
    bcftools.mpileup("-Ob1", "-o", str(piled), *pileup, str(alignments), catch_stdout=False)
    bcftools.call("--no-version", "-mv", "-a", "GQ", "-Ob1", "-o", str(raw), str(piled), catch_stdout=False)
    normal = ["--no-version", "-m", "-any", "-f", str(reference), "-Oz", "-o", str(variants), str(raw)]
    bcftools.norm(*normal, catch_stdout=False)
    blocks = ["--no-version", "-m", "-a", "GQ", "--gvcf", DEPTHS, "-Ob1", "-o", str(raw), str(piled)]
    bcftools.call(*blocks, catch_stdout=False)
    bcftools.norm("--no-version", "-f", str(reference), "-Oz", "-o", str(genomic), str(raw), catch_stdout=False)
    for path in (variants, genomic):
        pysam.tabix_index(str(path), preset="vcf", force=True)
    piled.unlink()
    raw.unlink()


def by_name(quality: Quality) -> dict[str, float]:
    """The figures by their names in the contract; a figure that is zero is there too."""
    return {field.name: getattr(quality, field.name) for field in quality.DESCRIPTOR.fields}
