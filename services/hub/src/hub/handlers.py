"""From a fact that a hospital released to rows of what it says. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from json import dumps
from typing import Any

from casepath.deidentification.v1.release_pb2 import (
    CaseFact,
    FactReleased,
    PharmacogenomicFact,
    ReportFact,
    ReviewFact,
    ScoreFact,
    ServiceFact,
    SlideFact,
    SpecimenFact,
    VariantsFact,
    Withdrawal,
    WithdrawalReason,
)
from casepath.inference.v1.scoring_pb2 import DerivedInstance, FailureReason, Finding
from casepath.intake.v1.order_pb2 import Code
from casepath.intake.v1.patient_pb2 import Sex
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import Verdict
from casepath.sequencing.v1.known_variants_pb2 import Respect
from casepath.slides.v1.slide_pb2 import Instance
from hub.facts import CONDITION, GENE, IMAGE, MEASUREMENT, NOTE, PERSON, PROCEDURE, RETRACTED, SPECIMEN, VARIANT, WITHDRAWAL, Row

# What models say of a slide has no code of a terminology yet.
OWN = "99CASEPATH"
SCORE, FINDING, REVIEW, LOOKUP = "slide-score", "finding", "finding-review", "known-variants"
# Of a note that takes back those before it (`omop/note.sql`).
WITHDRAWS = "withdraws"
GENES = "HGNC"
# A model's run that failed has no value, and never one of zero.
# Of a person, who they are to whom else has them; in facts alone.
LINKAGE, LINKAGE_EXACT = "linkage", "linkage_exact"
FAILED, NOT_CALLED = "failed", "not called"


def identifier(*parts: str) -> int:
    """A positive number of 63 bits, the same for the same parts."""
    return int.from_bytes(sha256("\x1f".join(parts).encode()).digest()[:8]) >> 1


def rows(fact: FactReleased, partition: int, offset: int) -> list[Row]:
    """What a fact says, in order."""
    said = getattr(fact, fact.WhichOneof("fact"))
    name = name_of(said)
    beginning = Row(
        project=fact.project,
        hospital=fact.hospital,
        subject=fact.subject_id,
        person_id=identifier(fact.project, fact.subject_id),
        kind=str(fact.WhichOneof("fact")),
        name=name,
        lineage=fact.lineage_id,
        as_of=moment(fact, "as_of"),
        moved_as_of=moment(fact, "moved_as_of"),
        said_at=moment(fact, "said_at"),
        partition=partition,
        offset=offset,
        case_id=said.case_id,
        domain="",
        row_id=0,
    )
    made = says(said, beginning)
    return [
        replace(one, row_id=identifier(one.project, one.subject, one.kind, name, one.domain, one.item or str(number)))
        for number, one in enumerate(made)
    ]


def moment(fact: FactReleased, field: str) -> datetime | None:
    return getattr(fact, field).ToDatetime(UTC) if fact.HasField(field) else None


def name_of(said: Any) -> str:
    match said:
        case SlideFact():
            return said.scan_id
        case ScoreFact():
            return said.job_id
        case ReportFact():
            return f"{said.case_id}/{said.number:04}"
        case ReviewFact():
            return said.finding_id
        case PharmacogenomicFact():
            return f"{said.case_id}/{said.sample_id}"
        case VariantsFact():
            return f"{said.case_id}/{said.file_id}"
        case _:
            return str(said.case_id)


def says(said: Any, row: Row) -> Iterator[Row]:
    match said:
        case CaseFact():
            yield from case(said, row)
        case SlideFact():
            yield from (level(said, one, row) for one in said.instances)
        case ScoreFact():
            yield from score(said, row)
        case ReportFact():
            yield from report(said, replace(row, day=day(said.signed_on), value=said.number))
        case ReviewFact():
            yield review(said, row)
        case PharmacogenomicFact():
            yield from genes(said, row)
        case VariantsFact():
            yield from variants(said, row)
        case Withdrawal():
            yield replace(row, domain=WITHDRAWAL, value_text=WithdrawalReason.Name(said.reason))


def report(said: ReportFact, row: Row) -> Iterator[Row]:
    """Words, and diagnoses in code."""
    yield replace(row, domain=NOTE, text=said.text, value_text=WITHDRAWS if said.withdraws else "")
    for one in said.diagnoses:
        yield replace(coded(row, one), domain=CONDITION, item=f"{one.system} {one.code}")


def case(said: CaseFact, row: Row) -> Iterator[Row]:
    born = float(said.birth_year) if said.birth_year else None
    extra = dumps({LINKAGE: said.linkage.hex(), LINKAGE_EXACT: said.linkage_exact.hex()}) if said.linkage else ""
    yield replace(row, domain=PERSON, value=born, value_text=Sex.Name(said.sex).removeprefix("SEX_").lower(), extra=extra)
    for service in said.services:
        yield procedure(service, said, row)
        yield from (specimen(one, row) for one in service.specimens)


def procedure(service: ServiceFact, said: CaseFact, row: Row) -> Row:
    ordered = coded(row, service.service)
    return replace(ordered, domain=PROCEDURE, day=day(said.ordered_on), extra=dumps({"called_off": service.called_off}))


def specimen(one: SpecimenFact, row: Row) -> Row:
    extra = {"site": [one.site.code, one.site.system, one.site.text], "slides": list(one.slide_ids)}
    return replace(coded(row, one.type), domain=SPECIMEN, item=one.specimen_id, day=day(one.collected_on), extra=dumps(extra))


def image(row: Row, uid: str, object_: ObjectRef, **about: Any) -> Row:
    extra = {**about, "path": object_.path, "sha256": object_.sha256, "size": object_.size}
    return replace(row, domain=IMAGE, item=uid, extra=dumps(extra))


def level(said: SlideFact, one: Instance, row: Row) -> Row:
    return image(
        row,
        one.sop_instance_uid,
        one.object,
        study=said.study_instance_uid,
        series=said.series_instance_uid,
        slide=said.slide_id,
        scan=said.scan_id,
        modality="SM",
        transfer_syntax=one.transfer_syntax_uid,
        columns=one.total_columns,
        rows=one.total_rows,
        microns_per_pixel=one.microns_per_pixel,
    )


def derived(said: ScoreFact, one: DerivedInstance, row: Row) -> Row:
    about = {"slide": said.slide_id, "scan": said.scan_id, "modality": one.modality}
    return image(row, one.sop_instance_uid, one.object, study="", series=one.series_instance_uid, **about)


def score(said: ScoreFact, row: Row) -> Iterator[Row]:
    model = said.model
    extra: dict[str, Any] = {"model": model.name, "version": model.version, "sha256": model.sha256, "slide": said.slide_id}
    measured = replace(row, domain=MEASUREMENT, item=said.job_id, code=SCORE, system=OWN, text=f"{model.name} {model.version}")
    if said.WhichOneof("outcome") == "failed":
        reason = FailureReason.Name(said.failed)
        yield replace(measured, value_text=FAILED, extra=dumps({**extra, "reason": reason}))
        return
    found = said.scored
    extra |= {"findings": found.findings, "positive_fraction": found.positive_fraction, "unexamined": found.unexamined_tissue}
    yield replace(measured, value=found.score, extra=dumps(extra))
    yield from (region(said, one, row) for one in found.regions)
    yield from (derived(said, one, row) for one in found.instances)


def region(said: ScoreFact, one: Finding, row: Row) -> Row:
    """A region that a model points at, with its highest probability; its box is in micrometres of the slide."""
    side = said.scored.tile_microns
    extra = {
        "slide": said.slide_id,
        "scan": said.scan_id,
        "finding": one.finding_id,
        "left": one.column * side,
        "top": one.row * side,
        "width": one.columns * side,
        "height": one.rows * side,
        "outline": [[corner.column * side, corner.row * side] for corner in one.outline],
    }
    return replace(row, domain=MEASUREMENT, item=one.finding_id, code=FINDING, system=OWN, value=one.score, extra=dumps(extra))


def review(said: ReviewFact, row: Row) -> Row:
    """What a pathologist said of a region."""
    verdict = Verdict.Name(said.verdict).removeprefix("VERDICT_").lower()
    extra = dumps({"slide": said.slide_id, "finding": said.finding_id, "correction": said.correction})
    reviewed = replace(row, domain=MEASUREMENT, item=said.finding_id, code=REVIEW, system=OWN)
    return replace(reviewed, value_text=verdict, extra=extra)


def genes(said: PharmacogenomicFact, row: Row) -> Iterator[Row]:
    """A gene that was not called says so: it is no reference. A withdrawal is in no table, and takes the place of what was."""
    if said.withdraws:
        yield replace(row, domain=RETRACTED)
    for one in said.genes:
        called = " or ".join(one.diplotypes) or "+".join(one.components)
        phenotypes = [each.result for each in one.phenotypes]
        extra = dumps({"phenotypes": phenotypes, "definitions": said.definitions, "reason": one.reason})
        made = replace(row, domain=GENE, item=one.gene, code=one.gene, system=GENES)
        yield replace(made, value_text=called or NOT_CALLED, extra=extra)


def variants(said: VariantsFact, row: Row) -> Iterator[Row]:
    """What is said of each variant, quoted, for each gene that the source names; and that there was a lookup at all."""
    if said.withdraws:
        yield replace(row, domain=RETRACTED)
        return
    snapshots = [f"{one.source} {one.release}" for one in said.snapshots]
    extra = {"looked_up": said.looked_up, "known": said.known, "told": len(said.variants), "snapshots": snapshots}
    looked_up = replace(row, domain=MEASUREMENT, item=said.file_id, code=LOOKUP, system=OWN, value=float(said.notable))
    yield replace(looked_up, extra=dumps(extra))
    reference = next((one.reference for one in said.snapshots), "")
    for variant in said.variants:
        at = f"{variant.contig}:{variant.position}:{variant.reference_bases}:{variant.alternate_bases}"
        for one in variant.statements:
            about = {
                # Not as the words of the code, which are told to who asks what can be asked.
                "variant": at,
                "name": one.variant_name,
                "reference": reference,
                "genotype": variant.genotype,
                "source": f"{one.source} {one.release}",
                "accession": one.accession,
                "respect": Respect.Name(one.respect).removeprefix("RESPECT_").lower(),
                "review": one.review,
                "conditions": list(one.conditions),
                "therapies": list(one.therapies),
            }
            quoted = replace(row, domain=VARIANT, value_text=one.significance, extra=dumps(about))
            for gene in one.genes or [""]:
                item = f"{at} {one.accession} {one.respect} {gene}"
                yield replace(quoted, item=item, code=gene, system=GENES)


def coded(row: Row, code: Code) -> Row:
    return replace(row, code=code.code, system=code.system, text=code.text)


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
