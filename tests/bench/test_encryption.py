"""What it costs that everything of a case is encrypted: messages, objects and frames, against the same in clear."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from uuid import uuid4

from bench.measuring import ROUNDS, seconds_async, told
from chassis.encryption import Encryption
from chassis.keys import FileKeys
from chassis.objects import Objects

OBJECT = 100 << 20
FRAME = 20_000
FRAMES = 300
MESSAGE = 1_000
MESSAGES = 2_000
CASES = 500


async def rates(run: Callable[[], Awaitable[object]], times: int) -> float:
    """How many a second, one after the other."""

    async def all_of_them() -> None:
        for _ in range(times):
            await run()

    return times / await seconds_async(all_of_them)


async def test_objects_and_frames(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    objects = {
        "encrypted": Objects.at(f"file://{tmp_path / 'encrypted'}", Encryption(FileKeys(tmp_path / "keys"))),
        "in clear": Objects.at(f"file://{tmp_path / 'clear'}"),
    }
    case, file, out = str(uuid4()), tmp_path / "object", tmp_path / "out"
    written: dict[str, list[float]] = {name: [] for name in objects}
    read: dict[str, list[float]] = {name: [] for name in objects}
    frames: dict[str, list[float]] = {name: [] for name in objects}
    for number in range(ROUNDS):
        file.write_bytes(os.urandom(OBJECT))
        rng = Random(number)
        starts = [rng.randrange(OBJECT - FRAME) for _ in range(FRAMES)]
        for name, store in objects.items():
            began = time.perf_counter()
            ref = await store.put(file, case)
            written[name].append(OBJECT / 1e6 / (time.perf_counter() - began))
            began = time.perf_counter()
            await store.download(ref, out)
            read[name].append(OBJECT / 1e6 / (time.perf_counter() - began))
            for start in starts:
                began = time.perf_counter()
                await store.ranges(ref, [start], [FRAME])
                frames[name].append((time.perf_counter() - began) * 1000)
    told("An object of 100 MiB stored", "MB/s", written["encrypted"], written["in clear"], "in clear")
    told("An object of 100 MiB read", "MB/s", read["encrypted"], read["in clear"], "in clear")
    told("A frame of 20 kB read", "ms", frames["encrypted"], frames["in clear"], "in clear")


async def test_messages(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    encryption, case, message = Encryption(FileKeys(tmp_path / "keys")), str(uuid4()), os.urandom(MESSAGE)
    encrypted = await encryption.encrypt(case, message, "a topic")
    writing = [await rates(lambda: encryption.encrypt(case, message, "a topic"), MESSAGES) for _ in range(ROUNDS)]
    reading = [await rates(lambda: encryption.decrypt(encrypted, "a topic"), MESSAGES) for _ in range(ROUNDS)]
    new = [await rates(lambda: encryption.encrypt(str(uuid4()), message, "a topic"), CASES) for _ in range(ROUNDS)]

    async def at_once() -> object:
        return await asyncio.gather(*(encryption.encrypt(str(uuid4()), message, "a topic") for _ in range(CASES)))

    together = [CASES / await seconds_async(at_once) for _ in range(ROUNDS)]
    print("\nA message of 1 kB, by one process (a second, median)")
    for name, found in {
        "encrypted": writing,
        "decrypted": reading,
        "of a new case, its key made": new,
        "of new cases, many at once": together,
    }.items():
        print(f"  {name:28} {statistics.median(found):10.0f}")
