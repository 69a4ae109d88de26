"""Keys in a folder: made once, whoever asks; destroyed for ever; missed where they are not there."""

import asyncio
import os
from pathlib import Path

import pytest

import examples
from chassis.errors import Erased, Malformed, Misconfigured, Unavailable
from chassis.key_ring import KeyRing
from chassis.keys import KEY, FileKeys

CASE = examples.CASE
DATA_KEY = os.urandom(32)


async def test_of_many_who_make_a_key_at_once_one_makes_it(tmp_path: Path) -> None:
    folders = [FileKeys(tmp_path) for _ in range(20)]
    wrapped = await asyncio.gather(*(one.wrap(CASE, DATA_KEY) for one in folders))
    assert [await folders[0].unwrap(CASE, one) for one in wrapped] == [DATA_KEY] * 20
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [CASE]


async def test_a_key_is_for_its_owner_alone_to_read(tmp_path: Path) -> None:
    await FileKeys(tmp_path).wrap(CASE, DATA_KEY)
    assert not [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]


async def test_a_destroyed_key_is_nowhere_in_the_folder_and_wraps_no_more(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path)
    wrapped = await keys.wrap(CASE, DATA_KEY)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    key = file.read_bytes()[-KEY:]
    with file.open("rb") as opened:
        assert await keys.destroy(CASE)
        assert key not in opened.read()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and key in path.read_bytes()]
    with pytest.raises(Erased):
        await keys.unwrap(CASE, wrapped)
    assert await keys.unwrap(CASE, await keys.wrap(CASE, DATA_KEY)) == DATA_KEY


async def test_a_key_that_is_missing_is_not_taken_for_one_that_was_destroyed(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    wrapped = await FileKeys(tmp_path / "one").wrap(CASE, DATA_KEY)
    other = FileKeys(tmp_path / "other")
    with pytest.raises(Unavailable, match="CASEPATH_KEYS"):
        await other.unwrap(CASE, wrapped)
    assert not await other.destroy(CASE)
    await other.wrap(CASE, DATA_KEY)
    with pytest.raises(Malformed):
        await other.unwrap(CASE, wrapped)


async def test_a_file_that_is_not_whole_is_waited_for(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path)
    wrapped = await keys.wrap(CASE, DATA_KEY)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    file.write_bytes(b"")
    for ask in (keys.unwrap(CASE, wrapped), keys.wrap(CASE, DATA_KEY)):
        with pytest.raises(Unavailable):
            await ask


async def test_a_name_that_leads_elsewhere_is_none(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        await FileKeys(tmp_path).wrap("../../etc/passwd", DATA_KEY)


def test_without_keys_and_without_saying_so_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="CASEPATH_KEYS_OFF=true"):
        KeyRing.at("")
    with pytest.raises(Misconfigured, match="no such folder"):
        KeyRing.at(f"file://{tmp_path / 'nowhere'}").keys()
