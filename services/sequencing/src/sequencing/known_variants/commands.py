"""`casepath variants snapshot` and `casepath variants annotate`: what knowledge bases say of variants."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import click
from google.protobuf.json_format import MessageToDict

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("download", type=FILE)
@click.option("--reference", required=True, type=FILE, metavar="FASTA", help="Reference genome that the download is on.")
@click.option("--genes", type=FILE, help="File of gene symbols, one a line: only they are loaded. All without.")
@click.option("--into", required=True, type=FOLDER, help="Folder of snapshots (CASEPATH_SNAPSHOTS).")
def snapshot(download: Path, reference: Path, genes: Path | None, into: Path) -> None:
    """Load DOWNLOAD, a VCF of ClinVar (GRCh37 or GRCh38) or of CIViC (GRCh37), as a dated snapshot.

    Its bases are checked against the reference, and its variants normalised. A snapshot is not changed afterwards. Name the genes
    that your laboratory may report on: what is not loaded is not shown.
    """
    from sequencing.known_variants.snapshots import load
    from sequencing.references import of_file

    names = [line.strip() for line in genes.read_text().splitlines() if line.strip()] if genes else []
    with TemporaryDirectory() as indexes:
        found = load(download, of_file(reference), Path(indexes), names, into)
    about = found.about
    click.echo(f"{about.source} {about.release} on {about.reference}: {about.records} records in {found.folder}")
    left = {"of other genes": found.of_other_genes, "on other contigs": found.elsewhere, "without usable bases": found.unusable}
    for why, count in left.items():
        if count:
            click.echo(f"left out: {count} {why}", err=True)


@click.command()
@click.argument("vcf", type=FILE)
@click.option("--snapshots", required=True, envvar="CASEPATH_SNAPSHOTS", type=FOLDER, help="Folder of snapshots.")
@click.option("--reference", required=True, type=FILE, metavar="FASTA", help="Reference genome of the file and the snapshots.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Page to write: .html or .pdf.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Of the page.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def annotate(vcf: Path, snapshots: Path, reference: Path, out: Path | None, language: Literal["en", "fr"], as_json: bool) -> None:
    """Look the variants of VCF, of one sample, up in snapshots of ClinVar and CIViC, and quote what they say.

    What is not found is not thereby harmless: it may be unknown, not covered, or in a gene that was not loaded.
    """
    from chassis.notable_variants import notable
    from sequencing.known_variants.lookup import looked_up
    from sequencing.known_variants.page import page
    from sequencing.known_variants.snapshots import snapshots_in
    from sequencing.pharmacogenomics.page import Subject
    from sequencing.pharmacogenomics.printing import printed
    from sequencing.references import References, of_file

    given = of_file(reference)
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        loaded = snapshots_in(snapshots, References({given.name: given}))
        found = looked_up(vcf, loaded, scratch / "indexes", scratch)
    if out:
        html = page(found, Subject(sample=vcf.name.split(".")[0]), language)
        out.write_bytes(printed(html) if out.suffix == ".pdf" else html.encode())
    if as_json:
        said = [MessageToDict(one, preserving_proto_field_name=True) for one in found.variants]
        of = [MessageToDict(one, preserving_proto_field_name=True) for one in found.snapshots]
        click.echo(json.dumps({"snapshots": of, "looked_up": found.looked_up, "known": said}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{found.looked_up} variants looked up, {len(found.variants)} known")
    for one in found.variants:
        if notable(one.statements):
            click.echo(f"{one.contig}:{one.position} {one.reference_bases}>{one.alternate_bases}  {one.genotype}")
            for said_ in one.statements:
                told = "; ".join(filter(None, [", ".join(said_.therapies), ", ".join(said_.conditions), said_.review]))
                click.echo(f"    {said_.source} {said_.release} {said_.accession}: {said_.significance} ({told})")
