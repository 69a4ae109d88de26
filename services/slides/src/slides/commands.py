"""`casepath slide`: the stage alone, without a broker, on a user's own file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from casepath.intake.v1.order_pb2 import OrderPlaced, Specimen
from casepath.slides.v1.frames_pb2 import SlideHeader, UploadSlideRequest
from casepath.slides.v1.frames_pb2_grpc import SlideServiceStub
from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_NO_MICRONS_PER_PIXEL, ImageFlavor
from chassis.asking import trusts
from chassis.calls import Identity, connected_blocking
from chassis.errors import Misconfigured, Rejected
from chassis.grpc_errors import answers_of
from chassis.objects import digest
from slides.inbox import CHUNK
from slides.quarantine import Quarantined

# Outside a deployment there is no secret to derive UIDs from, and no patient whose ids they would be.
STANDALONE = UUID("9f0f5ad2-7f3c-5d1e-8a43-3a0f6f0a6f2b")


@click.group()
def slide() -> None:
    """Whole-slide images."""


@slide.command()
@click.argument("source", metavar="SLIDE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the DICOM files; new or empty."
)
@click.option("--accession", default="", help="Accession number to write.")
@click.option("--slide", "slide_id", default="", help="Container identifier to write: the barcode on the glass.")
@click.option(
    "--microns-per-pixel", type=click.FloatRange(0, 1000, min_open=True), help="Pixel size, where the file does not say it."
)
@click.option("--json", "as_json", is_flag=True, help="Print the instances as JSON.")
def convert(source: Path, out: Path, accession: str, slide_id: str, microns_per_pixel: float | None, as_json: bool) -> None:
    """Convert SLIDE to DICOM whole-slide instances without re-encoding its tiles."""
    from slides.adapters.dicomizer import Conversion
    from slides.adapters.dicomizer import convert as run

    if out.exists() and any(out.iterdir()):
        raise Misconfigured(f"{out} is not empty: name a new folder with --out")
    sha256, _ = digest(source)
    work = Conversion(
        sources=(source,),
        out=out,
        identity=STANDALONE,
        name=sha256,
        slide_id=slide_id,
        order=OrderPlaced(accession=accession).SerializeToString(),
        specimen=Specimen().SerializeToString(),
        microns_per_pixel=microns_per_pixel,
    )
    try:
        converted = run(work)
    except Quarantined as error:
        if error.reason == QUARANTINE_REASON_NO_MICRONS_PER_PIXEL:
            raise Rejected("the file does not say how large a pixel is; ask, and give it with --microns-per-pixel N") from None
        raise
    rows: list[dict[str, Any]] = [
        {
            "file": str(instance.path),
            "flavor": ImageFlavor.Name(instance.flavor).removeprefix("IMAGE_FLAVOR_").lower(),
            "frames": instance.frames,
            "frame": [instance.rows, instance.columns],
            "matrix": [instance.total_rows, instance.total_columns],
            "microns_per_pixel": instance.microns_per_pixel,
            "transfer_syntax_uid": instance.transfer_syntax_uid,
            "sop_instance_uid": instance.sop_instance_uid,
        }
        for instance in converted.instances
    ]
    if as_json:
        click.echo(json.dumps({"source_format": converted.vendor, "instances": rows}, indent=2))
        return
    for row in rows:
        click.echo(f"{row['flavor']:9} {row['matrix'][1]} x {row['matrix'][0]}, {row['frames']} frames  {row['file']}")


@slide.command()
@click.argument("source", metavar="SLIDE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--accession", required=True, help="Accession number of its order.")
@click.option("--slide", "slide_id", required=True, help="Container identifier: the barcode on the glass.")
@click.option(
    "--microns-per-pixel", type=click.FloatRange(0, 1000, min_open=True), help="Pixel size, where the file does not say it."
)
@click.option("--slides", envvar="CASEPATH_SLIDES_ADDRESS", default="127.0.0.1:18052", show_default=True, help="gRPC host:port.")
@click.option(
    "--token-file",
    envvar="CASEPATH_TOKEN_FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with a token that may send scans (casepath account token).",
)
@trusts
def upload(
    source: Path,
    accession: str,
    slide_id: str,
    microns_per_pixel: float | None,
    slides: str,
    token_file: Path,
    identity: Identity | None,
) -> None:
    """Send SLIDE to the platform over gRPC. Sending it again changes nothing."""
    sha256, size = digest(source)
    header = SlideHeader(
        accession=accession,
        slide_id=slide_id,
        suffix=source.suffix,
        sha256=sha256,
        microns_per_pixel=microns_per_pixel or 0,
    )
    with click.progressbar(length=size, label="sending", file=click.get_text_stream("stderr")) as bar:

        def requests() -> Iterator[UploadSlideRequest]:
            yield UploadSlideRequest(header=header)
            with source.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield UploadSlideRequest(chunk=chunk)
                    bar.update(len(chunk))

        scan = sent(slides, identity, token_file.read_text().strip(), requests())
    click.echo(scan)


def sent(address: str, identity: Identity | None, token: str, requests: Iterator[UploadSlideRequest]) -> str:
    """Over gRPC's blocking stub: of a call that is refused while it still sends, the asynchronous one may say INTERNAL alone."""
    with connected_blocking(address, "slides", identity) as channel:
        stub = SlideServiceStub(channel)
        with answers_of(f"slides at {address}"):
            return stub.UploadSlide(requests, metadata=(("authorization", f"Bearer {token}"),)).scan_id
