"""A region's warehouse on real Iceberg, and facts of made patients to gather in it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.deidentification.v1.release_pb2 import (
    WITHDRAWAL_REASON_MOVED,
    WITHDRAWAL_REASON_OBJECTED,
    CaseFact,
    FactReleased,
    PharmacogenomicFact,
    ReportFact,
    ServiceFact,
    VariantsFact,
    Withdrawal,
    WithdrawalReason,
)
from casepath.intake.v1.order_pb2 import Code
from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE
from casepath.sequencing.v1.pharmacogenomics_pb2 import GeneCall
from deidentification.pseudonyms import Pseudonyms
from hub.adapters.warehouse import Warehouse
from hub.handlers import rows
from hub.vocabulary import mapped

PROJECT = "warehouse"
NAMES = Pseudonyms(b"k" * 32)
EARLIER, LATER, LAST = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3))


class Region:
    """A warehouse, and a topic of one partition."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.warehouse = Warehouse(f"file://{folder}", f"sqlite:///{folder / 'catalog.sqlite'}")
        self.offset = 0

    def gather(self, facts: Iterable[FactReleased]) -> None:
        made = []
        for fact in facts:
            made += rows(fact, 0, self.offset)
            self.offset += 1
        self.warehouse.gather(made, {"facts/0": self.offset})

    def snapshot(self, name: str, vocabulary: Path | None = None) -> dict[str, int]:
        return self.warehouse.take_snapshot(name, mapped(vocabulary))


def fact(patient: int, as_of: datetime | None = None) -> FactReleased:
    made = FactReleased(
        project=PROJECT,
        hospital="angers" if patient % 2 else "brest",
        subject_id=NAMES.name("patient", str(patient)),
        lineage_id=NAMES.name("event", str(patient)),
    )
    if as_of is not None:
        made.as_of.CopyFrom(stamp(as_of))
    return made


def moved(made: FactReleased, at: datetime) -> FactReleased:
    """As what is of since then whose it is."""
    made.moved_as_of.CopyFrom(stamp(at))
    return made


def said(made: FactReleased, at: datetime) -> FactReleased:
    made.said_at.CopyFrom(stamp(at))
    return made


def stamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made


def case(patient: int, as_of: datetime | None = None, code: str = "11529-5") -> FactReleased:
    made = fact(patient, as_of)
    service = ServiceFact(service=Code(code=code, text="Anatomie pathologique", system="LN"))
    made.case.CopyFrom(
        CaseFact(
            case_id=NAMES.name("case", str(patient)),
            sex=SEX_FEMALE if patient % 3 else SEX_MALE,
            birth_year=1940 + patient % 50,
            ordered_on="2025-03-04",
            services=[service],
        )
    )
    return made


def genes(patient: int, diplotype: str) -> FactReleased:
    made = fact(patient)
    call = GeneCall(gene="DPYD", diplotypes=[diplotype] if diplotype else [])
    made.pharmacogenomics.CopyFrom(
        PharmacogenomicFact(
            case_id=NAMES.name("case", str(patient)), sample_id=NAMES.name("specimen", str(patient)), genes=[call]
        )
    )
    return made


def variants(patient: int, *significances: str, withdraws: bool = False) -> FactReleased:
    """Of one file: a variant of TP53 for each thing that is said."""
    made = fact(patient)
    said = VariantsFact(
        case_id=NAMES.name("case", str(patient)),
        sample_id=NAMES.name("specimen", str(patient)),
        file_id=NAMES.name("variants", str(patient)),
        withdraws=withdraws,
    )
    for position, significance in enumerate(significances, start=1):
        one = said.variants.add(contig="chr17", position=position, reference_bases="C", alternate_bases="T", genotype="0/1")
        one.statements.add(
            source="ClinVar",
            release="2026-09-05",
            accession="VCV1",
            genes=["TP53"],
            respect="RESPECT_GERMLINE",
            significance=significance,
        )
    made.variants.CopyFrom(said)
    return made


def report(patient: int, text: str, number: int = 1, *, withdraws: bool = False, codes: Iterable[str] = ()) -> FactReleased:
    """`codes` are of CIM-10."""
    made = fact(patient)
    named = NAMES.name("case", str(patient))
    made.report.CopyFrom(ReportFact(case_id=named, number=number, signed_on="2025-03-09", text=text, withdraws=withdraws))
    made.report.diagnoses.extend(Code(code=one, system="I10") for one in codes)
    return made


def withdrawal(
    patient: int, as_of: datetime, reason: WithdrawalReason = WITHDRAWAL_REASON_OBJECTED, of: str = ""
) -> FactReleased:
    made = moved(fact(patient), as_of) if reason == WITHDRAWAL_REASON_MOVED else fact(patient, as_of)
    made.withdrawal.CopyFrom(Withdrawal(reason=reason, case_id=of))
    return made


def subject(patient: int) -> str:
    return NAMES.name("patient", str(patient))
