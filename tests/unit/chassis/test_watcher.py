import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from chassis.drop_folder import DropFolder, Watcher
from chassis.errors import Unavailable


async def watched(folder: Path, take: Callable[[Path], Awaitable[None]], done: asyncio.Event) -> None:
    async def resume() -> int:
        return 0

    stop = asyncio.Event()
    watcher = Watcher(DropFolder(folder, lambda path: path.is_file(), quiet=0), list, take, resume)
    running = asyncio.create_task(watcher.run(stop))
    await asyncio.wait_for(done.wait(), 10)
    stop.set()
    await running


async def test_an_input_that_cannot_be_taken_now_does_not_hold_the_others_and_is_tried_again(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    tries: list[str] = []
    done = asyncio.Event()

    async def take(path: Path) -> None:
        tries.append(path.name)
        if tries.count("a") < 2 and path.name == "a":
            raise Unavailable("the store is down")
        if path.name == "b" and tries.count("b") < 2:
            raise PermissionError(13, "denied", "Exemple")
        path.unlink()
        if not list(tmp_path.iterdir()):
            done.set()

    await watched(tmp_path, take, done)
    assert tries == ["a", "b", "c", "a", "b"]
