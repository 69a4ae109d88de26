"""The table in which all that hospitals release is gathered: one row for each thing that a fact says.

Nothing in it is ever changed: what holds now follows from what was said last, and from what was withdrawn (`omop/holding.sql`).
"""

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

PERSON, CONDITION, PROCEDURE, SPECIMEN, IMAGE, MEASUREMENT, NOTE, GENE, VARIANT, RETRACTED, WITHDRAWAL = (
    "person",
    "condition",
    "procedure",
    "specimen",
    "image",
    "measurement",
    "note",
    "gene",
    "variant",
    "retracted",
    "withdrawal",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a fact says. `name` tells which fact of its kind: a later one of that name takes its place."""

    project: str
    hospital: str
    subject: str
    person_id: int
    kind: str
    name: str
    lineage: str
    as_of: datetime | None
    moved_as_of: datetime | None
    said_at: datetime | None
    partition: int
    offset: int
    case_id: str
    domain: str
    row_id: int
    item: str = ""
    code: str = ""
    system: str = ""
    text: str = ""
    day: date | None = None
    value: float | None = None
    value_text: str = ""
    # JSON, of what has no column.
    extra: str = ""


SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("project", "hospital", "subject")),
        pa.field("person_id", pa.int64(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("kind", "name", "lineage")),
        *(pa.field(name, pa.timestamp("us", "UTC")) for name in ("as_of", "moved_as_of", "said_at")),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("case_id", "domain")),
        pa.field("row_id", pa.int64(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("item", "code", "system", "text")),
        pa.field("day", pa.date32()),
        pa.field("value", pa.float64()),
        *(pa.field(name, pa.string(), nullable=False) for name in ("value_text", "extra")),
    ]
)


def table_of(rows: list[Row]) -> pa.Table:
    return pa.table({name: [getattr(row, name) for row in rows] for name in SCHEMA.names}, schema=SCHEMA)
