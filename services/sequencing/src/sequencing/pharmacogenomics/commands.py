"""`casepath pgx`: which alleles a patient has, and which drugs and doses suit them, from a VCF alone."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from uuid import UUID

import click

from chassis.asking_kafka import keys_option
from chassis.encryption import Encryption
from sequencing.pharmacogenomics.outside_calls import read_outside
from sequencing.pharmacogenomics.report import GeneResult, Report

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_LABELS = 5


@click.group()
def pgx() -> None:
    """Pharmacogenomics."""


@pgx.command()
@click.argument("vcf", type=FILE)
@click.option("--outside-calls", type=FILE, help="TSV of gene, diplotype, and, where known, phenotype and activity score.")
@click.option("--sample", default="", help="Which sample, where the file has several.")
@click.option("--drug", "drugs", multiple=True, help="Only advice for this drug; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def call(vcf: Path, outside_calls: Path | None, sample: str, drugs: tuple[str, ...], as_json: bool) -> None:
    """Match the genotypes in VCF (or a gVCF, GRCh38) with named alleles, and quote what guidelines say for each drug.

    A position that the file does not have was not genotyped: it is never taken for the reference. For a decision in care a
    pharmacist or physician reads the guideline itself.
    """
    from sequencing.pharmacogenomics.report import reported
    from sequencing.pharmacogenomics.variant_file import read_genotypes

    found = reported(read_genotypes(vcf, sample), read_outside(outside_calls) if outside_calls else ())
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
        return
    for one in found.genes:
        click.echo(gene_line(one))
    click.echo()
    show_advice(found, {name.lower() for name in drugs})


@pgx.command()
@click.argument("vcf", type=FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write: .html or .pdf.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--outside-calls", type=FILE, help="TSV of gene, diplotype, and, where known, phenotype and activity score.")
@click.option("--sample", default="", help="Which sample, where the file has several.")
def page(vcf: Path, out: Path, language: Literal["en", "fr"], outside_calls: Path | None, sample: str) -> None:
    """Write a treatment page, drug by drug, to read or to print. Guidelines are quoted in English, as published."""
    from sequencing.pharmacogenomics.page import Subject
    from sequencing.pharmacogenomics.page import page as written
    from sequencing.pharmacogenomics.printing import printed
    from sequencing.pharmacogenomics.report import reported
    from sequencing.pharmacogenomics.variant_file import read_genotypes

    genotypes = read_genotypes(vcf, sample)
    found = reported(genotypes, read_outside(outside_calls) if outside_calls else ())
    html = written(found, Subject(genotypes.sample), language)
    if out.suffix == ".pdf":
        out.write_bytes(printed(html))
    else:
        out.write_text(html)
    click.echo(out)


@pgx.command()
@click.option(
    "--objects", required=True, envvar="CASEPATH_OBJECTS", help="Object store of the platform, file:///folder or s3://…"
)
@click.option("--namespace", required=True, envvar="CASEPATH_NAMESPACE", type=click.UUID, help="Of the platform.")
@keys_option
def affected(objects: str, namespace: UUID, encryption: Encryption | None) -> None:
    """List the cases whose reports would say otherwise by the tables of now, with the drugs; change nothing.

    CASEPATH_PHARMACOGENE_TABLES names tables to try. The service issues these reports again when it starts with them.
    """
    count = asyncio.run(listed(objects, namespace, encryption))
    click.echo(f"{count} reports would say otherwise", err=True)


async def listed(url: str, namespace: UUID, encryption: Encryption | None) -> int:
    from chassis.isolated import Isolated
    from chassis.objects import Objects
    from chassis.orders import ShelvedOrders
    from sequencing.pharmacogenomics.issuing import Issuing
    from sequencing.pharmacogenomics.reissue import affected

    store, count = Objects.at(url, encryption), 0
    with Isolated() as process, TemporaryDirectory() as scratch:
        issuing = Issuing(store, ShelvedOrders(store, "sequencing", namespace), process, Path(scratch))
        async for one in affected(issuing):
            if one.message is not None:
                count += 1
                drugs = ", ".join(drug.name for drug in one.message.amended_drugs)
                click.echo(f"{one.source.case_id}  {drugs or 'genes alone'}")
    return count


def gene_line(one: GeneResult) -> str:
    match = one.match
    if match.components:
        said = f"{', '.join(match.components)} (phase not known)"
    elif match.diplotypes:
        said = " or ".join(each.name for each in match.best)
    else:
        said = f"not called: {match.reason}"
    told = [f"{one.gene:8} {said}"]
    told += [
        f"{each.result}{f' (activity score {each.activity_score})' if each.activity_score else ''}" for each in one.phenotypes
    ]
    if match.missing and one.called:
        told.append(f"{len(match.missing)} positions not genotyped: {some(match.missing)}")
    if match.not_excluded and one.called:
        told.append(f"does not exclude {some(match.not_excluded)}")
    return "; ".join(told)


def some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_LABELS]) + (f" and {len(names) - MOST_LABELS} more" if len(names) > MOST_LABELS else "")


def show_advice(found: Report, drugs: set[str]) -> None:
    for one in found.advice:
        if (drugs and not drugs & {name.lower() for name in one.drugs}) or not (one.changes or drugs):
            continue
        because = ", ".join(f"{gene} {result}" for gene, result in one.because.items())
        strength = f", {one.strength}" if one.strength else ""
        click.echo(f"{', '.join(one.drugs)} ({one.source}{strength}; {one.population}): {because}")
        for line in one.text.splitlines():
            click.echo(f"    {line}")
        for gene, alleles in one.not_excluded.items():
            click.echo(f"    NOT TESTED in {gene}: {some(alleles)}; with one of them this advice may be wrong.")
    open_ = [(left, needs) for left, needs in found.unanswered if not drugs or drugs & {name.lower() for name in left.drugs}]
    if open_:
        click.echo("\nNo advice, since a gene is not told:")
        for left, needs in open_:
            click.echo(f"    {', '.join(left.drugs)} ({left.source}): {', '.join(needs)}")
