"""`casepath variants`: the stage alone, without a broker, on a user's own files."""

import json
from pathlib import Path

import click

from chassis.errors import Misconfigured

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def variants() -> None:
    """Reads to variants."""


@variants.command()
@click.option("--reads", required=True, nargs=2, type=FILE, metavar="R1 R2", help="FASTQ files of a pair, gzip or plain.")
@click.option("--reference", required=True, type=FILE, metavar="FASTA", help="Reference genome.")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the results; new or empty."
)
@click.option("--sample", default="sample", show_default=True, help="Sample name in BAM and VCF.")
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the quality figures as JSON.")
def call(reads: tuple[Path, Path], reference: Path, out: Path, sample: str, threads: int, as_json: bool) -> None:
    """Align a pair of FASTQ files, mark duplicates, call variants and normalise them."""
    from sequencing.adapters.calling import Calling, by_name
    from sequencing.adapters.calling import call as run

    if out.exists() and any(out.iterdir()):
        raise Misconfigured(f"{out} is not empty: name a new folder with --out")
    work = Calling(
        reads=(reads[0].absolute(), reads[1].absolute()),
        reference=reference.absolute(),
        reference_name=reference.stem,
        sample=sample,
        out=out.absolute(),
        threads=threads,
    )
    called = run(work)
    quality = called.figures()
    (out / "quality.json").write_text(json.dumps(by_name(quality), indent=2) + "\n")
    if as_json:
        files = {"alignments": str(called.alignments), "variants": str(called.variants), "gvcf": str(called.genomic_variants)}
        click.echo(json.dumps({**files, "tools": called.tools, "quality": by_name(quality)}, indent=2))
        return
    click.echo(f"{quality.reads} reads, {quality.mapped_reads} mapped, {quality.duplicate_reads} duplicates")
    click.echo(f"mean coverage {quality.mean_coverage:.1f}x, Q30 {quality.q30_fraction:.1%}, insert {quality.median_insert_size}")
    click.echo(f"{quality.snps} SNPs, {quality.indels} indels, Ti/Tv {quality.transition_transversion_ratio:.2f}")
    click.echo(str(called.variants))
