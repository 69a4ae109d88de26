"""Each scanner format: carried over bit for bit, or encoded anew, as the README's table says."""

import io
import subprocess
from pathlib import Path
from uuid import UUID

import numpy as np
import openslide
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom.encaps import generate_frames
from stages.constructed_slides import FORMATS, MICRONS_PER_PIXEL, levels
from stages.slide_archive import archive_at
from wsidicom import WsiDicom

import examples
from casepath.slides.v1.slide_pb2 import (
    IMAGE_FLAVOR_OVERVIEW,
    IMAGE_FLAVOR_VOLUME,
    QUARANTINE_REASON_NO_MICRONS_PER_PIXEL,
    SlideIngested,
)
from slides.adapters.dicomizer import Conversion, Converted, WrittenInstance, convert
from slides.quarantine import Quarantined
from slides.scans import scans

LOSSLESS = ("philips", "leica")
ENCODED_ANEW = ("generic", "trestle", "mirax", "virtual microscope", "ventana", "zeiss")


def converted(name: str, folder: Path) -> tuple[Path, Converted]:
    make, suffix = FORMATS[name]
    source = make(folder / f"slide{suffix}")
    return source, convert(Conversion((source,), folder / "out", UUID(int=1), "n", "A1"))


def finest(found: Converted) -> WrittenInstance:
    return max(found.instances, key=lambda one: one.total_columns)


def frames(instance: WrittenInstance) -> list[bytes]:
    dataset = pydicom.dcmread(instance.path)
    return list(generate_frames(dataset.PixelData, number_of_frames=instance.frames))


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_its_scale_and_its_levels_are_known(name: str, tmp_path: Path) -> None:
    _, found = converted(name, tmp_path)
    assert finest(found).microns_per_pixel == pytest.approx(MICRONS_PER_PIXEL)
    sizes = sorted((one.total_columns for one in found.instances if one.flavor == IMAGE_FLAVOR_VOLUME), reverse=True)
    assert sizes == [sizes[0] // 2**number for number in range(len(sizes))]
    assert found.instances[0].index.metadata


@pytest.mark.parametrize("name", FORMATS)
def test_dciodvfy_finds_no_error(name: str, tmp_path: Path) -> None:
    for instance in converted(name, tmp_path)[1].instances:
        told = subprocess.run(["dciodvfy", instance.path], capture_output=True, text=True, check=False).stderr
        assert "VLWholeSlideMicroscopyImage" in told
        assert [line for line in told.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("name", LOSSLESS)
def test_tiles_are_carried_over_bit_for_bit(name: str, tmp_path: Path) -> None:
    source, found = converted(name, tmp_path)
    stored = frames(finest(found))
    with tifffile.TiffFile(source) as tiff, source.open("rb") as file:
        page = tiff.pages.first
        assert len(stored) == len(page.dataoffsets)
        for frame, offset, count in zip(stored, page.dataoffsets, page.databytecounts, strict=True):
            file.seek(offset)
            # Past the header of the scan, which names the components, the coded data is the same.
            assert file.read(count).partition(b"\xff\xda")[2][12:] in frame


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_pixel_is_that_of_openslide(name: str, tmp_path: Path) -> None:
    source, found = converted(name, tmp_path)
    level = finest(found)
    with openslide.OpenSlide(source) as slide, WsiDicom.open(level.path) as stored:
        left, top = (int(slide.properties.get(f"openslide.bounds-{axis}", 0)) for axis in ("x", "y"))
        size = level.total_columns, level.total_rows
        theirs = np.asarray(slide.read_region((left, top), 0, size).convert("RGB"))
        ours = np.asarray(stored.read_region((0, 0), 0, size).convert("RGB"))
    assert np.array_equal(ours, theirs)


def test_an_ndpis_one_jpeg_is_cut_into_tiles_without_decoding(tmp_path: Path) -> None:
    """Its coded blocks stay as they are: at the edges alone does colour, which is stored coarser, meet other neighbours."""
    source, found = converted("hamamatsu", tmp_path)
    level = finest(found)
    with openslide.OpenSlide(source) as slide:
        for number, frame in enumerate(frames(level)):
            with Image.open(io.BytesIO(frame)) as tile:
                ours = np.asarray(tile.convert("RGB"))
            place = number % 2 * level.columns, number // 2 * level.rows
            theirs = np.asarray(slide.read_region(place, 0, (level.columns, level.rows)).convert("RGB"))
            inside = np.s_[: min(level.rows, 768 - place[1]), 2:-2]
            assert np.array_equal(ours[inside], theirs[inside])


@pytest.mark.parametrize("name", ENCODED_ANEW)
def test_what_is_encoded_anew_looks_the_same_and_says_so(name: str, tmp_path: Path) -> None:
    source, found = converted(name, tmp_path)
    level = finest(found)
    region = (0, 0), 0, (level.total_columns, level.total_rows)
    with openslide.OpenSlide(source) as slide, WsiDicom.open(level.path) as stored:
        theirs = np.asarray(slide.read_region(*region).convert("RGB"), np.int16)
        ours = np.asarray(stored.read_region(*region).convert("RGB"), np.int16)
    assert np.abs(ours - theirs).mean() < 5
    dataset = pydicom.dcmread(level.path, stop_before_pixels=True)
    assert dataset.LossyImageCompression == "01"


def test_a_level_that_openslide_made_up_is_not_said_to_be_the_scanners(tmp_path: Path) -> None:
    _, found = converted("virtual microscope", tmp_path)
    made = {
        one.total_columns: "DerivationDescription" in pydicom.dcmread(one.path, stop_before_pixels=True)
        for one in found.instances
    }
    assert made == {1024: False, 512: False, 256: True, 128: True, 64: True}


def test_the_picture_of_a_ventana_slide_with_its_label_is_kept_apart(tmp_path: Path) -> None:
    _, found = converted("ventana", tmp_path)
    assert [one.flavor for one in found.instances if one.flavor != IMAGE_FLAVOR_VOLUME] == [IMAGE_FLAVOR_OVERVIEW]


async def test_a_slide_of_many_files_is_ingested_and_leaves_as_one(tmp_path: Path) -> None:
    make, suffix = FORMATS["mirax"]
    async with archive_at(tmp_path) as archive:
        incoming = archive.ingestion.area.incoming
        make(incoming / f"{examples.ACCESSION}_A1{suffix}")
        (scan,) = scans(incoming, [path for path in incoming.rglob("*") if path.is_file()])
        await archive.ingestion.take(scan)
        slide = SlideIngested.FromString(archive.publisher.records[-1].value)
        assert (slide.slide_id, slide.source_format) == ("A1", "mirax")
        assert list(incoming.iterdir()) == []


def test_a_pixel_that_no_microscope_has_is_asked_about(tmp_path: Path) -> None:
    """A TIFF that states pixels a centimetre where its format means micrometres would be 20 mm a pixel."""
    path = tmp_path / "slide.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(
            levels()[0],
            tile=(256, 256),
            photometric="rgb",
            compression="jpeg",
            resolution=(20000, 20000),
            software="MedScan 2.0",
            description="Background Color=FFFFFF;Objective Power=20;OverlapsXY= 0 0",
            metadata=None,
        )
    with pytest.raises(Quarantined) as caught:
        convert(Conversion((path,), tmp_path / "out", UUID(int=1), "n", "A1"))
    assert caught.value.reason == QUARANTINE_REASON_NO_MICRONS_PER_PIXEL
