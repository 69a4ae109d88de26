"""Time that passes only where everybody waits: a run of any length takes as long as its work alone, and always the same way."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor


class Stuck(Exception):
    """Everybody waits, and for nothing that will come."""


class Leap(selectors.SelectSelector):
    """Leaps to the next moment at which anything is to be done, where others would sleep until then."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        self.now += max(timeout, 0.0)
        return []


class LeapingLoop(asyncio.SelectorEventLoop):
    """One thread and no socket: what would be handed to a thread is done at once."""

    def __init__(self) -> None:
        self.leap = Leap()
        super().__init__(self.leap)

    def time(self) -> float:
        return self.leap.now

    def run_in_executor[*Ts, T](self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits it has it
            done.set_exception(error)
        return done
