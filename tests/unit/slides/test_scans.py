from pathlib import Path

import pytest

from chassis.drop_folder import DropFolder
from slides.quarantine import Quarantined
from slides.scans import Scan, scan_digest, scan_unit, scans


def put(folder: Path, *names: str, content: bytes = b"x") -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return paths


def test_a_file_is_a_scan_and_a_folder_is_one(tmp_path: Path) -> None:
    files = put(tmp_path, "a.svs", "series/1.dcm", "series/2.dcm")
    assert scans(tmp_path, files) == [Scan((tmp_path / "a.svs",)), Scan((tmp_path / "series",))]


def test_an_mrxs_file_and_its_folder_are_one_scan_named_by_the_file(tmp_path: Path) -> None:
    files = put(tmp_path, "S1_A1.mrxs", "S1_A1/Slidedat.ini", "S1_A1/Data0000.dat")
    (scan,) = scans(tmp_path, files)
    assert scan.named == tmp_path / "S1_A1.mrxs"
    assert scan.sources() == [tmp_path / "S1_A1.mrxs"]
    assert len(scan.files()) == 3


def test_a_folder_of_dicom_files_is_read_as_a_series(tmp_path: Path) -> None:
    files = put(tmp_path, "s/2.dcm", "s/1.dcm", content=bytes(128) + b"DICM")
    (scan,) = scans(tmp_path, files)
    assert scan.sources() == sorted(files)


def test_a_folder_in_which_several_files_could_be_the_slide_is_set_aside(tmp_path: Path) -> None:
    (scan,) = scans(tmp_path, put(tmp_path, "s/a.svs", "s/b.svs"))
    with pytest.raises(Quarantined):
        scan.sources()


def test_the_digest_of_several_files_does_not_depend_on_their_names(tmp_path: Path) -> None:
    one = put(tmp_path, "a/1", content=b"1") + put(tmp_path, "a/2", content=b"2")
    other = put(tmp_path, "b/9", content=b"2") + put(tmp_path, "b/x", content=b"1")
    assert scan_digest(one) == scan_digest(other)
    assert scan_digest(one[:1]) != scan_digest(one)


def test_a_folder_is_not_complete_while_one_of_its_files_is_being_written(tmp_path: Path) -> None:
    drop = DropFolder(tmp_path, Path.is_file, quiet=2, unit=lambda path: scan_unit(tmp_path, path))
    whole = put(tmp_path, "a.svs")
    (first,) = put(tmp_path, "series/1.dcm")
    (partial,) = put(tmp_path, "series/.2.partial")
    drop.scan(0)
    assert drop.scan(3) == whole
    partial.rename(tmp_path / "series" / "2.dcm")
    assert drop.scan(4) == whole
    assert drop.scan(7) == [*whole, first, tmp_path / "series" / "2.dcm"]


def test_what_a_dead_sender_left_unfinished_does_not_hold_its_folder_for_ever(tmp_path: Path) -> None:
    drop = DropFolder(tmp_path, Path.is_file, quiet=2, unit=lambda path: scan_unit(tmp_path, path))
    (first, _) = put(tmp_path, "series/1.dcm", "series/.2.partial")
    drop.scan(0)
    assert drop.scan(299) == []
    assert drop.scan(301) == [first]
