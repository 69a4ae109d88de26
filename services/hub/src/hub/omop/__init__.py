"""Tables of the OMOP Common Data Model 5.4 (https://ohdsi.github.io/CommonDataModel/cdm54.html), from facts that hold.

With the extension for images of OHDSI's Medical Imaging group (image_occurrence), and `lineage` in each, which leads back to the
event in the hospital. Columns that we never have a value for are left out. What has no concept is concept 0, with its source
value. Concepts that queries name are the model's own: 8507 and 8532 (male, female), and 32817 (the type EHR).
"""

from pathlib import Path

NAMES = ("person", "condition_occurrence", "procedure_occurrence", "specimen", "measurement", "note", "image_occurrence")
FOLDER = Path(__file__).parent


def query(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text("utf-8")


TABLES = {name: query(name) for name in NAMES}
# What holds now, of all facts; and codes that hospitals sent and that have no concept.
HOLDING, UNMAPPED = query("holding"), query("unmapped")
