"""Real slides with identities planted wherever one can be: nothing is left, and every pixel stays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from click.testing import CliRunner
from planted_identities import FAMILY, KNOWN, NUMBER, as_bytes, codestream_with_comments, found_in, planted, with_comments
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from wsidicom import WsiDicom

from chassis.errors import Malformed
from deidentification.adapters.dicom_files import COPIED_AT_ONCE, deidentify
from deidentification.dicom import Disguise
from deidentification.dicom_rules import TERMS
from deidentification.pseudonyms import Pseudonyms, Subject
from deidentification.scanner import Identified, Identifier, Scanner
from embedded import samples
from slides.commands import slide

# pydicom warns of what was planted.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

J2K = Path(__file__).parents[1] / "data/slides/lossless-jpeg2000.dcm"
DISGUISE = Disguise(Subject(Pseudonyms(b"k" * 32), "patient"))
NOTHING = Scanner.of([])


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sample slide's levels as DICOM."""
    folder = tmp_path_factory.mktemp("volumes")
    convert_slide(samples.SLIDE, folder)
    return volumes_in(folder)


def volumes_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.dcm")) if header(path).ImageType[2] == "VOLUME"]


def header(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True)


def convert_slide(slide_file: Path, folder: Path) -> None:
    told = CliRunner().invoke(slide, ["convert", str(slide_file), "--out", str(folder)])
    assert told.exit_code == 0, told.output


def frames(file: Path | Dataset) -> list[bytes]:
    made = pydicom.dcmread(file) if isinstance(file, Path) else file
    return [one.rstrip(b"\0") for one in generate_frames(made.PixelData, number_of_frames=int(made.NumberOfFrames))]


def everywhere(source: Path, in_frame: Callable[[bytes], bytes], folder: Path) -> Path:
    """The object with identities in its header, in each of its frames and after its pixels."""
    made = planted(source)
    made.PixelData = encapsulate([in_frame(one) for one in frames(made)])
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in made:
            del made[keyword]
    file = folder / "planted.dcm"
    file.write_bytes(as_bytes(made))
    return file


@pytest.mark.parametrize("of", ["jpeg", "jpeg 2000"])
def test_of_identities_planted_everywhere_nothing_is_left_and_pixels_stay(of: str, volumes: list[Path], tmp_path: Path) -> None:
    source, in_frame = (volumes[0], with_comments) if of == "jpeg" else (J2K, codestream_with_comments)
    file = everywhere(source, in_frame, tmp_path)
    assert len(found_in(file.read_bytes())) == 8
    left = tmp_path / "left.dcm"
    # Without what is known of the patient: the profile alone.
    deidentify(file, left, DISGUISE, NOTHING)
    assert found_in(left.read_bytes()) == []
    before, after = pydicom.dcmread(source), pydicom.dcmread(left)
    assert after.NumberOfFrames == before.NumberOfFrames
    assert np.array_equal(after.pixel_array, before.pixel_array)


def test_levels_of_a_slide_are_still_one_slide_to_a_reader(volumes: list[Path], tmp_path: Path) -> None:
    for number, file in enumerate(volumes):
        deidentify(file, tmp_path / f"{number}.dcm", DISGUISE, Scanner.of(KNOWN, TERMS))
    with WsiDicom.open(volumes) as before, WsiDicom.open(tmp_path) as after:
        assert [level.size for level in after.pyramids[0]] == [level.size for level in before.pyramids[0]]
        assert after.pyramids[0].mpp == before.pyramids[0].mpp
        for level in (0, 2):
            there, here = (np.asarray(one.read_tile(level, (1, 1))) for one in (before, after))
            assert np.array_equal(there, here)


def test_the_same_object_gives_the_same_bytes_and_another_project_other_names(volumes: list[Path], tmp_path: Path) -> None:
    for name in ("one", "again"):
        deidentify(volumes[0], tmp_path / name, DISGUISE, NOTHING)
    deidentify(volumes[0], tmp_path / "other", Disguise(Subject(Pseudonyms(b"o" * 32), "patient")), NOTHING)
    one, again, other = ((tmp_path / name).read_bytes() for name in ("one", "again", "other"))
    assert one == again
    mine, theirs = (
        {str(element.value) for element in header(tmp_path / name).iterall() if element.VR == "UI"} for name in ("one", "other")
    )
    assert all(uid.startswith("1.2.840.10008.") for uid in mine & theirs)
    assert other != one


def test_an_identity_that_no_rule_finds_is_found_at_last_and_nothing_is_written(volumes: list[Path], tmp_path: Path) -> None:
    """In the words of a model that the site said are nobody's."""
    made = pydicom.dcmread(volumes[0])
    made.ManufacturerModelName = FAMILY
    made.save_as(tmp_path / "named.dcm")
    words = frozenset({FAMILY})
    with pytest.raises(Identified, match="family name"):
        deidentify(tmp_path / "named.dcm", tmp_path / "left.dcm", Disguise(DISGUISE.subject, words), Scanner.of(KNOWN, TERMS))
    assert not (tmp_path / "left.dcm").exists()


def test_an_identity_in_raw_pixels_is_found_at_last(tmp_path: Path) -> None:
    made = pydicom.dcmread(J2K)
    pixels = made.pixel_array[:1].tobytes()
    made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    made.NumberOfFrames = 1
    made.PixelData = NUMBER.encode() + pixels[len(NUMBER) :]
    made["PixelData"].is_undefined_length = False
    made.save_as(tmp_path / "raw.dcm")
    with pytest.raises(Identified, match="identifier"):
        deidentify(tmp_path / "raw.dcm", tmp_path / "left.dcm", DISGUISE, Scanner.of(KNOWN, TERMS))
    deidentify(tmp_path / "raw.dcm", tmp_path / "left.dcm", DISGUISE, Scanner.of([Identifier("family name", FAMILY)]))
    assert np.array_equal(pydicom.dcmread(tmp_path / "left.dcm").pixel_array.ravel()[20:], np.frombuffer(pixels, np.uint8)[20:])


def test_an_identity_on_the_border_of_what_is_read_at_once_is_found(tmp_path: Path) -> None:
    made = pydicom.dcmread(J2K)
    pixels = bytearray(made.pixel_array[:6].tobytes())
    assert len(pixels) > COPIED_AT_ONCE
    pixels[COPIED_AT_ONCE - 4 : COPIED_AT_ONCE - 4 + len(NUMBER)] = NUMBER.encode()
    made.file_meta.TransferSyntaxUID, made.NumberOfFrames, made.PixelData = "1.2.840.10008.1.2.1", 6, bytes(pixels)
    made["PixelData"].is_undefined_length = False
    made.save_as(tmp_path / "raw.dcm")
    with pytest.raises(Identified, match="identifier"):
        deidentify(tmp_path / "raw.dcm", tmp_path / "left.dcm", DISGUISE, Scanner.of(KNOWN, TERMS))


@pytest.mark.parametrize("kept", [0, 100, 400, 1500, 0.3, 0.9])
def test_a_file_that_is_cut_is_told_and_nothing_is_written(kept: float, volumes: list[Path], tmp_path: Path) -> None:
    content = volumes[0].read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(content[: int(kept if kept > 1 else kept * len(content))])
    with pytest.raises(Malformed):
        deidentify(cut, tmp_path / "left.dcm", DISGUISE, NOTHING)
    assert not (tmp_path / "left.dcm").exists()
