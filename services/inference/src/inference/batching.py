"""Dynamic batching: requests that wait for one model run together, and each gets its own answer.

After NVIDIA Triton's dynamic batcher: the largest batch that is there, after a delay where one is set, by priority. Pure but for
time and the event loop: what is run, and where, is given.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count

from chassis.errors import CasepathError, Malformed, Overloaded, Retriable, TooLate


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """`rows` at most in a batch, `waiting` rows in the queue; a batch that is not full waits up to `delay` seconds for more."""

    rows: int = 32
    waiting: int = 1024
    delay: float = 0.0


@dataclass(slots=True, order=True)
class Request[P, R]:
    """Ordered by priority, then by arrival. `kind` is what requests must share to be run together."""

    priority: int
    arrival: int
    rows: int = field(compare=False)
    kind: Hashable = field(compare=False)
    payload: P = field(compare=False)
    deadline: float | None = field(compare=False)
    since: float = field(compare=False)
    answer: asyncio.Future[R] = field(compare=False)


class Batcher[P, R]:
    """A queue before one model.

    `run` takes payloads of one kind and gives for each, in order, its answer or the error that is its own. `told` is given the
    rows of each batch.
    """

    def __init__(
        self,
        run: Callable[[Sequence[P]], Awaitable[Sequence[R | CasepathError]]],
        limits: BatchLimits,
        told: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self.run = run
        self.limits = limits
        self.told = told
        self.queue: list[Request[P, R]] = []
        self.waiting = 0
        self.arrivals = count()
        self.arrived = asyncio.Event()
        self.working: asyncio.Task[None] | None = None

    async def submit(self, payload: P, rows: int, kind: Hashable = None, priority: int = 0, seconds: float | None = None) -> R:
        """The answer for a payload of so many rows; a lower `priority` goes first.

        Raise Overloaded at once where the queue is full, TooLate after `seconds` where it was not run by then, Malformed where it
        is larger than a batch, and what `run` gives as its error. Cancelled, it is not run.
        """
        if not 0 < rows <= self.limits.rows:
            raise Malformed(f"a request is of 1 to {self.limits.rows} rows, and this is of {rows}")
        if self.waiting + rows > self.limits.waiting:
            raise Overloaded(f"{self.waiting} rows are waiting; the queue takes {self.limits.waiting}")
        loop = asyncio.get_running_loop()
        now = loop.time()
        deadline = None if seconds is None else now + seconds
        answer: asyncio.Future[R] = loop.create_future()
        request = Request(priority, next(self.arrivals), rows, kind, payload, deadline, now, answer)
        heapq.heappush(self.queue, request)
        self.waiting += rows
        self.arrived.set()
        if self.working is None or self.working.done():
            self.working = loop.create_task(self.work())
        return await answer

    async def work(self) -> None:
        """Run batches until nothing waits."""
        while self.queue:
            await self.patience()
            batch = self.taken()
            if batch:
                await self.answer(batch)

    async def patience(self) -> None:
        """Wait for a fuller batch, no longer than the oldest of those that wait may."""
        if not self.limits.delay:
            return
        loop = asyncio.get_running_loop()
        while self.queue and self.waiting < self.limits.rows:
            left = min(request.since for request in self.queue) + self.limits.delay - loop.time()
            if left <= 0:
                return
            self.arrived.clear()
            try:
                await asyncio.wait_for(self.arrived.wait(), left)
            except TimeoutError:
                return

    def taken(self) -> list[Request[P, R]]:
        """The next batch: of the first request's kind, as long as the next one fits. Who gave up or is late is passed over."""
        now = asyncio.get_running_loop().time()
        batch: list[Request[P, R]] = []
        others: list[Request[P, R]] = []
        rows = 0
        while self.queue and rows < self.limits.rows:
            request = heapq.heappop(self.queue)
            if request.answer.done():
                self.waiting -= request.rows
            elif request.deadline is not None and request.deadline <= now:
                self.waiting -= request.rows
                request.answer.set_exception(TooLate("the deadline passed while it waited"))
            elif batch and request.kind != batch[0].kind:
                others.append(request)
            elif rows + request.rows > self.limits.rows:
                others.append(request)
                break
            else:
                batch.append(request)
                rows += request.rows
                self.waiting -= request.rows
        for request in others:
            heapq.heappush(self.queue, request)
        return batch

    async def answer(self, batch: list[Request[P, R]]) -> None:
        """Run a batch and give each request its own answer; where the batch fails as a whole, each is run alone."""
        self.told(sum(request.rows for request in batch))
        try:
            found = await self.run([request.payload for request in batch])
        except CasepathError as error:
            if len(batch) == 1 or isinstance(error, Retriable):
                found = [error] * len(batch)
            else:
                for request in batch:
                    await self.answer([request])
                return
        except Exception as error:  # noqa: BLE001 - a defect; whoever asked gets it, and the next batch is run
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        for request, answer in zip(batch, found, strict=True):
            if request.answer.done():
                continue
            if isinstance(answer, CasepathError):
                request.answer.set_exception(answer)
            else:
                request.answer.set_result(answer)

    async def close(self) -> None:
        """End what is being run, and refuse what waits."""
        for request in self.queue:
            if not request.answer.done():
                request.answer.set_exception(Overloaded("the model is being unloaded"))
        self.queue.clear()
        self.waiting = 0
        if self.working is not None:
            await self.working
