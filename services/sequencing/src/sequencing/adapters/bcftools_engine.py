"""Calling by bcftools (Li 2011; Danecek et al. 2021).

Each position is called from the reads over it alone, so a shard needs no others.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pysam
import pysam.version
from pysam import bcftools

from casepath.sequencing.v1.calling_pb2 import Shard
from sequencing.adapters.reference_index import IndexedReference

# Reads deeper than this at one position are sampled by bcftools mpileup.
DEEPEST = 1000
LEAST_MAPPING_QUALITY = 1
# A block of the gVCF ends where the depth comes to another of these ranges.
DEPTHS = "1,5,10,20"
ANNOTATIONS = "FORMAT/AD,FORMAT/DP,INFO/AD"


class Bcftools:
    """bcftools mpileup, call and norm, from pysam."""

    def versions(self) -> tuple[str, ...]:
        return (f"bcftools {pysam.version.__bcftools_version__}",)

    def call(self, alignments: Path, shard: Shard, reference: IndexedReference, scratch: Path) -> list[Path]:
        """BCF with every variant, and between them blocks of what is as the reference, by depth (gVCF)."""
        piled, called = scratch / "piled.bcf", scratch / "called.bcf"
        options = ["--no-version", "-q", str(LEAST_MAPPING_QUALITY), "-d", str(DEEPEST), "-a", ANNOTATIONS, "-Ou"]
        target = [f"-t{one.contig}:{one.start + 1}-{one.end}" for one in shard.intervals if not one.whole]
        # bcftools writes the reference's path, as it was given, into the header: give one that says nothing of this machine.
        with contextlib.chdir(reference.folder):
            named = ["-f", reference.fasta.name]
            bcftools.mpileup(*options, *target, *named, "-o", str(piled), str(alignments), catch_stdout=False)
        blocks = ["--no-version", "-m", "-a", "GQ", "--gvcf", DEPTHS]
        bcftools.call(*blocks, "-Ob1", "-o", str(called), str(piled), catch_stdout=False)
        piled.unlink()
        return [called]

    def join(self, parts: Sequence[Sequence[Path]], reference: IndexedReference, variants: Path, genomic: Path) -> None:
        """What differs from the reference, left-aligned; and the gVCF, in which what is missing was not covered."""
        joined, differing = variants.with_name("joined.bcf"), variants.with_name("differing.bcf")
        bcftools.concat("--naive", "-o", str(joined), *(str(called) for (called,) in parts), catch_stdout=False)
        normal = ["--no-version", "-f", str(reference.fasta), "-Oz"]
        bcftools.norm(*normal, "-o", str(genomic), str(joined), catch_stdout=False)
        bcftools.view("--no-version", "-e", "N_ALT=0", "-Ou", "-o", str(differing), str(joined), catch_stdout=False)
        bcftools.norm(*normal, "-m", "-any", "-o", str(variants), str(differing), catch_stdout=False)
        for path in (variants, genomic):
            pysam.tabix_index(str(path), preset="vcf", force=True)
        joined.unlink()
        differing.unlink()
