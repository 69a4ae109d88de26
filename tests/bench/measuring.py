"""Repeated timings, ours and the bare limit's taken in turn, told as a ratio."""

import heapq
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from math import sqrt

ROUNDS = 5


def told(what: str, unit: str, ours: list[float], bare: list[float], bare_name: str) -> None:
    """Print medians with their ranges, and the ratio of the medians. Higher is better for a rate."""
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"\n{what} ({unit}, median of {len(ours)}, range)")
    for name, values in (("casepath", ours), (bare_name, bare)):
        print(f"  {name:28} {statistics.median(values):10.3f}  {min(values):.3f} to {max(values):.3f}")
    print(f"  ratio {ratio:.2f}")


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


async def seconds_async(run: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


def makespan(tasks: Iterable[float], workers: int) -> float:
    """Seconds until all tasks are done where each worker takes the next when it is free."""
    free = [0.0] * workers
    for seconds in tasks:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """A 95 % interval of a proportion (Wilson, 1927)."""
    z, share = 1.959964, hits / of
    middle, half = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)
