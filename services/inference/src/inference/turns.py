"""So many at a time, and the urgent first."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Turns:
    """What runs is not interrupted; of those that wait, the urgent go first, and each in the order of asking."""

    def __init__(self, places: int = 1) -> None:
        self.free = places
        self.waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self.asked = count()

    @asynccontextmanager
    async def turn(self, urgent: bool) -> AsyncIterator[None]:
        if not self.free:
            mine = asyncio.get_running_loop().create_future()
            heapq.heappush(self.waiting, (not urgent, next(self.asked), mine))
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self.pass_on()
                raise
        else:
            self.free -= 1
        try:
            yield
        finally:
            self.pass_on()

    def pass_on(self) -> None:
        while self.waiting:
            *_, following = heapq.heappop(self.waiting)
            if not following.done():
                following.set_result(None)
                return
        self.free += 1
