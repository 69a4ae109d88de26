"""What is left of a DICOM header: checked against the standard's own table, and with identities in every attribute."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import planted_identities
import pytest
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from chassis.errors import Rejected
from deidentification.dicom import Disguise, deidentified
from deidentification.dicom_rules import RULES, Kind, known_codes
from deidentification.pseudonyms import Pseudonyms, Subject

TABLE = Path(__file__).parents[2] / "data/dicom/confidentiality_profile_attributes.json"
ROWS: list[dict[str, Any]] = json.loads(TABLE.read_text())
DISGUISE = Disguise(Subject(Pseudonyms(b"k" * 32), "patient"))
# How each kind treats a value: removed there means that nothing is kept of it.
EMPTY, REPLACED = "Z", "D"
TREATMENT = {
    Kind.EMPTY: EMPTY,
    Kind.NEW_UID: "U",
    Kind.NAME: REPLACED,
    Kind.DAY: "C",
    Kind.MIDNIGHT: "C",
    Kind.WORDS: REPLACED,
    Kind.ITEMS: "U*",
}


def header(**attributes: Any) -> Dataset:
    made = Dataset()
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    made.SOPInstanceUID = "1.2.3"
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    made.BurnedInAnnotation = "NO"
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def keyword_of(row: dict[str, Any]) -> str:
    """Empty of a repeating group, and of the row of all private attributes."""
    return keyword_for_tag(int(row["id"], 16)) if re.fullmatch("[0-9a-f]{8}", row["id"]) else ""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["tag"])
def test_nothing_is_kept_that_the_profile_with_its_options_would_not_keep(row: dict[str, Any]) -> None:
    rule = RULES.get(keyword_of(row))
    if rule is None:
        return
    allowed = set(row["basicProfile"].replace("U*", "*").split("/"))
    treatment = TREATMENT[rule.kind]
    if treatment == "C":
        assert row.get("rtnLongModifDatesOpt") == "C"
    elif treatment == EMPTY:
        assert allowed & {"Z", "X"}
    elif treatment == "U*":
        assert "*" in allowed
    elif treatment == REPLACED:
        # Z is "a zero length value, or a non-zero length value that may be a dummy value" (PS3.15 E.3).
        assert allowed & {"D", "Z"}
    else:
        assert treatment in allowed or "D" in allowed


def test_every_rule_is_of_an_attribute_that_the_standard_has() -> None:
    assert all(tag_for_keyword(keyword) is not None for keyword in RULES)


def test_of_an_identity_in_every_attribute_nothing_is_left() -> None:
    made = header()
    for element in planted_identities.attributes():
        made.add(element)
    made.SOPInstanceUID = planted_identities.UID_OF_PATIENT
    left = deidentified(made, DISGUISE)
    assert not planted_identities.found_in(planted_identities.as_bytes(left))
    assert len(list(made.iterall())) > 4000


def test_days_move_together_and_times_of_day_are_gone() -> None:
    moments = {"StudyDate": "20240310", "ContentDate": "20240312", "AcquisitionDateTime": "20240310101500.1+0200"}
    left = deidentified(header(StudyTime="101500", **moments), DISGUISE)
    days = [date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}") for day in (left.StudyDate, left.ContentDate)]
    assert (days[1] - days[0]).days == 2
    assert 1 <= (date(2024, 3, 10) - days[0]).days <= 365
    assert (left.StudyTime, left.AcquisitionDateTime) == ("000000", left.StudyDate)


def test_uids_and_identifiers_are_the_same_within_a_project_and_others_in_another() -> None:
    one = header(StudyInstanceUID="1.2.3.4", ContainerIdentifier="A1", FrameOfReferenceUID="1.2.3.5")
    left, again = deidentified(one, DISGUISE), deidentified(one, DISGUISE)
    other = deidentified(one, Disguise(Subject(Pseudonyms(b"o" * 32), "patient")))
    for keyword in ("StudyInstanceUID", "ContainerIdentifier", "FrameOfReferenceUID", "SOPInstanceUID", "PatientID"):
        assert left[keyword].value == again[keyword].value
        assert left[keyword].value != other[keyword].value
        assert left[keyword].value != one.get(keyword)
    assert left.file_meta.MediaStorageSOPInstanceUID == left.SOPInstanceUID
    assert UID(left.StudyInstanceUID).is_valid


def test_codes_of_the_standard_keep_the_standards_words_and_local_ones_go() -> None:
    kept, local = Dataset(), Dataset()
    kept.CodeValue, kept.CodingSchemeDesignator, kept.CodeMeaning = "433466003", "SCT", "Lame de M. Dupont"
    local.CodeValue, local.CodingSchemeDesignator, local.CodeMeaning = "L1", "99LOCAL", "Dupont"
    left = deidentified(header(ContainerTypeCodeSequence=Sequence([kept, local])), DISGUISE)
    assert [one.CodeMeaning for one in left.ContainerTypeCodeSequence] == [known_codes()["SCT", "433466003"].meaning]


def test_a_models_word_is_kept_where_it_is_the_models_and_no_other() -> None:
    item = Dataset()
    item.SegmentLabel, item.AlgorithmName = "tumour", "Dupont"
    made = header(SegmentSequence=Sequence([item]))
    left = deidentified(made, Disguise(DISGUISE.subject, frozenset({"tumour"}))).SegmentSequence[0]
    assert (left.SegmentLabel, left.AlgorithmName) == ("tumour", "unnamed")


@pytest.mark.parametrize("value", ["0612345678", "8407712963", "1e30", "0.00000000000001"])
def test_a_number_that_no_measure_has_is_not_kept(value: str) -> None:
    assert "ObjectiveLensPower" not in deidentified(header(ObjectiveLensPower=value), DISGUISE)


def test_what_is_kept_says_by_which_profile_and_that_days_were_moved() -> None:
    left = deidentified(header(), DISGUISE)
    assert (left.PatientIdentityRemoved, left.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    assert {one.CodeValue for one in left.DeidentificationMethodCodeSequence} == {"113100", "113101", "113104", "113107"}


@pytest.mark.parametrize(
    "said",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]},
        {"ImageType": ["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"]},
        {"BurnedInAnnotation": "YES"},
        {"SpecimenLabelInImage": "YES"},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.34"},
    ],
)
def test_what_may_show_a_name_stays_in_the_hospital(said: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        deidentified(header(**said), DISGUISE)
