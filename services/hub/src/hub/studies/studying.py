"""What researchers, offices and the hub itself do with studies. One process does, and one thing after the other writes."""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from cachetools import LRUCache
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.hub.v1.studies_pb2 import (
    EXPORT_STATE_GRANTED,
    EXPORT_STATE_REFUSED,
    EXPORT_STATE_WAITING,
    RESEARCH_TABLE_CONDITION_OCCURRENCE,
    RESEARCH_TABLE_MEASUREMENT,
    STUDY_STATE_ENDED,
    AskedCohort,
    CountCohortResponse,
    Export,
    Extract,
    KnownCode,
    Office,
    Study,
    StudyDecision,
    StudyRequest,
)
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.access import Forbidden, Permission, Principal
from chassis.errors import Malformed, NotFound
from chassis.isolated import Isolated
from hub.adapters.study_store import StudyStore
from hub.adapters.warehouse import Warehouse
from hub.cohorts import SMALLEST, Cohort, persons, read_cohort
from hub.questions import codes, count
from hub.studies import disclosure, rules
from hub.studies.extraction import Made, extract, without
from hub.studies.names import Names
from hub.studies.regression import Place, Sums, read_design, sums
from hub.studies.workspace import MOST_EXPORTED, MOST_SHOWN, SECONDS, Answer, Question, answer, exported, small

log: structlog.stdlib.BoundLogger = structlog.get_logger()

EXPORTS = "exports"


