"""Reading frames of a large stored slide: ours against Orthanc's WADO-RS and its raw frames, at 1 and at 50 readers."""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import UUID

import httpx

from bench.large_slide import repeated_slide
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_VOLUME
from conftest import Platform
from embedded.demo import watched
from embedded.hospital import Visit, drop, send
from embedded.programs import archive_account, archive_authorization

MEGABYTES = float(os.environ.get("BENCH_SLIDE_MEGABYTES", "100"))
FRAMES = 200
SECONDS = 600


async def latencies(
    client: httpx.AsyncClient, url: Callable[[int], str], frames: int, headers: dict[str, str], readers: int
) -> list[float]:
    """Milliseconds of each of FRAMES requests for random frames, by `readers` at once."""
    rng = Random(4)
    waiting = [rng.randrange(1, frames + 1) for _ in range(FRAMES)]
    found: list[float] = []

    async def reader() -> None:
        while waiting:
            address = url(waiting.pop())
            began = time.perf_counter()
            answer = await client.get(address, headers=headers)
            found.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
            assert len(answer.content) > 1000

    await asyncio.gather(*(reader() for _ in range(readers)))
    return found


async def test_reading_frames(platform: Platform, tmp_path: Path) -> None:
    visit = Visit("20250101120000", UUID(platform.home.namespace()))
    source = repeated_slide(tmp_path / "large.svs", MEGABYTES)
    await send(platform.ports["mllp"], [visit.order()])
    drop(source, platform.home.scanner / "incoming", f"{visit.accession}_A1.svs")
    case = None
    async with asyncio.timeout(SECONDS):
        async for case in watched(visit.case_id, platform.home, platform.ports):
            if any(entry.kind == "Instance" for entry in case.filed):
                break
    assert case is not None
    slide = case.slides[0].ingested
    level = max((one for one in slide.instances if one.flavor == IMAGE_FLAVOR_VOLUME), key=lambda one: one.frames)
    path = f"/studies/{slide.study_instance_uid}/series/{slide.series_instance_uid}/instances/{level.sop_instance_uid}"
    orthanc = f"http://127.0.0.1:{platform.ports['orthanc']}"
    token = platform.signer.token("bench", ["viewer"], 3600)
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=600, limits=limits) as client:
        account = archive_account(platform.home.folder)
        proved = {"Authorization": archive_authorization(platform.home.folder).read_text()}
        found = await client.post(f"{orthanc}/tools/lookup", content=level.sop_instance_uid, auth=account)
        inside = json.loads(found.text)[0]["Path"]
        sources: dict[str, tuple[Callable[[int], str], dict[str, str]]] = {
            "casepath": (
                lambda n: f"http://127.0.0.1:{platform.ports['dicomweb']}/dicomweb{path}/frames/{n}",
                {"Authorization": f"Bearer {token}", "Accept": "image/jpeg"},
            ),
            "Orthanc raw": (lambda n: f"{orthanc}{inside}/frames/{n - 1}/raw", proved),
            "Orthanc WADO-RS": (
                lambda n: f"{orthanc}/dicom-web{path}/frames/{n}",
                {**proved, "Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'},
            ),
        }
        print(f"\nA frame of {level.frames} in an instance of {level.object.size / 1e6:.0f} MB (ms, {FRAMES} random frames)")
        for readers in (1, 50):
            for name, (url, headers) in sources.items():
                taken = await latencies(client, url, level.frames, headers, readers)
                p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[18]
                print(f"  {readers:3} readers  {name:18} p50 {p50:9.1f}  p95 {p95:9.1f}")
