"""Runs in the object store: what was asked for, whose turn each is, and what came of it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from casepath.sequencing.v1.runs_pb2 import (
    RUN_STATE_CANCELED,
    RUN_STATE_CANCELING,
    RUN_STATE_COMPLETE,
    RUN_STATE_EXECUTOR_ERROR,
    RUN_STATE_SYSTEM_ERROR,
    Run,
    RunLease,
)
from chassis.errors import NotFound
from chassis.objects import Objects, Shelf

LEASE_SECONDS = 30.0
ENDED = frozenset({RUN_STATE_COMPLETE, RUN_STATE_EXECUTOR_ERROR, RUN_STATE_SYSTEM_ERROR, RUN_STATE_CANCELED})


def attempt_of(lease: str) -> int:
    return int(lease.rsplit("/", 1)[1])


class Ledger:
    """One service at a time carries a run on. A lease that is not renewed passes, and another goes on from what is finished.

    That it is not renewed each service sees by its own timer (`timer`, seconds): clocks jump, and differ between machines.
    """

    def __init__(self, objects: Objects, timer: Callable[[], float] = time.monotonic) -> None:
        self.runs = Shelf(objects, Run, "sequencing/runs")
        # Those that have not ended, so that they are found without reading the others.
        self.open = Shelf(objects, Run, "sequencing/runs-open")
        self.cancelled = Shelf(objects, Run, "sequencing/runs-cancelled")
        self.leases = Shelf(objects, RunLease, "sequencing/runs-leases")
        self.timer = timer
        # The last lease of a run as it is, and since when this service has seen it so.
        self.seen: dict[str, tuple[RunLease, float]] = {}
        self.holder = str(uuid4())
        self.changed = asyncio.Event()

    async def submit(self, run: Run) -> None:
        await self.runs.put(run.run_id, run)
        await self.open.put(run.run_id, run)
        self.tell()

    async def get(self, run_id: str) -> Run:
        """Raise NotFound."""
        run = await self.runs.get(run_id)
        if run is None:
            raise NotFound("there is no such run")
        if run.state not in ENDED and await self.cancelled.get(run_id) is not None:
            run.state = RUN_STATE_CANCELING
        return run

    async def all(self) -> list[Run]:
        """The newest first."""
        found = [await self.get(name) for name in await self.runs.names()]
        return sorted(found, key=lambda run: (-run.submitted_at.ToNanoseconds(), run.run_id))

    async def unfinished(self) -> list[Run]:
        """In the order in which they were asked for."""
        found = [run for name in await self.open.names() if (run := await self.open.get(name)) is not None]
        return sorted(found, key=lambda run: (run.submitted_at.ToNanoseconds(), run.run_id))

    async def keep(self, run: Run) -> None:
        """One that has ended is open no longer."""
        await self.runs.put(run.run_id, run)
        if run.state in ENDED:
            self.seen.pop(run.run_id, None)
            await self.open.remove(run.run_id)
        self.tell()

    async def cancel(self, run: Run) -> None:
        if run.state not in ENDED:
            await self.cancelled.create(run.run_id, run)
            self.tell()

    async def is_cancelled(self, run_id: str) -> bool:
        return await self.cancelled.get(run_id) is not None

    async def claimed(self, run_id: str) -> str | None:
        """The name of the lease where this service may carry the run on now; of two that ask at once, one may."""
        names = sorted(await self.leases.names(run_id))
        if names and not await self.has_passed(run_id, f"{run_id}/{names[-1]}"):
            return None
        name = f"{run_id}/{len(names):06}"
        return name if await self.leases.create(name, self.lease()) else None

    async def has_passed(self, run_id: str, name: str) -> bool:
        lease = await self.leases.get(name)
        if lease is None or not lease.HasField("until"):
            return True
        last, since = self.seen.get(run_id, (None, 0.0))
        if lease != last:
            since = self.timer()
            self.seen[run_id] = lease, since
        return self.timer() - since > LEASE_SECONDS

    async def renew(self, name: str) -> None:
        await self.leases.put(name, self.lease())

    async def give_back(self, name: str) -> None:
        """Another may go on at once."""
        await self.leases.put(name, RunLease(holder=self.holder))

    def lease(self) -> RunLease:
        lease = RunLease(holder=self.holder)
        lease.until.FromDatetime(datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS))
        return lease

    def tell(self) -> None:
        self.changed, waiting = asyncio.Event(), self.changed
        waiting.set()
