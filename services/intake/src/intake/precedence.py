"""What can wait does, while messages are answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# So long at most, so that nothing waits for ever where messages never stop.
PATIENCE = 1.0


class Precedence:
    def __init__(self) -> None:
        self.count = 0
        self.quiet = asyncio.Event()
        self.quiet.set()

    @contextmanager
    def answering(self) -> Iterator[None]:
        self.count += 1
        self.quiet.clear()
        try:
            yield
        finally:
            self.count -= 1
            if not self.count:
                self.quiet.set()

    async def give_way(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self.quiet.wait()