@dataclass
class Studying:
    """`least` is the smallest class of persons that a study gets, `scratch` a folder of this process alone."""

    warehouse: Warehouse
    store: StudyStore
    isolated: Isolated
    scratch: Path
    least: int
    today: Callable[[], date] = date.today
    # Whoever writes a study, and whoever asks for a count: that is compared with all that they asked before.
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)
    codes_of: LRUCache[tuple[str, str], list[KnownCode]] = field(default_factory=lambda: LRUCache(64))

    async def request(self, request: StudyRequest, who: Principal) -> Study:
        who.must(Permission.REQUEST_STUDIES)
        rules.check_request(request, self.today())
        if request.project not in await asyncio.to_thread(self.warehouse.projects):
            raise NotFound("no hospital has released anything to this project")
        study = Study(study_id=str(uuid4()), request=request, requested_by=who.subject, requested_at=now())
        await self.store.studies.put(study.study_id, study)
        log.info("study requested", study_id=study.study_id)
        return self.current(study)

    def current(self, study: Study) -> Study:
        study.state = rules.state_of(study, self.today())
        return study

    async def get(self, study_id: str, who: Principal) -> Study:
        study = await self.store.get(study_id)
        rules.must_see(study, who)
        return self.current(study)

    async def exports(self, study_id: str) -> list[Export]:
        return sorted(await self.store.exports.all(study_id), key=lambda one: one.asked_at.ToNanoseconds())

    async def all(self, who: Principal) -> list[Study]:
        """Those that somebody is a member of, or all for who decides; the newest first."""
        who.must(Permission.SEE_STUDIES)
        found = [one for one in await self.store.studies.all() if rules.decides(who) or rules.is_member(one, who)]
        return [self.current(one) for one in sorted(found, key=lambda one: one.requested_at.ToNanoseconds(), reverse=True)]

    async def projects(self) -> list[str]:
        return await asyncio.to_thread(self.warehouse.projects)

    async def decide(self, study_id: str, office: Office, granted: bool, reason: str, who: Principal) -> Study:
        async with self.writing:
            study = await self.store.get(study_id)
            rules.must_decide(study, who, office, self.today())
            study.decisions.append(
                StudyDecision(office=office, granted=granted, reason=reason, decided_by=who.subject, decided_at=now())
            )
            await self.store.studies.put(study_id, study)
        log.info("study decided", study_id=study_id, office=Office.Name(office), granted=granted)
        return self.current(study)

    async def end(self, study_id: str, who: Principal) -> Study:
        async with self.writing:
            study = await self.store.get(study_id)
            rules.must_end(study, who)
            if not study.HasField("ended_at"):
                study.ended_by = who.subject
                await self.close(study)
        return self.current(study)

    async def close(self, study: Study) -> None:
        """Remove what it has, and then say that it is over: what is said to be removed is."""
        await self.store.remove(study.study_id)
        study.ClearField("extract")
        study.ended_at.CopyFrom(now())
        await self.store.studies.put(study.study_id, study)
        log.info("study ended", study_id=study.study_id)

    async def count(self, project: str, cohort: str, who: Principal) -> CountCohortResponse:
        who.must(Permission.SEE_STUDIES)
        wanted = read_cohort(cohort)
        async with self.counting:
            snapshot = await asyncio.to_thread(self.warehouse.newest)
            before = await self.store.asked_before(who.subject, snapshot)
            earlier = [read_cohort(one) for one in before]
            told = await asyncio.to_thread(self.counted, snapshot, project, wanted, earlier)
            if wanted not in earlier:
                asked = AskedCohort(cohort=wanted.model_dump_json(), asked_at=now())
                await self.store.note(who.subject, snapshot, len(before), asked)
        return CountCohortResponse(persons=told or 0, smallest=SMALLEST, snapshot=snapshot)

    def counted(self, snapshot: str, project: str, wanted: Cohort, earlier: list[Cohort]) -> int | None:
        with self.warehouse.snapshot(snapshot) as database:
            return count(database, project, wanted, earlier, SMALLEST)

    async def known_codes(self, project: str, who: Principal) -> list[KnownCode]:
        who.must(Permission.SEE_STUDIES)
        snapshot = await asyncio.to_thread(self.warehouse.newest)
        if (snapshot, project) not in self.codes_of:
            self.codes_of[snapshot, project] = await asyncio.to_thread(self.read_codes, snapshot, project)
        return self.codes_of[snapshot, project]

    def read_codes(self, snapshot: str, project: str) -> list[KnownCode]:
        with self.warehouse.snapshot(snapshot) as database:
            return codes(database, project, SMALLEST)

    async def make_extract(self, study_id: str, who: Principal) -> Extract:
        """Take the study's rows out of the newest snapshot, in place of those it had; or say why they are not given."""
        async with self.writing:
            study = await self.store.get(study_id)
            rules.must_work(study, who, self.today())
            names = await self.store.names(study_id)
            snapshot = await asyncio.to_thread(self.warehouse.newest)
            made = Extract(
                study_id=study_id, number=study.extract.number + 1, snapshot=snapshot, made_at=now(), made_by=who.subject
            )
            with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                file = Path(folder) / "study.duckdb"
                rows = await asyncio.to_thread(self.extracted, study.request, names, made, file)
                if rows is not None:
                    await self.seal(made, file, rows.subjects, rows.images, rows.rows)
            await self.replace(study, made)
        log.info("extract", study_id=study_id, number=made.number, given=not made.refused, persons=made.risk.persons)
        return made

    def extracted(self, request: StudyRequest, names: Names, made: Extract, file: Path) -> Made | None:
        """Fill in what the extract tells, and write the rows; None where they may not be given."""
        tables = [one.table for one in request.tables]
        with self.warehouse.snapshot(made.snapshot) as database:
            query = persons(read_cohort(request.cohort), request.project)
            measured, diagnosed = RESEARCH_TABLE_MEASUREMENT in tables, RESEARCH_TABLE_CONDITION_OCCURRENCE in tables
            chosen = disclosure.chosen(database, query, self.least, measured, diagnosed)
            step = disclosure.fitting(chosen)
            if step is None:
                made.refused = (
                    f"nothing is given: there are fewer than {self.least} persons"
                    if chosen.persons < self.least
                    else f"nothing is given: however coarse, more than {disclosure.MOST_SUPPRESSED:.0%} of the persons would be "
                    f"in a class of fewer than {self.least}, or one that says the same rare thing of all; ask for a wider cohort"
                )
                return None
            made.risk.CopyFrom(disclosure.risk(chosen, step))
            return extract(database, tables, step, names, file)

    async def replace(self, study: Study, made: Extract) -> None:
        """The newest extract is the study's; the rows of the one before go."""
        before = study.extract.number
        study.extract.CopyFrom(made)
        await self.store.studies.put(study.study_id, study)
        await self.store.unseal(study.study_id, str(before))

    async def seal(self, made: Extract, file: Path, subjects: pa.Table, images: pa.Table, rows: Mapping[str, int]) -> None:
        of, part = made.study_id, str(made.number)
        made.images.CopyFrom(await self.store.seal(of, part, as_file(images)))
        made.database.CopyFrom(await self.store.seal(of, part, file))
        made.subjects.CopyFrom(await self.store.seal(of, part, as_file(subjects)))
        made.rows.clear()
        made.rows.update(rows)

    async def query(self, study_id: str, query: str, who: Principal, most: int = MOST_SHOWN) -> Answer:
        study = await self.workable(study_id, who)
        async with self.opened(study.extract.database) as file:
            return await self.isolated.run(answer, Question(file, query, most), SECONDS)

    async def workable(self, study_id: str, who: Principal) -> Study:
        """A study with rows, for its members."""
        study = await self.store.get(study_id)
        rules.must_work(study, who, self.today())
        if not study.extract.database.path:
            raise Malformed("the study has no rows yet: make an extract first")
        return study

    async def table(self, ref: ObjectRef) -> pa.Table:
        """One of those that lie beside the rows."""
        return as_table(await self.store.objects.get(ref))

    def opened(self, ref: ObjectRef) -> AbstractAsyncContextManager[Path]:
        return self.store.objects.local(ref, self.scratch)

    async def fit_step(self, study_id: str, design: str, coefficients: tuple[float, ...], who: Principal) -> Sums:
        wanted = read_design(design)
        study = await self.workable(study_id, who)
        async with self.opened(study.extract.database) as file:
            return await self.isolated.run(sums, Place(file, wanted, coefficients, SMALLEST), SECONDS)

    async def request_export(self, study_id: str, query: str, reason: str, who: Principal) -> Export:
        found = await self.query(study_id, query, who, MOST_EXPORTED)
        content = exported(found)
        made = Export(
            export_id=str(uuid4()),
            study_id=study_id,
            query=query,
            reason=reason,
            asked_by=who.subject,
            asked_at=now(),
            rows=len(found.rows),
            small=small(found, SMALLEST),
            state=EXPORT_STATE_WAITING,
        )
        async with self.writing:
            # It may have ended while it was asked.
            rules.must_work(await self.store.get(study_id), who, self.today())
            made.content.CopyFrom(await self.store.seal(study_id, EXPORTS, content))
            await self.store.exports.put(f"{study_id}/{made.export_id}", made)
        log.info("export asked", study_id=study_id, export_id=made.export_id, rows=made.rows)
        return made

    async def decide_export(self, study_id: str, export_id: str, granted: bool, reason: str, who: Principal) -> Export:
        async with self.writing:
            rules.must_review(await self.store.get(study_id), who)
            found = await self.store.export(study_id, export_id)
            if found.state != EXPORT_STATE_WAITING:
                raise Malformed("the export is decided")
            found.state = EXPORT_STATE_GRANTED if granted else EXPORT_STATE_REFUSED
            found.decided_by, found.decision = who.subject, reason
            found.decided_at.CopyFrom(now())
            await self.store.exports.put(f"{study_id}/{export_id}", found)
        log.info("export decided", study_id=study_id, export_id=export_id, granted=granted)
        return found

    async def read_export(self, study_id: str, export_id: str, who: Principal) -> bytes:
        study = await self.store.get(study_id)
        found = await self.store.export(study_id, export_id)
        if rules.is_member(study, who):
            rules.must_work(study, who, self.today())
            if found.state != EXPORT_STATE_GRANTED:
                raise Forbidden("this export is not granted")
        else:
            rules.must_review(study, who)
        return await self.store.objects.get(found.content)

    async def keep(self) -> None:
        """End studies whose time is over, and take out of the others who does not take part any more."""
        for study_id in await self.store.studies.names():
            async with self.writing:
                study = await self.store.get(study_id)
                if study.HasField("ended_at"):
                    continue
                if rules.state_of(study, self.today()) == STUDY_STATE_ENDED:
                    await self.close(study)
                elif study.extract.database.path:
                    await self.forget_withdrawn(study)

    async def forget_withdrawn(self, study: Study) -> None:
        """Whose hospital does not release them any more is in no row: neither they nor whoever was found to be one with them."""
        table = await self.table(study.extract.subjects)
        pairs = list(zip(table["subject"].to_pylist(), table["person_id"].to_pylist(), strict=True))
        left = await asyncio.to_thread(self.withdrawn, study.request.project, [subject for subject, _ in pairs])
        gone = {person for subject, person in pairs if subject in left}
        if not gone:
            return
        images = await self.table(study.extract.images)
        made = Extract()
        made.CopyFrom(study.extract)
        made.number += 1
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            into = Path(folder) / "study.duckdb"
            async with self.opened(study.extract.database) as file:
                rows = await asyncio.to_thread(without, file, gone, into)
            await self.seal(made, into, left_of(table, gone), left_of(images, gone), rows)
        await self.replace(study, made)
        log.info("withdrawn from study", study_id=study.study_id, persons=len(gone))

    def withdrawn(self, project: str, subjects: Sequence[str]) -> set[str]:
        """Those who are in the newest snapshot no more. Of whom a hub that is made anew has not heard yet, did not leave."""
        if not self.warehouse.snapshots():
            return set()
        with self.warehouse.snapshot() as database:
            found = database.execute("select subjects from person where project = ?", [project]).fetchall()
        known = {one for (listed,) in found for one in listed.split(",")}
        missing = [one for one in subjects if one not in known]
        return self.warehouse.heard_of(missing) if missing else set()


def as_file(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def as_table(content: bytes) -> pa.Table:
    return pa.ipc.open_file(content).read_all()


def left_of(table: pa.Table, gone: Collection[int]) -> pa.Table:
    """Rows of persons who are not gone."""
    return table.filter(pc.invert(pc.is_in(table["person_id"], pa.array(sorted(gone), pa.int64()))))


def now() -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC))
    return made
