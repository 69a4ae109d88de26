"""What deidentification does with its topics: of each event, what each project may get of it; and taking that back."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.deidentification.v1.release_pb2 import (
    WITHDRAWAL_REASON_ERASED,
    WITHDRAWAL_REASON_MOVED,
    WITHDRAWAL_REASON_OBJECTED,
    ObjectionRecorded,
    ReleasedAs,
    Removals,
    Source,
    WithdrawalReason,
)
from casepath.inference.v1.scoring_pb2 import Model, SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import FindingReviewed, GenomicReportWithdrawn, ReportSigned, VariantsDisowned
from casepath.records.v1.erasure_pb2 import PatientErased
from casepath.records.v1.filing_pb2 import CaseMoved
from casepath.sequencing.v1.known_variants_pb2 import KnownVariants, VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    BY_NAME,
    DEIDENTIFICATION_OBJECTION_RECORDED,
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    INTAKE_ORDER_PLACED,
    PORTAL_FINDING_REVIEWED,
    PORTAL_GENOMICS_WITHDRAWN,
    PORTAL_REPORT_SIGNED,
    PORTAL_VARIANTS_DISOWNED,
    RECORDS_CASE_MOVED,
    RECORDS_PATIENT_ERASED,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
    SEQUENCING_VARIANTS_ANNOTATED,
    SLIDES_SLIDE_INGESTED,
    Topic,
)
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.merges import Merges
from chassis.objects import Objects, Shelf, by_folder, recorded
from chassis.orders import ShelvedOrders
from chassis.worker import Received, Route
from deidentification.adapters.dicom_files import deidentify
from deidentification.dicom import Disguise
from deidentification.dicom_rules import TERMS
from deidentification.free_text import cleaned
from deidentification.french_words import FrenchWords
from deidentification.handlers import (
    Release,
    case_fact,
    pharmacogenomic_fact,
    pharmacogenomics_withdrawn,
    released,
    released_instances,
    report_fact,
    review_fact,
    score_fact,
    slide_fact,
    variants_fact,
    variants_withdrawn,
    volumes,
    withdrawal_recorded,
    withdrawn,
)
from deidentification.identifiers import of_merge, of_order
from deidentification.projects import CASES, PHARMACOGENOMICS, REPORTS, REVIEWS, SCORES, SLIDES, VARIANTS, Project
from deidentification.pseudonyms import Subject
from deidentification.scanner import Identifier, Scanner

# What each topic is to a project.
CONTENT_OF = {
    INTAKE_ORDER_PLACED.name: CASES,
    SLIDES_SLIDE_INGESTED.name: SLIDES,
    INFERENCE_SLIDE_SCORED.name: SCORES,
    INFERENCE_SLIDE_FAILED.name: SCORES,
    PORTAL_REPORT_SIGNED.name: REPORTS,
    PORTAL_FINDING_REVIEWED.name: REVIEWS,
    SEQUENCING_PHARMACOGENOMICS_REPORTED.name: PHARMACOGENOMICS,
    PORTAL_GENOMICS_WITHDRAWN.name: PHARMACOGENOMICS,
    SEQUENCING_VARIANTS_ANNOTATED.name: VARIANTS,
    PORTAL_VARIANTS_DISOWNED.name: VARIANTS,
}
# Of an objection to every project.
ALL = "all"


def today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is known of a case, of whether it may leave to a project, and of whose it is."""

    order: OrderPlaced = field(repr=False)
    statements: Sequence[ObjectionRecorded]
    move: CaseMoved | None

    @property
    def as_of(self) -> Timestamp | None:
        return max((one.recorded_at for one in self.statements), key=Timestamp.ToNanoseconds, default=None)

    @property
    def moved_as_of(self) -> Timestamp | None:
        return self.move.recorded_at if self.move is not None else None


