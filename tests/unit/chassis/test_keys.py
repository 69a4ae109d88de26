"""Keys in a folder: made once, whoever asks; destroyed for ever; missed where they are not there."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest

import examples
from chassis.errors import Erased, Malformed, Misconfigured, Unavailable
from chassis.key_ring import KeyRing
from chassis.keys import FILE, FileKeys, subject_of

CASE = examples.CASE
DATA_KEY = os.urandom(32)

type Folder = Callable[..., FileKeys]


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Folder]:
    """The keys of a folder, as one more process has them."""
    made: list[FileKeys] = []

    def keys(name: str = ".") -> FileKeys:
        (tmp_path / name).mkdir(exist_ok=True)
        made.append(FileKeys(tmp_path / name))
        return made[-1]

    yield keys
    for one in made:
        await one.close()


async def test_of_many_who_make_a_key_at_once_one_makes_it(folder: Folder) -> None:
    keys = [folder() for _ in range(10)]
    wrapped = await asyncio.gather(*(one.wrap(CASE, DATA_KEY) for one in keys for _ in range(5)))
    assert [await keys[0].unwrap(CASE, one) for one in wrapped] == [DATA_KEY] * 50


async def test_keys_of_many_cases_are_made_together(folder: Folder) -> None:
    keys, cases = folder(), [str(uuid4()) for _ in range(500)]
    wrapped = await asyncio.gather(*(keys.wrap(case, DATA_KEY) for case in cases))
    assert [await folder().unwrap(case, one) for case, one in zip(cases, wrapped, strict=True)] == [DATA_KEY] * 500


async def test_keys_are_for_their_owner_alone_to_read(folder: Folder, tmp_path: Path) -> None:
    await folder().wrap(CASE, DATA_KEY)
    assert not [path for path in tmp_path.iterdir() if path.stat().st_mode & 0o077]


async def test_a_destroyed_key_is_nowhere_in_the_folder_and_wraps_no_more(folder: Folder, tmp_path: Path) -> None:
    keys = folder()
    for case in (str(uuid4()), CASE, str(uuid4())):
        wrapped = await keys.wrap(case, DATA_KEY)
    wrapped = await keys.wrap(CASE, DATA_KEY)
    (key,) = keys.reading.execute("SELECT key FROM keys WHERE of = ?", (subject_of(CASE),)).fetchone()
    assert [path for path in tmp_path.iterdir() if key in path.read_bytes()]
    assert await keys.destroy(CASE)
    assert not [path for path in tmp_path.iterdir() if key in path.read_bytes()]
    with pytest.raises(Erased):
        await keys.unwrap(CASE, wrapped)
    assert await keys.unwrap(CASE, await keys.wrap(CASE, DATA_KEY)) == DATA_KEY


async def test_a_key_that_is_missing_is_not_taken_for_one_that_was_destroyed(folder: Folder) -> None:
    wrapped = await folder("one").wrap(CASE, DATA_KEY)
    other = folder("other")
    with pytest.raises(Unavailable, match="CASEPATH_KEYS"):
        await other.unwrap(CASE, wrapped)
    assert not await other.destroy(CASE)
    await other.wrap(CASE, DATA_KEY)
    with pytest.raises(Malformed):
        await other.unwrap(CASE, wrapped)


async def test_a_file_that_is_damaged_is_waited_for(folder: Folder, tmp_path: Path) -> None:
    keys = folder()
    await keys.wrap(CASE, DATA_KEY)
    await keys.close()
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable):
        folder()


async def test_a_file_that_cannot_be_written_is_waited_for(folder: Folder) -> None:
    keys = folder()
    keys.writing.close()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await keys.wrap(CASE, DATA_KEY)


async def test_what_is_no_id_has_no_key(folder: Folder) -> None:
    with pytest.raises(Malformed):
        await folder().wrap("Dupont", DATA_KEY)


def test_without_keys_and_without_saying_so_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="CASEPATH_KEYS_OFF=true"):
        KeyRing.at("")
    with pytest.raises(Misconfigured, match="no such folder"):
        KeyRing.at(f"file://{tmp_path / 'nowhere'}").keys()
