"""`casepath variants`: the pipeline alone, without a broker, on a user's own files."""

import json
import sys
from collections import Counter
from pathlib import Path

import click
from google.protobuf.json_format import MessageToDict

from chassis.errors import Misconfigured
from sequencing.known_variants.commands import annotate, snapshot

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STAGES = ("split", "align", "call", "join")


@click.group()
def variants() -> None:
    """Reads to variants."""


@variants.command()
@click.option(
    "--reads",
    multiple=True,
    nargs=2,
    type=FILE,
    metavar="R1 R2",
    help="FASTQ files of a pair, gzip or plain; once for each lane.",
)
@click.option("--alignments", multiple=True, type=FILE, metavar="BAM|CRAM", help="Alignments, to be aligned again.")
@click.option("--reference", required=True, type=FILE, metavar="FASTA", help="Reference genome.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results: new, empty, or of a call that was interrupted, which goes on.",
)
@click.option("--sample", default="sample", show_default=True, help="Sample name in BAM and VCF.")
@click.option("--engine", type=click.Choice(["bcftools", "gatk"]), default="bcftools", show_default=True, help="What calls.")
@click.option(
    "--gatk",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="CASEPATH_GATK",
    help="Folder with GATK's jars, as `casepath prepare --gatk` names it.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that work at once.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Of one process, while it aligns.")
@click.option("--json", "as_json", is_flag=True, help="Print the quality figures as JSON.")
def call(
    reads: tuple[tuple[Path, Path], ...],
    alignments: tuple[Path, ...],
    reference: Path,
    out: Path,
    sample: str,
    engine: str,
    gatk: Path | None,
    workers: int,
    threads: int,
    as_json: bool,
) -> None:
    """Align reads, mark duplicates, call variants and normalise them.

    The bytes of the results do not depend on the number of workers, and are those of the platform. Quality is in quality.json, in
    quality.en.html and quality.fr.html, and in *_mqc.json for MultiQC.
    """
    from sequencing.computations import engine_named
    from sequencing.local import WORK, Request, compute
    from sequencing.quality import Thresholds, shortfalls
    from sequencing.quality_page import quality_files

    if not reads and not alignments:
        raise Misconfigured("name what to call: --reads R1 R2, or --alignments FILE")
    if out.exists() and any(path.name != WORK for path in out.iterdir()):
        raise Misconfigured(f"{out} is not empty: name a new folder with --out")
    request = Request(
        pairs=reads,
        alignments=alignments,
        reference=reference,
        sample=sample,
        out=out,
        engine=engine_named(engine),
        workers=workers,
        threads=threads,
        gatk=gatk.absolute() if gatk else None,
    )
    made = compute(request, progress if sys.stderr.isatty() else silent)
    quality = made.result.quality
    figures = MessageToDict(quality, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    (out / "quality.json").write_text(json.dumps(figures, indent=2) + "\n")
    failed = shortfalls(quality, made.result.figures, Thresholds())
    for name, content in quality_files(made.computation, made.result, Thresholds(), failed).items():
        (out / name).write_bytes(content)
    if as_json:
        files = {"alignments": str(made.alignments), "variants": str(made.variants), "gvcf": str(made.genomic_variants)}
        click.echo(json.dumps({**files, "tools": list(made.computation.tools), "quality": figures}, indent=2))
        return
    click.echo(f"{quality.reads} reads, {quality.mapped_reads} mapped, {quality.duplicate_reads} duplicates")
    click.echo(f"mean coverage {quality.mean_coverage:.1f}x, Q30 {quality.q30_fraction:.1%}, insert {quality.median_insert_size}")
    click.echo(f"{quality.snps} SNPs, {quality.indels} indels, Ti/Tv {quality.transition_transversion_ratio:.2f}")
    click.echo(str(made.variants))


def progress(finished: Counter[str], begun: Counter[str]) -> None:
    line = ", ".join(f"{stage} {finished[stage]} of {begun[stage]}" for stage in STAGES if begun[stage])
    click.echo(f"\r\033[K{line}", nl=finished["join"] > 0, err=True)


def silent(finished: Counter[str], begun: Counter[str]) -> None:
    return


variants.add_command(snapshot)
variants.add_command(annotate)
