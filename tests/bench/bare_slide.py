"""A loop that reads, cuts, scales and runs a job's tiles one after the other, with nothing around it.

`python -m bench.bare_slide FOLDER BUNDLE JOB N OF` takes every OF-th tile from the N-th on, and prints tiles a second.
"""

import asyncio
import sys
import time
from pathlib import Path

import numpy as np
from wsidicom import WsiDicom

from casepath.inference.v1.scoring_pb2 import ScoringJob
from chassis.objects import Objects, Shelf
from inference.adapters.onnx_session import OnnxSession
from inference.bundle import load_model

BATCH = 32


async def job_of(folder: Path, job_id: str) -> tuple[ScoringJob, Path]:
    objects = Objects.at(f"file://{folder / 'objects'}")
    job = await Shelf(objects, ScoringJob, "inference/jobs").get(job_id)
    assert job is not None
    return job, await objects.as_file(job.level.object, folder)


def loop(folder: Path, bundle: Path, job_id: str, number: int, of: int) -> float:
    """Waits for a line on its input when ready."""
    job, path = asyncio.run(job_of(folder, job_id))
    session, cells = OnnxSession(load_model(bundle), "cpu", 1), job.cells[number::of]
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    with WsiDicom.open(path) as slide:
        for start in range(0, len(cells), BATCH):
            tiles = []
            for cell in cells[start : start + BATCH]:
                left, top, side = round(cell.column * job.side), round(cell.row * job.side), round(job.side)
                width, height = min(side, job.level.total_columns - left), min(side, job.level.total_rows - top)
                tile = slide.read_region((left, top), 0, (width, height)).convert("RGB")
                tiles.append(np.asarray(tile.resize((job.tile_side, job.tile_side))))
            session.session.run(None, {"tiles": np.stack(tiles)})
    return len(cells) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(loop(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