class Releasing:
    """Releases each event to each project that may have it. What an event is released again of, is kept by its case."""

    def __init__(
        self,
        projects: Sequence[Project],
        hospital: str,
        objects: Objects,
        released_objects: Objects,
        orders: ShelvedOrders,
        words: FrenchWords,
        scratch: Path,
        known_words: frozenset[str] = frozenset(),
        day: Callable[[], date] = today,
    ) -> None:
        self.projects = projects
        self.hospital = hospital
        self.objects = objects
        self.released_objects = released_objects
        self.orders = orders
        self.words = words
        self.scratch = scratch
        self.known_words = known_words
        self.day = day
        self.merges = Merges(objects, "deidentification")
        self.sources = Shelf(objects, Source, "deidentification/sources", by_folder)
        # Opaque ids alone, so that they can be read after an erasure: the cases of each patient, and as whom each was released.
        self.cases = Shelf(objects, ReleasedAs, "deidentification/cases")
        self.released_as = Shelf(objects, ReleasedAs, "deidentification/released-as")
        self.objections = Shelf(objects, ObjectionRecorded, "deidentification/objections")
        self.removals = Shelf(objects, Removals, "deidentification/removals")

    def routes(self) -> list[Route[Any]]:
        return [
            *self.merges.routes(),
            Route(INTAKE_ORDER_PLACED, self.order),
            Route(SLIDES_SLIDE_INGESTED, self.slide, batch=4),
            Route(INFERENCE_SLIDE_SCORED, self.score, batch=4),
            Route(INFERENCE_SLIDE_FAILED, self.failure),
            Route(PORTAL_REPORT_SIGNED, self.report),
            Route(PORTAL_FINDING_REVIEWED, self.review),
            Route(SEQUENCING_PHARMACOGENOMICS_REPORTED, self.pharmacogenomics),
            Route(PORTAL_GENOMICS_WITHDRAWN, self.genomics_withdrawn),
            Route(SEQUENCING_VARIANTS_ANNOTATED, self.variants),
            Route(PORTAL_VARIANTS_DISOWNED, self.disowned),
            Route(RECORDS_CASE_MOVED, self.move),
            Route(RECORDS_PATIENT_ERASED, self.erase),
            Route(DEIDENTIFICATION_OBJECTION_RECORDED, self.object),
        ]

    async def order(self, received: Received[OrderPlaced]) -> Iterable[Event]:
        """One recorded earlier than what is kept changes nothing."""
        await self.orders.keep(received)
        order = await self.orders.of_case(received.data.case_id)
        if order is None or recorded(order) > recorded(received.data):
            return ()
        await self.cases.put(f"{order.patient.patient_id}/{order.case_id}", ReleasedAs())
        return await self.take(INTAKE_ORDER_PLACED, "order", received, order, received.data.recorded_at)

    async def slide(self, received: Received[SlideIngested]) -> Iterable[Event]:
        return await self.of_case(SLIDES_SLIDE_INGESTED, f"slide.{received.data.scan_id}", received)

    async def score(self, received: Received[SlideScored]) -> Iterable[Event]:
        return await self.of_case(INFERENCE_SLIDE_SCORED, f"score.{received.data.job_id}", received)

    async def failure(self, received: Received[SlideFailed]) -> Iterable[Event]:
        return await self.of_case(INFERENCE_SLIDE_FAILED, f"score.{received.data.job_id}", received)

    async def report(self, received: Received[ReportSigned]) -> Iterable[Event]:
        return await self.of_case(PORTAL_REPORT_SIGNED, f"report.{received.data.number:04}", received)

    async def review(self, received: Received[FindingReviewed]) -> Iterable[Event]:
        return await self.of_case(PORTAL_FINDING_REVIEWED, f"review.{received.data.finding_id}", received)

    async def pharmacogenomics(self, received: Received[PharmacogenomicsReported]) -> Iterable[Event]:
        return await self.of_case(SEQUENCING_PHARMACOGENOMICS_REPORTED, f"genes.{received.data.report_id}", received)

    async def genomics_withdrawn(self, received: Received[GenomicReportWithdrawn]) -> Iterable[Event]:
        """It takes the place of what was said."""
        order = await self.orders.expected(received.data.case_id, PORTAL_GENOMICS_WITHDRAWN.name)
        name, at = f"genes.{received.data.report_id}", received.data.signed_at
        return await self.take(PORTAL_GENOMICS_WITHDRAWN, name, received, order, at)

    async def variants(self, received: Received[VariantsAnnotated]) -> Iterable[Event]:
        """What could not be looked up says nothing; nor does what is another patient's, whenever that was found."""
        said = received.data
        if said.withheld:
            return ()
        order = await self.orders.expected(said.case_id, SEQUENCING_VARIANTS_ANNOTATED.name)
        name = variants_name(order, said.variants_sha256)
        source = kept_source(SEQUENCING_VARIANTS_ANNOTATED, received, said, told_at(received))

        def unless_disowned(kept: Source | None) -> Source | None:
            if kept is not None and (kept.topic == PORTAL_VARIANTS_DISOWNED.name or recorded(kept) > recorded(source)):
                return None
            return source

        await self.sources.change(name, unless_disowned)
        kept = await self.sources.get(name)
        if kept is not None and kept.topic == PORTAL_VARIANTS_DISOWNED.name:
            return ()
        return await self.release(order, [source])

    async def disowned(self, received: Received[VariantsDisowned]) -> Iterable[Event]:
        """Each file of them takes the place of what was said of it, also of what was said since."""
        order = await self.orders.expected(received.data.case_id, PORTAL_VARIANTS_DISOWNED.name)
        sources = []
        for sha256 in received.data.variants_sha256:
            of_file = VariantsDisowned()
            of_file.CopyFrom(received.data)
            of_file.variants_sha256[:] = [sha256]
            sources.append(await self.last_word(order, of_file, received))
        return await self.release(order, sources)

    async def last_word(self, order: OrderPlaced, said: VariantsDisowned, received: Received[VariantsDisowned]) -> Source:
        """Kept as said after whatever was said of the file."""
        name = variants_name(order, said.variants_sha256[0])

        def last(kept: Source | None) -> Source | None:
            if kept is not None and kept.topic == PORTAL_VARIANTS_DISOWNED.name:
                return None
            before = recorded(kept) + 1000 if kept is not None else 0
            at = Timestamp()
            at.FromNanoseconds(max(said.signed_at.ToNanoseconds(), before))
            return kept_source(PORTAL_VARIANTS_DISOWNED, received, said, at)

        await self.sources.change(name, last)
        kept = await self.sources.get(name)
        if kept is None:
            raise Unavailable("what was kept of the case was removed meanwhile")
        return kept

    async def of_case(self, topic: Topic[Any], name: str, received: Received[Any]) -> list[Event]:
        """An event waits until the order of its case is here: it says who the patient is, and what must not leave."""
        order = await self.orders.expected(received.data.case_id, topic.name)
        return await self.take(topic, name, received, order, told_at(received))

    async def take(
        self, topic: Topic[Any], name: str, received: Received[Any], order: OrderPlaced, said_at: Timestamp
    ) -> list[Event]:
        source = kept_source(topic, received, received.data, said_at)
        await self.sources.put_latest(f"{order.case_id}/{name}", source)
        return await self.release(order, [source])

    async def release(
        self, order: OrderPlaced, sources: Sequence[Source], projects: Sequence[Project] | None = None
    ) -> list[Event]:
        """What each project gets of these events, and that it did. Raise as what makes it: then nothing leaves to any project.

        It gets all of the case where copies were removed that may lie there again: who removed them knew less than is known now.
        """
        events: list[Event] = []
        identifiers = await self.identifiers(order)
        scanner = Scanner.of(identifiers, TERMS)
        for project in self.projects if projects is None else projects:
            wanted = self.wanted(project, order, sources)
            if not wanted:
                continue
            known = await self.known(project, order)
            await self.clear(project, known)
            if objected(known.statements):
                continue
            removals = await self.removals.get(removals_name(project, order.patient.patient_id, order.case_id)) or Removals()
            if removals.removed > removals.made_anew:
                wanted = self.wanted(project, order, await self.sources.all(order.case_id))
            subject = Subject(project.pseudonyms, order.patient.patient_id)
            release = Release(
                project,
                self.hospital,
                subject,
                order,
                known.as_of,
                known.moved_as_of,
                identifiers,
                partial(cleaned, subject=subject, words=self.words),
                scanner,
            )
            # Before anything leaves, so that whatever left can be taken back: who decides otherwise from now on finds it here.
            await self.note(project, order)
            await self.unless_decided(project, known)
            for source in wanted:
                data = BY_NAME[source.topic].message.FromString(source.message)
                events += released(release, await self.fact(release, data), source)
            # Who decided otherwise may have emptied the store of what leaves before copies were put there.
            await self.unless_decided(project, known)
            if removals.removed > removals.made_anew:
                await self.made_anew(project, order, removals)
        return events

    def wanted(self, project: Project, order: OrderPlaced, sources: Iterable[Source]) -> list[Source]:
        """Those of which a project gets something today."""
        return [one for one in sources if project.takes(CONTENT_OF[one.topic], order.unit, self.day())]

    async def made_anew(self, project: Project, order: OrderPlaced, removals: Removals) -> None:
        """After these removals; not after any that came since."""

        def later(kept: Removals | None) -> Removals | None:
            before = kept or Removals()
            if before.made_anew >= removals.removed:
                return None
            return Removals(removed=before.removed, made_anew=removals.removed)

        await self.removals.change(removals_name(project, order.patient.patient_id, order.case_id), later)

    async def known(self, project: Project, order: OrderPlaced) -> Decisions:
        """Of whom `order` names."""
        statements = await self.statements(project, order.patient.patient_id)
        return Decisions(order, statements, await self.orders.moves.get(order.case_id))

    async def unless_decided(self, project: Project, known: Decisions) -> None:
        """Raise Unavailable where what was known of a case when it began to be released is not what is known now.

        What may not lie in the store of what leaves any more is removed from it first.
        """
        order = known.order
        now, again = await self.orders.of_case(order.case_id), await self.known(project, order)
        if now == order and again == known:
            return
        if now is None or now.patient != order.patient or objected(again.statements):
            await self.remove_copies(project, order.patient.patient_id, order.case_id)
        raise Unavailable("what is known of the case, whose it is, or whether it may leave, changed meanwhile")

    async def clear(self, project: Project, known: Decisions) -> None:
        """Remove what may not lie in the store of what leaves: who copied it may have been ended before they asked again."""
        order = known.order
        kept = await self.released_as.get(f"{order.case_id}/{project.name}")
        for patient in kept.patient_ids if kept is not None else ():
            if patient != order.patient.patient_id or objected(known.statements):
                await self.remove_copies(project, patient, order.case_id)
                await self.unless_released_again(project, patient, order.case_id)

    async def remove_copies(self, project: Project, patient_id: str, case_id: str) -> None:
        """Of a case as this patient's, from the store of what leaves.

        It is counted before, since who removes them may be ended in between, and after, since others may make them meanwhile.
        """
        name = removals_name(project, patient_id, case_id)
        await self.removals.change(name, once_more)
        await self.released_objects.remove(case_folder(project, Subject(project.pseudonyms, patient_id), case_id))
        await self.removals.change(name, once_more)

    async def unless_released_again(self, project: Project, patient_id: str, case_id: str) -> None:
        """Raise Unavailable where copies of now may have gone with those that were to be: taken again, they are made anew."""
        order = await self.orders.of_case(case_id)
        if order is None or order.patient.patient_id != patient_id:
            return
        if not objected(await self.statements(project, patient_id)):
            raise Unavailable("it was decided meanwhile that the case may leave again")

    async def identifiers(self, order: OrderPlaced) -> tuple[Identifier, ...]:
        """Of who the patient is, of whom it was ordered for, and of all whom they were merged with."""
        found = of_order(order)
        ordered = await self.orders.shelf.get(order.case_id)
        if ordered is not None:
            found += of_order(ordered)
        for patient in await self.merges.one_person([order.patient.patient_id]):
            merge = await self.merges.merged.get(patient)
            found += of_merge(merge) if merge is not None else []
        return tuple(dict.fromkeys(found))

    async def fact(self, release: Release, data: Message) -> Message:
        match data:
            case OrderPlaced():
                return case_fact(release)
            case SlideIngested():
                return slide_fact(release, data, await self.copies(release, [one.object for one in volumes(data)]))
            case SlideScored():
                found = [one.object for one in released_instances(data)]
                return score_fact(release, data, await self.copies(release, found, data.model))
            case SlideFailed():
                return score_fact(release, data)
            case ReportSigned():
                return await asyncio.to_thread(report_fact, release, data)
            case FindingReviewed():
                return await asyncio.to_thread(review_fact, release, data)
            case PharmacogenomicsReported():
                return pharmacogenomic_fact(release, data)
            case GenomicReportWithdrawn():
                return pharmacogenomics_withdrawn(release, data)
            case VariantsAnnotated():
                return variants_fact(release, data, KnownVariants.FromString(await self.objects.get(data.variants)))
            case VariantsDisowned():
                return variants_withdrawn(release, data)
            case _:
                raise TypeError(f"{data.DESCRIPTOR.full_name} is nothing that is released")

    async def copies(self, release: Release, found: Sequence[ObjectRef], model: Model | None = None) -> list[ObjectRef]:
        """DICOM objects as they may leave, in the store of what leaves."""
        words = self.known_words | ({model.name, model.version} if model is not None else frozenset())
        disguise, scanner, made = Disguise(release.subject, words), release.scanner.beside(words), []
        folder = case_folder(release.project, release.subject, release.order.case_id)
        for one in found:
            with TemporaryDirectory(dir=self.scratch) as work:
                async with self.objects.local(one, self.scratch) as file:
                    target = Path(work) / "released.dcm"
                    await asyncio.to_thread(deidentify, file, target, disguise, scanner)
                made.append(await self.released_objects.put(target, folder=folder))
        return made

    async def note(self, project: Project, order: OrderPlaced) -> None:
        name, patient = f"{order.case_id}/{project.name}", order.patient.patient_id
        await self.cases.put(f"{patient}/{order.case_id}", ReleasedAs())

        def with_patient(kept: ReleasedAs | None) -> ReleasedAs | None:
            before = list(kept.patient_ids) if kept is not None else []
            return None if patient in before else ReleasedAs(project=project.name, patient_ids=[*before, patient])

        await self.released_as.change(name, with_patient)

    async def statements(self, project: Project, patient_id: str) -> list[ObjectionRecorded]:
        """The latest that was said for this project, and for all, under any number of the patient."""
        latest: dict[str, ObjectionRecorded] = {}
        for patient in await self.merges.one_person([patient_id]):
            for scope in (ALL, project.name):
                said = await self.objections.get(f"{patient}/{scope}")
                if said is not None and (scope not in latest or recorded(latest[scope]) <= recorded(said)):
                    latest[scope] = said
        return list(latest.values())

    async def move(self, received: Received[CaseMoved]) -> Iterable[Event]:
        """What was released of the case as another patient's is taken back, and released as whose it is now."""
        await self.orders.move(received)
        order = await self.orders.of_case(received.data.case_id)
        if order is None:
            return ()
        await self.cases.put(f"{order.patient.patient_id}/{order.case_id}", ReleasedAs())
        events: list[Event] = []
        for project in self.projects:
            kept = await self.released_as.get(f"{order.case_id}/{project.name}")
            for patient in kept.patient_ids if kept is not None else ():
                if patient != order.patient.patient_id:
                    events += await self.withdraw(
                        project, patient, [order.case_id], WITHDRAWAL_REASON_MOVED, received.data.recorded_at, received
                    )
        return [*events, *await self.release(order, await self.sources.all(order.case_id))]

    async def object(self, received: Received[ObjectionRecorded]) -> Iterable[Event]:
        """What was released of the patient is taken back; or released again, where they do not object any more."""
        said = received.data
        await self.objections.put_latest(f"{said.patient_id}/{said.project or ALL}", said)
        events: list[Event] = []
        for project in self.projects:
            if said.project in ("", project.name):
                for patient in await self.merges.one_person([said.patient_id]):
                    events += await self.settle(project, patient, received)
        return events

    async def settle(self, project: Project, patient_id: str, received: Received[ObjectionRecorded]) -> list[Event]:
        cases = sorted(await self.cases.names(patient_id))
        if objected(await self.statements(project, patient_id)):
            at = received.data.recorded_at
            return await self.withdraw(project, patient_id, cases, WITHDRAWAL_REASON_OBJECTED, at, received, whole=True)
        events: list[Event] = []
        for case in cases:
            order = await self.orders.of_case(case)
            if order is not None and order.patient.patient_id == patient_id:
                events += await self.release(order, await self.sources.all(case), [project])
        return events

    async def erase(self, received: Received[PatientErased]) -> Iterable[Event]:
        """The keys of the patient's cases are destroyed: that this was withdrawn is not recorded under them."""
        said = received.data
        events: list[Event] = []
        for project in self.projects:
            cases = sorted(await self.cases.names(said.patient_id))
            events += await self.withdraw(
                project, said.patient_id, cases, WITHDRAWAL_REASON_ERASED, said.erased_at, received, whole=True
            )
        return [event for event in events if event.topic.of == ""]

    async def withdraw(
        self,
        project: Project,
        patient_id: str,
        cases: Sequence[str],
        reason: WithdrawalReason,
        at: Timestamp,
        received: Received[Any],
        *,
        whole: bool = False,
    ) -> list[Event]:
        """Take back what was released of these cases as this patient's: of the `whole` patient in one word, or case by case.

        What lies in the store of what leaves is removed first.
        """
        mine = []
        for case in cases:
            kept = await self.released_as.get(f"{case}/{project.name}")
            if kept is not None and patient_id in kept.patient_ids:
                mine.append(case)
        if not mine:
            return []
        subject = Subject(project.pseudonyms, patient_id)
        event = str(received.envelope.id)
        for case in mine:
            await self.remove_copies(project, patient_id, case)
            if reason != WITHDRAWAL_REASON_ERASED:
                await self.unless_released_again(project, patient_id, case)
        named = [""] if whole else mine
        told = [withdrawn(project, self.hospital, subject, case, reason, at, event) for case in named]
        return [*told, *(withdrawal_recorded(project, case, reason) for case in mine)]


