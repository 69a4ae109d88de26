"""Reports that would say otherwise by the tables of now."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported, VariantSource
from sequencing.handlers import reported
from sequencing.pharmacogenomics.definitions import tables_sha256
from sequencing.pharmacogenomics.issuing import Issuing
from sequencing.renewal import Renewed

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Affected:
    """A sample whose report is of other tables. `message` is the new report; None where it says what the old one said."""

    source: VariantSource
    before: PharmacogenomicsReported
    message: PharmacogenomicsReported | None


async def affected(issuing: Issuing) -> AsyncIterator[Affected]:
    """Each sample whose newest report is of other tables than those of now, with what they make of it."""
    for sample in sorted(await issuing.sources.names()):
        before = await issuing.newest.get(sample)
        if before is None or before.tables_sha256 == tables_sha256():
            continue
        source = await issuing.sources.get(sample)
        if source is None or await issuing.withdrawals.get(before.report_id) is not None or await issuing.disowned.has(source):
            continue
        made = await issuing.make(source, before)
        if made.withheld:
            log.warning("reissue", outcome="withheld", case_id=source.case_id)
        elif made.same:
            yield Affected(source, before, None)
        else:
            yield Affected(source, before, await issuing.store(source, made, before))


async def reissued(issuing: Issuing) -> AsyncIterator[Renewed]:
    async for one in affected(issuing):
        if one.message is None:
            unchanged = PharmacogenomicsReported()
            unchanged.CopyFrom(one.before)
            unchanged.tables_sha256 = tables_sha256()
            yield Renewed(UUID(one.before.report_id), None, partial(issuing.keep, one.source, unchanged))
        else:
            yield Renewed(UUID(one.message.report_id), reported(one.message), partial(issuing.keep, one.source, one.message))
