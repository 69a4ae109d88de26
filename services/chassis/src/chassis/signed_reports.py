"""What of a case's signed reports holds: a withdrawal takes back all that was signed before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casepath.intake.v1.order_pb2 import Code
from casepath.portal.v1.reading_pb2 import ReportSigned

# As pathologists in France call them.
SYSTEMS = {"I10": "CIM-10", "ICDO3": "CIM-O-3", "SCT": "SNOMED CT"}


@dataclass(frozen=True, slots=True)
class Part:
    """A report, an addendum (counted from 1; 0 is the report), or a withdrawal, and whether it holds."""

    signed: ReportSigned
    addendum: int
    holds: bool


def parts(reports: Sequence[ReportSigned]) -> list[Part]:
    """Of all that was signed of a case, in order of number. A withdrawal is no part of what holds."""
    withdrawn = max((one.number for one in reports if one.withdraws), default=0)
    found: list[Part] = []
    addendum = 0
    for one in reports:
        found.append(Part(one, addendum, one.number > withdrawn))
        addendum = 0 if one.withdraws else addendum + 1
    return found


def standing(reports: Sequence[ReportSigned]) -> list[ReportSigned]:
    """The report with its addenda as it holds now; nothing where it was withdrawn, or none was signed."""
    return [one.signed for one in parts(reports) if one.holds]


def diagnoses(reports: Sequence[ReportSigned]) -> Sequence[Code]:
    """In code, as they hold now: what was said of them last, by a part that holds."""
    return next((one.diagnoses for one in reversed(standing(reports)) if one.diagnoses), ())


def named(codes: Iterable[Code]) -> str:
    """With their systems, as people read them."""
    return ", ".join(f"{SYSTEMS.get(one.system, one.system)} {one.code}" for one in codes)
