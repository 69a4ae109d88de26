"""`casepath reprocess`: what came before, worked on again by the versions that are in use now."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import replace
from functools import wraps
from itertools import batched
from typing import Any
from uuid import UUID, uuid4

import click
from aiokafka.structs import ConsumerRecord
from google.protobuf.message import Message

from casepath.audit.v1.audit_pb2 import ACTION_EXECUTED, OUTCOME_DONE
from casepath.sequencing.v1.calling_pb2 import CallingFailed
from casepath.sequencing.v1.sequencing_pb2 import ReadsReceived, VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    SEQUENCING_CALLING_FAILED,
    SEQUENCING_READS_RECEIVED,
    SEQUENCING_VARIANTS_CALLED,
    SLIDES_SLIDE_INGESTED,
    Topic,
)
from chassis.access_log import AccessLog, Asker
from chassis.asking_kafka import encrypted_kafka_option
from chassis.errors import Malformed
from chassis.events import ATTEMPT, Outgoing
from chassis.kafka import Kafka
from chassis.publisher import KafkaPublisher
from chassis.reading import as_it_was, held, message_of
from chassis.reckoning import identity
from cli.platform import asynchronous

# Of a line of the ledger.
MOST_CASES = 1000


@click.group()
def reprocess() -> None:
    """Have what came before worked on again, by the versions that are in use now.

    The event of its arrival is published again, under its own id: what was made of it by the same version stays, and a new
    version of a model or of a tool makes something new of it, which is filed beside; with --failed, so does the same version
    where it failed. It is told to the ledger first.
    """


def options[R](command: Callable[..., R]) -> Callable[..., R]:
    """Which cases, by whom and why, and how fast."""

    @wraps(command)
    def run(*args: Any, cases: tuple[Any, ...], **kwargs: Any) -> R:
        return command(*args, cases=frozenset(map(str, cases)), **kwargs)

    for option in reversed(
        (
            click.option("--case", "cases", type=click.UUID, multiple=True, help="Only of this case; may be given again."),
            click.option("--failed", is_flag=True, help="Only what failed, to be tried anew, also by the same version."),
            click.option("--by", required=True, help="Who decided, for the ledger."),
            click.option("--reason", required=True, help="Why, for the ledger. No patient data."),
            click.option(
                "--per-minute",
                default=60,
                type=click.IntRange(min=1),
                show_default=True,
                help="At most so many, since care waits behind them.",
            ),
            click.option("--yes", is_flag=True, help="Do not ask."),
        )
    ):
        run = option(run)
    return encrypted_kafka_option(run)


@reprocess.command()
@click.option("--version", default="", help="Only what this version of a model read; without it, every slide.")
@options
@asynchronous
async def slides(version: str, cases: Collection[str], failed: bool, kafka: Kafka, **said: Any) -> None:
    """Have slides read again by the versions of the model that are in production, canary or shadow now.

    Of a reading that failed since there was no tissue, or no level of the model's resolution, the same version says the same.
    """
    wanted: set[tuple[str, str]] = set()
    if failed:
        wanted = await readings(kafka, INFERENCE_SLIDE_FAILED, version) - await readings(kafka, INFERENCE_SLIDE_SCORED)
    elif version:
        wanted = await readings(kafka, INFERENCE_SLIDE_SCORED, version)
    chosen = [
        (record, one.case_id)
        async for record, one in messages(kafka, SLIDES_SLIDE_INGESTED, SlideIngested)
        if of(one.case_id, cases) and (not (version or failed) or (one.case_id, one.scan_id) in wanted)
    ]
    await again(kafka, "slides", chosen, failed, **said)


async def readings(kafka: Kafka, topic: Topic[Any], version: str = "") -> set[tuple[str, str]]:
    """Case and scan of what ended so, by this version or, without one, by any."""
    found = [one async for _, one in messages(kafka, topic, topic.message)]
    return {(one.case_id, one.scan_id) for one in found if version in ("", one.model.version)}


@reprocess.command()
@click.option("--tool", default="", help='Only what this made variants of, such as "bcftools 1.22"; without it, all reads.')
@options
@asynchronous
async def reads(tool: str, cases: Collection[str], failed: bool, kafka: Kafka, **said: Any) -> None:
    """Have variants called again of reads, by the tools and reference that sequencing has now."""
    if tool and failed:
        raise click.UsageError("what failed was made by no tool: give --tool or --failed")
    called = [one async for _, one in messages(kafka, SEQUENCING_VARIANTS_CALLED, VariantsCalled)] if tool or failed else []
    wanted = {(one.case_id, one.sample_id) for one in called if not tool or tool in one.tools}
    if failed:
        not_called = [one async for _, one in messages(kafka, SEQUENCING_CALLING_FAILED, CallingFailed)]
        wanted = {(one.case_id, one.sample_id) for one in not_called} - wanted
    chosen = [
        (record, one.case_id)
        async for record, one in messages(kafka, SEQUENCING_READS_RECEIVED, ReadsReceived)
        if of(one.case_id, cases) and (not (tool or failed) or (one.case_id, one.sample_id) in wanted)
    ]
    await again(kafka, "reads", chosen, failed, **said)


def asked(record: ConsumerRecord, attempt: UUID | None) -> Outgoing:
    """As it was, but for which attempt it asks for."""
    found = as_it_was(record)
    others = [(name, value) for name, value in found.headers if name != ATTEMPT]
    return replace(found, headers=[*others, *([(ATTEMPT, str(attempt).encode())] if attempt else [])])


def of(case_id: str, cases: Collection[str]) -> bool:
    """Without cases, any is meant."""
    return not cases or case_id in cases


async def messages[M: Message](kafka: Kafka, topic: Topic[M], kind: type[M]) -> AsyncIterator[tuple[ConsumerRecord, M]]:
    """Each event of a topic once, as it came last; what was erased is left out, and what cannot be read: that is set aside."""
    last = {identity(one): one for one in await held(kafka, topic.name, topic.partitions)}
    for record in last.values():
        try:
            message = await message_of(kafka, record, kind)
        except Malformed:
            continue
        if message is not None:
            yield record, message


async def again(
    kafka: Kafka,
    what: str,
    chosen: Sequence[tuple[ConsumerRecord, str]],
    failed: bool,
    by: str,
    reason: str,
    per_minute: int,
    yes: bool,
) -> None:
    """Publish these once more, each with its case. Raise Unavailable where it cannot be told, or published."""
    cases = sorted({case_id for _, case_id in chosen})
    click.echo(f"{len(chosen)} {what} of {len(cases)} cases")
    if not chosen:
        return
    if not yes:
        click.confirm("Go on?", abort=True)
    attempt = uuid4() if failed else None
    async with KafkaPublisher(kafka, "casepath-cli") as publisher:
        for some in batched(cases, MOST_CASES):
            entries = [("Case", one) for one in some]
            await AccessLog(publisher, "cli").tell(Asker(by), ACTION_EXECUTED, OUTCOME_DONE, f"reprocess {what}", entries, reason)
        with click.progressbar(list(batched(chosen, max(1, per_minute // 60))), label=what) as bar:
            for number, part in enumerate(bar):
                if number:
                    await asyncio.sleep(60 * len(part) / per_minute)
                await publisher.publish([asked(record, attempt) for record, _ in part])
    click.echo(f"{len(chosen)} published again")
