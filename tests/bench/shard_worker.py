"""One worker on shards of a slide, to measure: `python -m bench.shard_worker FOLDER BUNDLE SHARD...` prints seconds for each."""

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path

import psutil
from stages.slide_reading import reading_at

from casepath.inference.v1.scoring_pb2 import ShardRequested
from casepath.topics import INFERENCE_SHARD_REQUESTED
from chassis.objects import Objects
from inference.adapters.model_process import ProcessSession


async def work(folder: Path, bundle: Path, shards: list[Path]) -> dict[str, float]:
    """Each shard's seconds, and those of getting ready. Waits for a line on its input when ready."""
    began = time.perf_counter()
    seconds = {}
    objects = Objects.at(f"file://{folder / 'objects'}")
    async with reading_at(folder, bundle, objects, partial(ProcessSession, device="cpu", threads=1), batch_tiles=32) as reading:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        seconds["ready"] = time.perf_counter() - began
        for path in shards:
            request = ShardRequested.FromString(path.read_bytes())
            began = time.perf_counter()
            await reading.handle(INFERENCE_SHARD_REQUESTED, request)
            seconds[path.name] = time.perf_counter() - began
        (folder / "used.json").write_text(json.dumps(used()))
    return seconds


def used() -> dict[str, float]:
    """Of this process and that of its model: processor seconds, and the most memory in megabytes, together."""
    every = [psutil.Process(), *psutil.Process().children(recursive=True)]
    times = [one.cpu_times() for one in every]
    return {"cpu": sum(one.user + one.system for one in times), "megabytes": sum(most_megabytes(one.pid) for one in every)}


def most_megabytes(pid: int) -> float:
    """The most that a process had in memory (proc(5), VmHWM; getrusage's figure is inherited from who started it)."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    known, model, *given = map(Path, sys.argv[1:])
    print(json.dumps(asyncio.run(work(known, model, given))))
