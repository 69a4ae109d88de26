import struct
import subprocess
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import numpy as np
import openslide
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit

import examples
from casepath.slides.v1.slide_pb2 import (
    IMAGE_FLAVOR_LABEL,
    IMAGE_FLAVOR_VOLUME,
    QUARANTINE_REASON_BAD_FRAMES,
    QUARANTINE_REASON_NO_MICRONS_PER_PIXEL,
    QUARANTINE_REASON_NOT_A_SLIDE,
    QUARANTINE_REASON_OTHER_IDENTITY,
    QUARANTINE_REASON_TRUNCATED,
    QuarantineReason,
)
from embedded import samples
from slides.adapters.bounded_target import TilesOnDisk
from slides.adapters.dicomizer import Conversion, Converted, WrittenInstance, convert
from slides.adapters.frames import check_frames
from slides.adapters.levels import color_model
from slides.quarantine import Quarantined

DATA = Path(__file__).parents[1] / "data" / "slides"
JPEG2000_SVS = DATA / "jpeg2000-no-mpp.svs"
DICOM = DATA / "lossless-jpeg2000.dcm"
IDENTITY = UUID("7c9b1d3a-0f43-4f0e-9f57-7a1f6a4a9b11")


def converted(source: Path, out: Path, microns: float | None = None) -> Converted:
    order = examples.order()
    return convert(
        Conversion(
            sources=(source,),
            out=out,
            identity=IDENTITY,
            name="case|digest",
            slide_id="A1",
            order=order.SerializeToString(),
            specimen=order.services[0].specimens[0].SerializeToString(),
            microns_per_pixel=microns,
        )
    )


def volume(found: Converted) -> WrittenInstance:
    return volumes(found)[0]


def volumes(found: Converted) -> list[WrittenInstance]:
    """Levels, finest first."""
    levels = [instance for instance in found.instances if instance.flavor == IMAGE_FLAVOR_VOLUME]
    return sorted(levels, key=lambda level: level.total_columns, reverse=True)


def frames(path: Path) -> tuple[pydicom.Dataset, list[bytes]]:
    dataset = pydicom.dcmread(path)
    return dataset, list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))


def refused(source: Path, out: Path) -> QuarantineReason:
    with pytest.raises(Quarantined) as caught:
        converted(source, out)
    return caught.value.reason


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    return converted(samples.SLIDE, tmp_path_factory.mktemp("jpeg") / "out")


def test_tiles_of_a_jpeg_svs_are_carried_over_bit_for_bit(jpeg: Converted) -> None:
    dataset, stored = frames(volume(jpeg).path)
    assert dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    with tifffile.TiffFile(samples.SLIDE) as tiff, samples.SLIDE.open("rb") as file:
        page = tiff.pages.first
        for number, (offset, count) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
            file.seek(offset)
            tile = file.read(count)
            # Each frame must carry the tables that the file keeps once, and names its components R, G and B; the coded data
            # is what must not change.
            assert entropy_coded(stored[number]) == entropy_coded(tile), f"frame {number + 1}"


def entropy_coded(jpeg_stream: bytes) -> bytes:
    """What follows the header of the start of scan (ISO/IEC 10918-1, B.2.3), to the end of the image."""
    start = jpeg_stream.index(b"\xff\xda") + 2
    length = int.from_bytes(jpeg_stream[start : start + 2])
    return jpeg_stream[start + length :].rstrip(b"\0")


