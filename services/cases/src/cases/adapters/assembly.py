"""Case assembly on Faust: one table of cases, folded from every topic that cases consumes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import faust
import structlog
from aiokafka.errors import KafkaError
from prometheus_client import Histogram

from casepath.cases.v1.cases_pb2 import Case
from casepath.topics import BY_NAME, TOPICS
from cases.adapters.case_view import CaseView
from cases.handlers import after
from cases.turnaround import turnarounds
from cases.working_time import WorkingTime
from chassis.encryption import readable
from chassis.errors import CasepathError, Erased, Rejected, Unavailable, defect_and_place
from chassis.events import Envelope, read
from chassis.kafka import LEADERS_KNOWN_MS, MECHANISM, Kafka
from chassis.kafka_rights import group_of
from chassis.machine_faults import passing_faults
from chassis.publisher import Publisher
from chassis.telemetry import RECORDS, consuming
from chassis.worker import dead_letter

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Half a minute to five days: some end while somebody waits, others are counted in working days.
TURNAROUND_SECONDS = (30, 60, 120, 300, 600, 1800, 3600, 14_400, 43_200, 86_400, 172_800, 432_000)
TURNAROUND = Histogram(
    "casepath_turnaround_seconds",
    "From a scan, or in working days from an order, to what it leads to",
    ["stage"],
    buckets=TURNAROUND_SECONDS,
)

SERVICE = "cases"
TABLE = "cases"
CONSUMED = tuple(topic for topic in TOPICS if SERVICE in topic.consumers)


class TableLost(CasepathError):
    """RocksDB takes nothing any more, after a disk had no room for what it wrote: it has to be opened anew."""


class Assembly:
    """Folds events until stopped. `ready` when the table is recovered from its changelog."""

    def __init__(
        self, kafka: Kafka, replication: int, folder: Path, view: CaseView, publisher: Publisher, working: WorkingTime
    ) -> None:
        self.view = view
        self.working = working
        self.publisher = publisher
        self.encryption = kafka.encryption
        folder.mkdir(parents=True, exist_ok=True)
        self.app = faust.App(
            group_of(SERVICE),
            broker=f"kafka://{kafka.bootstrap}",
            broker_credentials=credentials(kafka),
            store="rocksdb://",
            datadir=str(folder / "faust"),
            key_serializer="raw",
            # A raw schema on the table itself loses all state on recovery without a word.
            value_serializer="raw",
            processing_guarantee="at_least_once",
            topic_partitions=CONSUMED[0].partitions,
            topic_replication_factor=replication,
            web_enabled=False,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=2.0,
            consumer_metadata_max_age_ms=LEADERS_KNOWN_MS,
            producer_metadata_max_age_ms=LEADERS_KNOWN_MS,
            stream_wait_empty=False,
        )
        source = self.app.topic(
            *(topic.name for topic in CONSUMED),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            partitions=CONSUMED[0].partitions,
        )
        self.table = self.app.Table(TABLE, key_type=bytes, value_type=bytes, partitions=CONSUMED[0].partitions)
        self.table.on_recover(self.refresh)
        self.app.agent(source, name="assembly")(self.assemble)
        self.recovered = False
        self.lost = asyncio.Event()
        self.app.on_rebalance_complete.connect(self.on_rebalanced, weak=False)

    def ready(self) -> bool:
        return self.recovered and bool(self.app.started) and not self.app.crashed

    async def run(self, stop: asyncio.Event) -> None:
        """Raise Unavailable when Faust does not start, or crashes, or loses its table: it is started again."""
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(self.lost.wait())]
        ended: set[asyncio.Task[Any]] = set(waits)
        try:
            await self.app.start()
            ended.add(asyncio.create_task(self.app.wait_until_stopped()))
            await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        except KafkaError as error:
            raise Unavailable(f"case assembly does not start: {type(error).__name__}") from error
        finally:
            for wait in waits:
                wait.cancel()
            await self.app.stop()
            await asyncio.gather(*ended, return_exceptions=True)
        if not stop.is_set():
            reason = TableLost.__name__ if self.lost.is_set() else type(self.app.crash_reason).__name__
            raise Unavailable(f"case assembly ended: {reason}")

    async def on_rebalanced(self, *_: Any, **__: Any) -> None:
        self.recovered = True

    async def refresh(self) -> None:
        """Write every case that this process holds into the view, which may be new or behind."""
        found = [await self.case_in(value) for value in self.table.values()]
        count = self.view.put_all(case for case in found if case is not None)
        log.info("recovered", cases=count)

    async def assemble(self, stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            headers = as_pairs(message.headers)
            error, kind, event_id = "", "", None
            try:
                envelope = Envelope.from_headers(headers)
                event_id = str(envelope.id)
                with consuming(message.topic, envelope.traceparent):
                    await persistent(message.topic, partial(self.take, message, envelope))
            except TableLost:
                # What is in hand comes again, to the process that takes the place of this one.
                self.lost.set()
                await asyncio.Event().wait()
            except Erased:
                log.debug("erased", topic=message.topic)
            except Rejected as rejected:
                error, kind = str(rejected), type(rejected).__name__
            except Exception as defect:  # noqa: BLE001 - as in the worker: a defect must not stop the partition
                error, kind = f"unexpected {defect_and_place(defect)}", "Defect"
            if error:
                await self.set_aside(message, headers, error, kind)
            outcome = "dead_letter" if error else "done"
            RECORDS.labels(message.topic, outcome).inc()
            log.info(
                "record",
                topic=message.topic,
                partition=message.partition,
                offset=message.offset,
                event_id=event_id,
                outcome=outcome,
                error=error or None,
            )

    async def take(self, message: Any, envelope: Envelope) -> None:
        """Fold a record. Raise Unavailable where the keys cannot be had: nothing is changed then; and TableLost."""
        data = await read(BY_NAME[message.topic], message.value, self.encryption)
        key = message.key
        with of_the_table():
            value = self.table.get(key)
        kept = await self.case_in(value)
        case = after(kept, envelope, data)
        if case is None:
            with of_the_table():
                self.table.pop(key, None)
            self.view.remove(key.decode())
            return
        if case != kept:
            body = case.SerializeToString(deterministic=True)
            encryption = self.encryption
            value = await encryption.encrypt(case.case_id, body, TABLE) if encryption is not None else body
            with of_the_table():
                self.table[key] = value
            for one in turnarounds(case, envelope.time, data, self.working):
                TURNAROUND.labels(one.stage).observe(one.seconds)
        self.view.put(case)

    async def case_in(self, value: bytes | None) -> Case | None:
        """A case as the table has it; None where it was erased."""
        try:
            return Case.FromString(await readable(self.encryption, value, TABLE)) if value else None
        except Erased:
            return None

    async def set_aside(self, message: Any, headers: Sequence[tuple[str, bytes]], error: str, kind: str) -> None:
        letter = dead_letter(message.topic, message.key, message.value, headers, SERVICE, error, kind)
        await persistent(message.topic, partial(self.publisher.publish, [letter]))


@contextmanager
def of_the_table() -> Iterator[None]:
    """Raise TableLost for what rocksdict raises, which is Exception itself."""
    try:
        yield
    except Exception as error:
        if type(error) is Exception:
            raise TableLost(f"the table of cases does not work: {defect_and_place(error)}") from error
        raise


async def persistent(topic: str, act: Callable[[], Awaitable[None]]) -> None:
    """Do it, as soon as what it needs is there."""
    while True:
        try:
            with passing_faults():
                await act()
            return
        except Unavailable as unavailable:
            log.warning("put off", topic=topic, error=str(unavailable))
            await asyncio.sleep(1)


def credentials(kafka: Kafka) -> Any:
    """As Faust takes them; None for a broker that asks nobody."""
    if not kafka.user:
        return None
    return faust.SASLCredentials(
        mechanism=faust.types.auth.SASLMechanism(MECHANISM),
        username=kafka.user,
        password=kafka.password,
        ssl_context=kafka.context(),
    )


def as_pairs(headers: Any) -> list[tuple[str, bytes]]:
    return list(headers.items()) if isinstance(headers, dict) else list(headers or ())
