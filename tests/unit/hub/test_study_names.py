"""Names and days of one study, which are the same in its rows and in headers of its images."""

import duckdb
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from hub.studies.images import Image, moved, rename
from hub.studies.names import Names

NAMES = Names(b"k" * 32)
STANDARD = "1.2.840.10008.5.1.4.1.1.77.1.6"


def test_a_name_is_the_same_in_rows_and_in_headers() -> None:
    with duckdb.connect() as database:
        NAMES.told_to(database)
        for sort, one in (("slide", "é A1"), ("person", "12")):
            assert database.execute("select renamed(?, ?)", [sort, one]).fetchall() == [(NAMES.name(sort, one),)]


def test_uids_of_the_standard_are_what_they_are_and_others_are_the_studys() -> None:
    made = NAMES.uid("1.2.826.0.1.3680043.8.498.1")
    assert NAMES.uid(STANDARD) == STANDARD
    assert made.startswith("2.25.")
    assert len(made) <= 64
    assert NAMES.uid("1.2.826.0.1.3680043.8.498.1") == made != Names(b"o" * 32).uid("1.2.826.0.1.3680043.8.498.1")


@pytest.mark.parametrize(
    ("day", "earlier", "expected"),
    [("20250304", 1, "20250303"), ("20250304120000", 365, "20240304"), ("00020101", 1, "00011231"), ("00010101", 1, "")],
)
def test_a_day_is_moved_without_its_time_and_is_none_before_the_calendar_begins(day: str, earlier: int, expected: str) -> None:
    assert moved(day, earlier) == expected


def test_of_a_header_names_in_sequences_are_the_studys_too() -> None:
    specimen, header = Dataset(), Dataset()
    specimen.SpecimenIdentifier, specimen.SpecimenUID = "S1", "1.2.3"
    header.SpecimenDescriptionSequence = [specimen]
    header.SOPClassUID, header.SOPInstanceUID, header.StudyDate = STANDARD, "1.2.4", "20250304"
    header.PatientID = header.PatientName = "subject"
    header.file_meta = FileMetaDataset()
    rename(header, Image(ObjectRef(), "SM", ("", "", ""), 7, 8, 9, 10, 3), NAMES)
    assert (header.PatientID, header.PatientName, header.ContainerIdentifier) == ("7", "7", "9")
    assert (header.StudyDescription, header.SeriesDescription, header.StudyDate) == ("8", "10", "20250301")
    assert header.SOPClassUID == STANDARD
    assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID == NAMES.uid("1.2.4")
    (renamed,) = header.SpecimenDescriptionSequence
    assert renamed.SpecimenIdentifier == str(NAMES.name("specimen name", "S1"))
    assert renamed.SpecimenUID == NAMES.uid("1.2.3")