def told_at(received: Received[Any]) -> Timestamp:
    """When the event was told, by its envelope."""
    at = Timestamp()
    at.FromDatetime(received.envelope.time)
    return at


def variants_name(order: OrderPlaced, sha256: str) -> str:
    """Under which what was said last of a file of variants is kept."""
    return f"{order.case_id}/variants.{sha256}"


def kept_source(topic: Topic[Any], received: Received[Any], said: Message, said_at: Timestamp) -> Source:
    message = said.SerializeToString(deterministic=True)
    return Source(topic=topic.name, message=message, event_id=str(received.envelope.id), recorded_at=said_at)


def once_more(kept: Removals | None) -> Removals:
    before = kept or Removals()
    return Removals(removed=before.removed + 1, made_anew=before.made_anew)


def removals_name(project: Project, patient_id: str, case_id: str) -> str:
    return f"{case_id}/{project.name}/{patient_id}"


def objected(statements: Sequence[ObjectionRecorded]) -> bool:
    return any(not said.lifted for said in statements)


def case_folder(project: Project, subject: Subject, case_id: str) -> str:
    """Where copies of a case lie in the store of what leaves; `case_id` is the hospital's."""
    return f"released/{project.name}/{subject.name}/{subject.pseudonyms.name('case', case_id)}"