def test_pixels_decode_to_what_openslide_shows(jpeg: Converted) -> None:
    found = volume(jpeg)
    _, stored = frames(found.path)
    across = -(-found.total_columns // found.columns)
    with openslide.OpenSlide(samples.SLIDE) as slide:
        for number, frame in enumerate(stored):
            left, top = number % across * found.columns, number // across * found.rows
            size = min(found.columns, found.total_columns - left), min(found.rows, found.total_rows - top)
            shown = np.asarray(slide.read_region((left, top), 0, size).convert("RGB"))
            decoded = np.asarray(Image.open(BytesIO(frame)).convert("RGB"))[: size[1], : size[0]]
            assert np.array_equal(shown, decoded), f"frame {number + 1}"


def test_missing_levels_are_made_down_to_a_single_tile(jpeg: Converted) -> None:
    sizes = [(level.total_columns, level.total_rows, level.frames) for level in volumes(jpeg)]
    assert sizes == [(2220, 2967, 130), (1110, 1484, 35), (555, 742, 12), (278, 371, 4), (139, 186, 1)]
    assert [level.microns_per_pixel for level in volumes(jpeg)] == pytest.approx([0.499 * 2**n for n in range(5)])


@pytest.mark.parametrize(("source", "microns"), [(samples.SLIDE, None), (JPEG2000_SVS, 0.25)], ids=["jpeg", "jpeg2000"])
def test_a_made_level_shows_the_slide_and_says_what_it_is(source: Path, microns: float | None, tmp_path: Path) -> None:
    found = converted(source, tmp_path / "out", microns)
    with openslide.OpenSlide(source) as slide:
        own = set(slide.level_dimensions)
        whole = slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")
    made = [level for level in volumes(found) if (level.total_columns, level.total_rows) not in own]
    assert len(made) == 4
    for level in made:
        dataset, stored = frames(level.path)
        assert list(dataset.ImageType) == ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
        assert dataset.LossyImageCompressionMethod[-1] == "ISO_10918_1"
        assert len(dataset.LossyImageCompressionMethod) == len(dataset.LossyImageCompressionRatio) == 2
        assert {color_model(frame) for frame in stored} == {dataset.PhotometricInterpretation} == {"YBR_FULL_422"}
        shown = np.asarray(stitched(level, stored), np.int16)
        wanted = np.asarray(whole.reduce(round(whole.width / level.total_columns)), np.int16)
        assert shown.shape == wanted.shape
        # The last row and column also hold what the scanner's tiles show beyond the slide's edge.
        difference = (shown - wanted)[:-2, :-2]
        assert np.abs(difference.mean(axis=(0, 1))).max() < 1, "the colours are shifted"
        assert np.abs(difference).mean() < 6


def stitched(level: WrittenInstance, stored: list[bytes]) -> Image.Image:
    """The level's picture, put together from its frames; every frame is full-sized."""
    across = -(-level.total_columns // level.columns)
    picture = Image.new("RGB", (level.total_columns, level.total_rows))
    for number, frame in enumerate(stored):
        with Image.open(BytesIO(frame)) as tile:
            assert tile.size == (level.columns, level.rows)
            picture.paste(tile.convert("RGB"), (number % across * level.columns, number // across * level.rows))
    return picture


@pytest.mark.parametrize(("source", "microns"), [(samples.SLIDE, None), (JPEG2000_SVS, 0.25)], ids=["jpeg", "jpeg2000"])
def test_dciodvfy_finds_no_error(source: Path, microns: float | None, tmp_path: Path) -> None:
    for instance in converted(source, tmp_path / "out", microns).instances:
        told = subprocess.run(["dciodvfy", instance.path], capture_output=True, text=True, check=False).stderr
        assert "VLWholeSlideMicroscopyImage" in told
        assert [line for line in told.splitlines() if line.startswith("Error")] == []


def test_the_orders_identifiers_are_in_the_dicom(jpeg: Converted) -> None:
    for instance in jpeg.instances:
        dataset = pydicom.dcmread(instance.path, stop_before_pixels=True)
        assert dataset.AccessionNumber == examples.ACCESSION
        assert dataset.PatientID == "P1"
        assert str(dataset.PatientName) == "Exemple^Zoé"
        assert dataset.ContainerIdentifier == "A1"
        assert dataset.SpecimenDescriptionSequence[0].SpecimenIdentifier == "T1"


def test_label_and_volume_are_instances_of_their_own(jpeg: Converted) -> None:
    flavors = [instance.flavor for instance in jpeg.instances]
    assert flavors.count(IMAGE_FLAVOR_VOLUME) == 5
    assert flavors.count(IMAGE_FLAVOR_LABEL) == 1
    assert volume(jpeg).microns_per_pixel == pytest.approx(0.499)


def test_converting_again_gives_the_same_uids(jpeg: Converted, tmp_path: Path) -> None:
    again = converted(samples.SLIDE, tmp_path / "out")
    assert {i.sop_instance_uid for i in again.instances} == {i.sop_instance_uid for i in jpeg.instances}
    assert volume(again).series_instance_uid == volume(jpeg).series_instance_uid


def test_a_slide_without_microns_per_pixel_is_quarantined_and_taken_once_they_are_given(tmp_path: Path) -> None:
    assert refused(JPEG2000_SVS, tmp_path / "refused") == QUARANTINE_REASON_NO_MICRONS_PER_PIXEL
    found = converted(JPEG2000_SVS, tmp_path / "out", microns=0.25)
    level = volume(found)
    assert level.microns_per_pixel == pytest.approx(0.25)


def test_tiles_of_a_jpeg_2000_svs_are_carried_over_bit_for_bit(tmp_path: Path) -> None:
    found = converted(JPEG2000_SVS, tmp_path / "out", microns=0.25)
    _, stored = frames(volume(found).path)
    with tifffile.TiffFile(JPEG2000_SVS) as tiff, JPEG2000_SVS.open("rb") as file:
        page = tiff.pages.first
        for number, (offset, count) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
            file.seek(offset)
            assert stored[number].rstrip(b"\0") == file.read(count).rstrip(b"\0"), f"frame {number + 1}"


def identified(path: Path, **values: str) -> Path:
    """The DICOM slide as a scanner would send it that knows the order."""
    dataset = pydicom.dcmread(DICOM)
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path


def test_a_dicom_slide_is_taken_byte_for_byte(tmp_path: Path) -> None:
    source = identified(tmp_path / "slide.dcm", PatientID="P1", AccessionNumber=examples.ACCESSION)
    found = converted(source, tmp_path / "out")
    (instance,) = found.instances
    assert instance.path.read_bytes() == source.read_bytes()
    assert instance.transfer_syntax_uid == JPEG2000Lossless
    assert instance.frames == 28


@pytest.mark.parametrize(("patient", "accession"), [("P2", examples.ACCESSION), ("P1", "S26-0002"), ("P2", "")])
def test_a_dicom_slide_of_somebody_else_is_never_filed_under_this_order(tmp_path: Path, patient: str, accession: str) -> None:
    source = identified(tmp_path / "slide.dcm", PatientID=patient, AccessionNumber=accession)
    assert refused(source, tmp_path / "out") == QUARANTINE_REASON_OTHER_IDENTITY


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("source", [samples.SLIDE, DICOM], ids=["svs", "dicom"])
def test_a_truncated_slide_is_quarantined(source: Path, share: float, tmp_path: Path) -> None:
    cut = tmp_path / source.name
    content = source.read_bytes()
    cut.write_bytes(content[: int(len(content) * share)])
    assert refused(cut, tmp_path / "out") == QUARANTINE_REASON_TRUNCATED


@pytest.mark.parametrize("content", [b"", b"not a slide", b"\0" * 4096])
def test_what_is_not_a_slide_is_quarantined(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file.svs"
    file.write_bytes(content)
    assert refused(file, tmp_path / "out") == QUARANTINE_REASON_NOT_A_SLIDE


def test_a_frame_of_another_size_is_found(jpeg: Converted, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(volume(jpeg).path)
    dataset.Rows += 16
    path = tmp_path / "bad.dcm"
    dataset.save_as(path)
    with pytest.raises(Quarantined) as caught:
        check_frames(path)
    assert caught.value.reason == QUARANTINE_REASON_BAD_FRAMES


def test_tiles_that_wait_for_their_row_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that does not grow with the slide hangs on this; wsidicom would keep them in memory."""
    kept: list[TilesOnDisk] = []

    class Watched(TilesOnDisk):
        def __init__(self, file: BinaryIO) -> None:
            super().__init__(file)
            kept.append(self)

    monkeypatch.setattr("slides.adapters.dicomizer.TilesOnDisk", Watched)
    converted(samples.SLIDE, tmp_path / "out")
    (waiting,) = kept
    assert waiting.end > 100_000
    assert waiting.places == {}


def test_directories_that_go_round_have_an_end(tmp_path: Path) -> None:
    path = tmp_path / "loop.svs"
    path.write_bytes(samples.SLIDE.read_bytes())
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        form, first, last = tiff.tiff, tiff.pages[0].offset, tiff.pages[-1].offset
        tiff.filehandle.seek(last)
        (tags,) = struct.unpack(form.tagnoformat, tiff.filehandle.read(form.tagnosize))
        tiff.filehandle.seek(last + form.tagnosize + tags * form.tagsize)
        tiff.filehandle.write(struct.pack(form.offsetformat, first))
    with pytest.raises(Quarantined) as caught:
        convert(Conversion((path,), tmp_path / "out", UUID(int=1), "n", "A1"))
    assert caught.value.reason == QUARANTINE_REASON_NOT_A_SLIDE
