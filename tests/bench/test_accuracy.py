"""F1 against NIST's truth by RTG Tools' vcfeval (Cleary et al. 2015): ours and the bare tools on the same reads, both engines."""

import gzip
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pysam
import pytest
from pysam import samtools

from bench.bare_chain import ALIGN, BCFTOOLS, GATK, environment
from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS, ENGINE_GATK, Engine
from embedded import samples
from embedded.java import gatk_jars
from sequencing.computations import Grain, engine_name
from sequencing.local import Request, compute

DATA = Path(__file__).parents[1] / "data" / "sequencing"
FINE = Grain(chunk_pairs=1000, shard_bases=300_000)
KINDS = ("snp", "non_snp")


@dataclass(frozen=True, slots=True)
class TruthSet:
    """Reads of NA12878, and what NIST says of the region; `confident` is None where the truth covers all of the reference."""

    name: str
    reference: Path
    pair: tuple[Path, Path]
    truth: Path
    confident: Path | None


@dataclass(frozen=True, slots=True)
class Agreement:
    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def f1(self) -> float:
        doubled = 2 * self.true_positives
        wrong = self.false_positives + self.false_negatives
        return doubled / (doubled + wrong) if doubled + wrong else float("nan")


@pytest.fixture(scope="session")
def rtg() -> list[str]:
    """The command of RTG Tools 3.12 or later."""
    classpath = os.environ.get("RTG_CLASSPATH")
    if not classpath:
        pytest.fail("RTG_CLASSPATH is not set: build RTG Tools from its source, or unpack its release, and name its jars")
    return ["java", "-Xmx1g", "-cp", classpath, "com.rtg.RtgTools"]


@pytest.fixture(params=["chromosome 20", "chromosome 22"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> TruthSet:
    if request.param == "chromosome 20":
        confident = DATA / "confident.bed"
        return TruthSet(request.param, samples.REFERENCE, samples.READS, DATA / "truth.vcf.gz", confident)
    tiny = DATA / "chr22-tiny"
    pair = tmp_path / "1.fq.gz", tmp_path / "2.fq.gz"
    by_name = tmp_path / "by-name.bam"
    samtools.collate("-o", str(by_name), str(tiny / "reads.bam"), catch_stdout=False)
    given = ["-1", str(pair[0]), "-2", str(pair[1]), "-0", "/dev/null", "-s", "/dev/null", "-n"]
    samtools.fastq(*given, str(by_name), catch_stdout=False)
    return TruthSet(request.param, tiny / "reference.fa", pair, tiny / "truth.vcf.gz", None)


@pytest.mark.parametrize("engine", [ENGINE_BCFTOOLS, ENGINE_GATK])
def test_f1_is_that_of_the_bare_tools(rtg: list[str], known: TruthSet, engine: Engine, tmp_path: Path) -> None:
    jars = gatk_jars(print) if engine == ENGINE_GATK else None
    made = compute(
        Request([known.pair], (), known.reference, "NA12878", tmp_path / "ours", engine, 2, 1, FINE, jars), lambda *_: None
    )
    chain = ALIGN + (GATK if engine == ENGINE_GATK else BCFTOOLS)
    named = {**os.environ, **environment(known.reference, known.pair, tmp_path), "GATK_JARS": str(jars)}
    subprocess.run(["bash", "-c", chain], cwd=tmp_path, env=named, check=True, capture_output=True)
    ours = compared(rtg, known, made.variants, tmp_path)
    bare = compared(rtg, known, tmp_path / "bare.vcf.gz", tmp_path)
    print(f"\n{known.name}, {engine_name(engine)}: true positives / false positives / false negatives, F1")
    for kind in KINDS:
        for who, found in (("casepath", ours[kind]), ("bare tools", bare[kind])):
            counts = f"{found.true_positives} / {found.false_positives} / {found.false_negatives}"
            print(f"  {kind:8} {who:11} {counts:14} {found.f1:.4f}")
    assert ours == bare


def compared(rtg: list[str], known: TruthSet, calls: Path, folder: Path) -> Mapping[str, Agreement]:
    """By kind of variant. Genotypes must agree; every call counts, whatever its quality."""
    template, out = folder / "template.sdf", folder / "compared"
    shutil.rmtree(out, ignore_errors=True)
    if not template.exists():
        subprocess.run([*rtg, "format", "-o", template, known.reference], check=True, capture_output=True)
    truth = Path(shutil.copy(known.truth, folder / "truth.vcf.gz"))
    pysam.tabix_index(str(truth), preset="vcf", force=True)
    where: list[str | Path] = ["-e", known.confident] if known.confident else []
    given: list[str | Path] = ["-b", truth, "-c", calls, "-t", template, "-o", out]
    subprocess.run([*rtg, "vcfeval", *given, *where, "--vcf-score-field=QUAL"], check=True, capture_output=True)
    return {kind: agreement(out / f"{kind}_roc.tsv.gz") for kind in KINDS}


def agreement(curve: Path) -> Agreement:
    """The last point of the curve, where every call counts."""
    with gzip.open(curve, "rt") as file:
        lines = file.read().splitlines()
    (total,) = (line.split()[-1] for line in lines if line.startswith("#total baseline variants"))
    _, found, false_positives, *_ = lines[-1].split("\t") if not lines[-1].startswith("#") else ("", "0", "0")
    right = round(float(found))
    return Agreement(right, round(float(false_positives)), int(total) - right)
