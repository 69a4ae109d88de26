"""One worker on shards of a slide, to measure: `python -m bench.shard_worker FOLDER BUNDLE SHARD...` prints seconds for each."""

import asyncio
import json
import resource
import sys
import time
from functools import partial
from pathlib import Path

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
    return seconds


def used() -> dict[str, float]:
    """Of this process and that of its model: processor seconds, and the most memory in megabytes, together."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "cpu": sum(one.ru_utime + one.ru_stime for one in both),
        "megabytes": sum(one.ru_maxrss for one in both) / 1024,
    }


if __name__ == "__main__":
    known, model, *given = map(Path, sys.argv[1:])
    print(json.dumps(asyncio.run(work(known, model, given))))
    (known / "used.json").write_text(json.dumps(used()))
