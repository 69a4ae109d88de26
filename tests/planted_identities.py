"""DICOM objects with made identities planted wherever an attribute can hold one, as a hospital's systems might leave them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.datadict import DicomDictionary, dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID

from deidentification.scanner import Identifier, days

FAMILY, GIVEN, NUMBER, ACCESSION = "Quimperléac", "Aurélienne", "8407712963", "24H9904417"
BORN = "1961-10-23"
PHYSICIAN = "Kervalodec"
# Of who knows the patient; and what of it is planted that nobody knows: a physician, another number.
KNOWN = [
    Identifier("family name", FAMILY),
    Identifier("given name", GIVEN),
    Identifier("identifier", NUMBER),
    Identifier("accession number", ACCESSION),
    *days("birth date", BORN),
]
PLANTED = (FAMILY, GIVEN, NUMBER, ACCESSION, "19611023", PHYSICIAN, "QUIMPERLEAC", "MRN5501298")
UID_OF_PATIENT = f"1.2.250.{NUMBER}.1"

# What an attribute of each representation can hold of an identity.
BY_VR = {
    "AE": "QUIMPERLEAC",
    "AS": "064Y",
    "CS": "QUIMPERLEAC",
    "DA": "19611023",
    "DS": NUMBER,
    "DT": "19611023101500",
    "IS": "840771296",
    "LO": f"{FAMILY} {GIVEN}",
    "LT": f"Vu avec le Dr {PHYSICIAN}, patiente {FAMILY}, MRN5501298",
    "PN": f"{FAMILY}^{GIVEN}",
    "SH": ACCESSION,
    "ST": f"Accession {ACCESSION}",
    "TM": "101500",
    "UC": f"{FAMILY} {GIVEN}",
    "UI": UID_OF_PATIENT,
    "UR": f"https://his.example/patients/{NUMBER}",
    "UT": f"{PHYSICIAN} {NUMBER}",
    "OB": f"{FAMILY}{NUMBER}".encode(),
    "OW": b"MRN5501298  ",
    "UN": f"{FAMILY}^{GIVEN} ".encode(),
}
# Without these an object is no slide any more, or no object.
NEEDED = {
    *("SOPClassUID", "TransferSyntaxUID", "NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored"),
    *("HighBit", "PixelRepresentation", "PhotometricInterpretation", "PlanarConfiguration", "SpecificCharacterSet"),
    *("BurnedInAnnotation", "SpecimenLabelInImage", "ImageType", "PixelData", "FloatPixelData", "DoubleFloatPixelData"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "TotalPixelMatrixColumns", "TotalPixelMatrixRows"),
    "DimensionOrganizationType",
}
PRIVATE_GROUP, OVERLAYS, CURVES = 0x0099, range(0x6000, 0x6020, 2), range(0x5000, 0x5020, 2)


def attributes() -> Iterator[DataElement]:
    """Every attribute of the standard's dictionary that can hold an identity, holding one."""
    for number in sorted(DicomDictionary):
        tag, keyword = Tag(number), keyword_for_tag(number)
        if tag.group in (0x0000, 0x0002, 0x0004, 0xFFFC, 0xFFFE) or not keyword or keyword in NEEDED:
            continue
        vr = dictionary_VR(number).split(" or ")[0]
        if vr == "SQ":
            yield DataElement(tag, "SQ", Sequence([item()]))
        elif vr in BY_VR:
            value = BY_VR[vr]
            yield DataElement(tag, vr, [value, value] if dictionary_VM(number) == "2" and isinstance(value, str) else value)


