"""A DICOM object's header as it leaves the hospital, by the rules of `dicom_rules`. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID, UID_dictionary

from chassis.errors import Rejected
from deidentification.colours import without_texts
from deidentification.dicom_rules import ALWAYS, CLASSES, PIXELS, RULES, Kind, Rule, known_codes
from deidentification.pseudonyms import Subject

# Of a size that measures of slides have: a number of a patient or a telephone has another.
LARGEST = 1_000_000
SMALLEST = 1e-9
MOST_DIGITS = 20
UTF_8 = "ISO_IR 192"
# PS3.16, CID 7050.
PROFILE = (
    Code("113100", "DCM", "Basic Application Confidentiality Profile"),
    Code("113101", "DCM", "Clean Pixel Data Option"),
    Code("113104", "DCM", "Clean Structured Content Option"),
    Code("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
# A model's own word for what it finds: its code is made of it.
OWN_SCHEME = "99CASEPATH"
OWN_DIGITS = 16
DAY = "%Y%m%d"
DAY_DIGITS = 8
NUMBER_TYPES = {"OF": "<f4", "OD": "<f8", "OL": "<u4", "OV": "<u8"}
# Numbers of points, which are of any size but no letters.
INDICES = ("OL", "OV")


@dataclass(frozen=True, slots=True)
class Disguise:
    """Whose the object is, and the words in it that are nobody's: of the model that made it, or that the site listed."""

    subject: Subject
    words: frozenset[str] = frozenset()


def deidentified(header: Dataset, disguise: Disguise) -> Dataset:
    """The header without pixels. Raise Rejected where the object may not leave as it is."""
    if header.SOPClassUID not in CLASSES:
        raise Rejected("objects of this class do not leave the hospital")
    if str(header.get("BurnedInAnnotation", "NO")) != "NO" or str(header.get("SpecimenLabelInImage", "NO")) != "NO":
        raise Rejected("the image may show text that names somebody: it says so itself")
    if "LABEL" in header.get("ImageType", ()) or "OVERVIEW" in header.get("ImageType", ()):
        raise Rejected("labels and overviews show the name on the glass")
    made = items(header, disguise)
    for keyword in ALWAYS:
        if keyword not in made:
            setattr(made, keyword, "")
    made.PatientName = made.PatientID = disguise.subject.name
    made.SpecificCharacterSet = UTF_8
    made.PatientIdentityRemoved = "YES"
    made.LongitudinalTemporalInformationModified = "MODIFIED"
    made.DeidentificationMethod = f"casepath {version('casepath-deidentification')}"
    made.DeidentificationMethodCodeSequence = Sequence([coded(one) for one in PROFILE])
    made.file_meta = file_meta(made, header)
    return made


