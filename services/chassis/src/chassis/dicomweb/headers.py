"""What a DICOM header says, in the forms that it is answered in."""

import json
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

# Pixel Data, as a file has its tag.
PIXEL_DATA = bytes.fromhex("e07f1000")
# Longer binary values are named in the metadata, and fetched apart (PS3.18 F.2.6).
LONGEST_INLINE = 1024
OFFSET_TABLES = (Tag("ExtendedOffsetTable"), Tag("ExtendedOffsetTableLengths"))


def metadata(dataset: pydicom.Dataset) -> bytes:
    """The header in the DICOM JSON Model (PS3.18 Annex F), without where its frames lie, which is taken out of `dataset`.

    File meta information is left out, as PS3.18 10.4.1.1.2 wants; what is long is named by where it is, from the instance.
    """
    for tag in OFFSET_TABLES:
        if tag in dataset:
            del dataset[tag]

    def elsewhere(element: DataElement) -> str:
        return f"bulkdata/{element.tag.group:04X}{element.tag.element:04X}"

    said: dict[str, Any] = dataset.to_json_dict(bulk_data_threshold=LONGEST_INLINE, bulk_data_element_handler=elsewhere)
    return json.dumps(said, separators=(",", ":")).encode()


def icc_profile(dataset: pydicom.Dataset) -> bytes:
    """That of the first optical path; empty where there is none."""
    paths = dataset.get("OpticalPathSequence") or [dataset]
    return bytes(paths[0].get("ICCProfile") or b"")