def item(depth: int = 0) -> Dataset:
    """What a sequence may hold: names, codes with words, texts, and sequences of the same."""
    made = Dataset()
    made.PatientName, made.PatientID = f"{FAMILY}^{GIVEN}", NUMBER
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = ACCESSION, "99LOCAL", f"{FAMILY} {GIVEN}"
    made.PersonName, made.TextValue = PHYSICIAN, f"{FAMILY} {NUMBER}"
    made.SpecimenIdentifier, made.SpecimenShortDescription, made.SpecimenDetailedDescription = ACCESSION, FAMILY, PHYSICIAN
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = FAMILY, PHYSICIAN, "MRN5501298"
    made.DeviceSerialNumber, made.OpticalPathIdentifier, made.OpticalPathDescription = NUMBER, "QUIMPERLEAC", FAMILY
    made.ReferencedSOPInstanceUID = UID(UID_OF_PATIENT)
    made.ICCProfile = f"{FAMILY}{NUMBER} ".encode()
    made.add(DataElement(Tag(PRIVATE_GROUP, 0x0010), "LO", FAMILY))
    made.add(DataElement(Tag(PRIVATE_GROUP, 0x1001), "LO", f"{FAMILY} {NUMBER}"))
    if not depth:
        made.SpecimenPreparationSequence = made.SpecimenDescriptionSequence = Sequence([item(1)])
        made.ContentSequence = Sequence([item(1)])
    return made


def planted(source: Path) -> Dataset:
    """A real object with an identity in each attribute, in private ones, overlays, curves, and its file's own header."""
    made = pydicom.dcmread(source)
    for sequence in [one for one in made.iterall() if one.VR == "SQ"]:
        for each in sequence.value:
            for element in item():
                each.add(element)
    for element in attributes():
        if element.tag not in made or element.VR != "SQ":
            made.add(element)
    made.add(DataElement(Tag(PRIVATE_GROUP, 0x0010), "LO", FAMILY))
    made.add(DataElement(Tag(PRIVATE_GROUP, 0x1001), "UT", f"{FAMILY} {NUMBER} {PHYSICIAN}"))
    made.add(DataElement(Tag(PRIVATE_GROUP, 0x1002), "SQ", Sequence([item()])))
    for group in OVERLAYS:
        made.add(DataElement(Tag(group, 0x0022), "LO", FAMILY))
        made.add(DataElement(Tag(group, 0x1500), "LO", f"{FAMILY} {NUMBER}"))
        made.add(DataElement(Tag(group, 0x4000), "LT", PHYSICIAN))
    for group in CURVES:
        made.add(DataElement(Tag(group, 0x0022), "LO", FAMILY))
    made.add(DataElement(Tag(0xFFFC, 0xFFFC), "OB", f"{FAMILY}{NUMBER} ".encode()))
    made.preamble = f"{FAMILY} {GIVEN} {NUMBER}".encode()[:128].ljust(128, b"\0")
    made.file_meta.SourceApplicationEntityTitle = "QUIMPERLEAC"
    made.file_meta.ImplementationVersionName = ACCESSION
    made.file_meta.PrivateInformationCreatorUID = UID_OF_PATIENT
    made.file_meta.PrivateInformation = f"{FAMILY}{NUMBER} ".encode()
    return made


def as_bytes(made: Dataset) -> bytes:
    buffer = BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def with_comments(frame: bytes) -> bytes:
    """A JPEG image with an identity in a comment, in an application's segment and after its end."""
    text = f"{FAMILY} {GIVEN} {NUMBER}".encode()
    segments = b"".join(b"\xff" + bytes((marker,)) + (len(text) + 2).to_bytes(2) + text for marker in (0xFE, 0xE1, 0xED))
    return frame[:2] + segments + frame[2:].rstrip(b"\0") + text


def codestream_with_comments(frame: bytes) -> bytes:
    """A JPEG 2000 codestream with an identity in comments of its main header and its first tile-part, and after its end."""
    text = f"{FAMILY} {GIVEN} {NUMBER}".encode()
    comment = b"\xff\x64" + (len(text) + 4).to_bytes(2) + b"\x00\x01" + text
    begin = frame.index(b"\xff\x90")
    tile = bytearray(frame[begin:])
    size = int.from_bytes(tile[6:10])
    if size:
        tile[6:10] = (size + len(comment)).to_bytes(4)
    return frame[:begin] + comment + bytes(tile[:12]) + comment + bytes(tile[12:]).rstrip(b"\0") + text


def found_in(content: bytes) -> list[str]:
    """Which of what was planted is in there, in any case, with or without accents, in UTF-8, Latin-1 or UTF-16."""
    bare = content.lower()
    found = []
    for text in PLANTED:
        spellings = {text.lower(), text.lower().replace("é", "e")}
        if any(
            spelling.encode(coding) in bare for spelling in spellings for coding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
        ):
            found.append(text)
    return found