def file_meta(made: Dataset, header: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = header.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    return meta


def items(header: Dataset, disguise: Disguise) -> Dataset:
    """Each attribute by its rule; the others are not there."""
    made = Dataset()
    for element in header:
        rule = RULES.get(element.keyword)
        if rule is None or element.keyword in PIXELS or not is_as_declared(element):
            continue
        value = KINDS[rule.kind](element, rule, disguise)
        if value is not None:
            made.add(DataElement(element.tag, element.VR, value))
    return made


def is_as_declared(element: DataElement) -> bool:
    """Whether its representation is the standard's: one that is not may hold anything."""
    return dictionary_has_tag(element.tag) and element.VR in dictionary_VR(element.tag).split(" or ")


def values(element: DataElement) -> list[Any]:
    if element.value is None or element.value == "":
        return []
    return list(element.value) if isinstance(element.value, MultiValue | list) else [element.value]


def number(element: DataElement, _: Rule, __: Disguise) -> Any:
    found = values(element)
    if not found:
        return element.empty_value
    return element.value if all(map(is_measure, found)) else None


def is_measure(value: Any) -> bool:
    """A number of a size, and of a number of digits, that measures have."""
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return False
    return exact.is_finite() and (exact == 0 or SMALLEST <= abs(exact) <= LARGEST) and len(str(value)) <= MOST_DIGITS


def numbers(element: DataElement, _: Rule, __: Disguise) -> bytes | None:
    """As they are where they could be coordinates and measures: text read as numbers is far too large or too small."""
    content = bytes(element.value)
    if len(content) % int(NUMBER_TYPES[element.VR][2:]):
        return None
    found: NDArray[Any] = np.frombuffer(content, NUMBER_TYPES[element.VR])
    if element.VR in INDICES:
        return content if not len(found) or int(found.max()) <= LARGEST * 100 else None
    sized = np.abs(found[np.isfinite(found) & (found != 0)])
    fits = not len(sized) or (sized.min() >= SMALLEST and sized.max() <= LARGEST)
    return content if fits and not np.isinf(found).any() else None


def tags(element: DataElement, _: Rule, __: Disguise) -> Any:
    return element.value if all(dictionary_has_tag(one) for one in values(element)) else None


def class_uid(element: DataElement, _: Rule, __: Disguise) -> Any:
    return element.value if str(element.value) in UID_dictionary else None


def new_uid(element: DataElement, _: Rule, disguise: Disguise) -> Any:
    found = values(element)
    return UID(disguise.subject.pseudonyms.uid(str(found[0]))) if len(found) == 1 else None


def day(element: DataElement, _: Rule, disguise: Disguise) -> str | None:
    """Without its time, which with a place and a day may tell a person."""
    found = values(element)
    if not found:
        return ""
    try:
        moved = disguise.subject.moved(datetime.strptime(str(found[0])[:DAY_DIGITS], DAY).date())
    except ValueError:
        return ""
    return moved.strftime(DAY).rjust(DAY_DIGITS, "0") if moved is not None else ""


def midnight(element: DataElement, _: Rule, __: Disguise) -> str:
    return "000000" if values(element) else ""


def known(element: DataElement, rule: Rule, disguise: Disguise) -> Any:
    found = [str(one) for one in values(element)]
    if all(one in rule.words or one in disguise.words for one in found) and found:
        return element.value
    return rule.otherwise or None


def empty(element: DataElement, _: Rule, __: Disguise) -> Any:
    return Sequence() if element.VR == "SQ" else element.empty_value


def name(element: DataElement, rule: Rule, disguise: Disguise) -> str:
    subject = disguise.subject
    return subject.name if rule.of == "patient" else subject.pseudonyms.name(rule.of, str(element.value))


def colours(element: DataElement, _: Rule, __: Disguise) -> bytes | None:
    return without_texts(bytes(element.value))


def sequence_of_codes(element: DataElement, rule: Rule, disguise: Disguise) -> Sequence:
    found = list(recognised(element.value, disguise.words))
    if not found and rule.otherwise:
        found = [known_codes()[("SCT", rule.otherwise)]]
    return Sequence([coded(one) for one in found])


def recognised(found: Iterable[Dataset], words: frozenset[str]) -> Iterator[Code]:
    """Codes of the standard by value, with the standard's words; and what a model says in its own."""
    for one in found:
        value, scheme = str(one.get("CodeValue", "")), str(one.get("CodingSchemeDesignator", ""))
        code = known_codes().get((scheme, value))
        if code is not None:
            yield code
        elif scheme == OWN_SCHEME and str(one.get("CodeMeaning", "")) in words:
            meaning = str(one.CodeMeaning)
            yield Code(hashlib.sha256(meaning.encode()).hexdigest()[:OWN_DIGITS], OWN_SCHEME, meaning)


def coded(code: Code) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = code.value, code.scheme_designator, code.meaning[:64]
    return made


def sequence_of_items(element: DataElement, _: Rule, disguise: Disguise) -> Sequence:
    return Sequence([items(one, disguise) for one in element.value])


KINDS: dict[Kind, Callable[[DataElement, Rule, Disguise], Any]] = {
    Kind.NUMBER: number,
    Kind.NUMBERS: numbers,
    Kind.TAGS: tags,
    Kind.CLASS_UID: class_uid,
    Kind.NEW_UID: new_uid,
    Kind.DAY: day,
    Kind.MIDNIGHT: midnight,
    Kind.CODES: sequence_of_codes,
    Kind.ITEMS: sequence_of_items,
    Kind.WORDS: known,
    Kind.EMPTY: empty,
    Kind.NAME: name,
    Kind.COLOURS: colours,
}
