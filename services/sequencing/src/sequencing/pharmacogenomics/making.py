"""One report, made of a file of variants: read, matched, and set as pages. In a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    WITHHOLDING_REASON_NOTHING_COVERED,
    WITHHOLDING_REASON_OTHER_REFERENCE,
    WITHHOLDING_REASON_UNREADABLE,
    WITHHOLDING_REASON_UNSPECIFIED,
    PharmacogenomicReport,
    WithholdingReason,
)
from chassis.errors import Malformed
from chassis.language import LANGUAGES
from sequencing.pharmacogenomics.messages import amended_drugs, report_message, same_genes
from sequencing.pharmacogenomics.outside_calls import read_outside
from sequencing.pharmacogenomics.page import Subject, page
from sequencing.pharmacogenomics.printing import printed
from sequencing.pharmacogenomics.report import reported
from sequencing.pharmacogenomics.variant_file import OtherBuild, read_genotypes


@dataclass(frozen=True, slots=True)
class Making:
    """What a report is made of; picklable. `before` is the report that it takes the place of, serialized, or empty."""

    variants: Path
    index: Path | None
    outside_calls: Path | None
    subject: Subject
    before: bytes = b""


@dataclass(frozen=True, slots=True)
class Made:
    """A report, serialized, with its pages by language as HTML and PDF; or why there is none.

    `amended` are drugs of which the report before said otherwise, and `same` says that nothing that was said before differs.
    """

    report: bytes = b""
    pages: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    definitions: str = ""
    amended: tuple[str, ...] = ()
    same: bool = False
    withheld: WithholdingReason = WITHHOLDING_REASON_UNSPECIFIED


def make(making: Making) -> Made:
    try:
        genotypes = read_genotypes(making.variants, index=making.index)
        outside = read_outside(making.outside_calls) if making.outside_calls else []
    except OtherBuild:
        return Made(withheld=WITHHOLDING_REASON_OTHER_REFERENCE)
    except Malformed:
        return Made(withheld=WITHHOLDING_REASON_UNREADABLE)
    if not genotypes.positions and not outside:
        return Made(withheld=WITHHOLDING_REASON_NOTHING_COVERED)
    found = reported(genotypes, outside)
    message = report_message(found)
    amended: list[str] = []
    same = False
    if making.before:
        before = PharmacogenomicReport.FromString(making.before)
        amended, same = amended_drugs(before, message), same_genes(before, message)
    subject = replace(making.subject, amended=tuple(amended))
    html = {language: page(found, subject, language) for language in LANGUAGES}
    return Made(
        report=message.SerializeToString(deterministic=True),
        pages={language: (text.encode(), printed(text)) for language, text in html.items()},
        definitions=", ".join(sorted({one.definitions for one in found.genes if one.definitions})),
        amended=tuple(amended),
        same=same and not amended,
    )
