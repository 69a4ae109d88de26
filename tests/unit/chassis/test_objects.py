from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore, MemoryStore, S3Store

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.errors import NotFound, Unavailable
from chassis.objects import Objects, Shelf, Writing
from chassis.orders import ShelvedOrders
from chassis.worker import Received

NOWHERE: Any = {"endpoint": "http://127.0.0.1:1", "access_key_id": "-", "secret_access_key": "-", "region": "-"}


async def test_the_same_bytes_are_one_object(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path}")
    file = tmp_path / "file"
    file.write_bytes(b"content")
    assert await objects.put(b"content") == await objects.put(file)
    assert len(list((tmp_path / "sha256").rglob("*"))) == 2


async def test_an_object_is_read_back_and_checked_against_its_digest(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path}")
    ref = await objects.put(b"content")
    assert await objects.get(ref) == b"content"
    (tmp_path / ref.path).write_bytes(b"damaged")
    with pytest.raises(Unavailable, match="digest"):
        await objects.get(ref)


async def test_an_object_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path}")
    missing = ObjectRef(path="sha256/00/00", sha256="0" * 64, size=1)
    with pytest.raises(NotFound):
        await objects.get(missing)
    with pytest.raises(NotFound):
        await objects.as_file(missing, tmp_path)


async def test_a_shelf_lists_what_lies_below_a_folder(tmp_path: Path) -> None:
    shelf = Shelf(Objects.at(f"file://{tmp_path}"), OrderPlaced, "test")
    await shelf.put("a/1", examples.order())
    await shelf.put("a/2", examples.order())
    await shelf.put("b/1", examples.order())
    assert await shelf.names("a") == {"1", "2"}
    assert await shelf.names("c") == set()
    assert await shelf.get("b/1") == examples.order()


async def test_an_order_recorded_earlier_does_not_replace_a_later_one(tmp_path: Path) -> None:
    orders = ShelvedOrders(Objects.at(f"file://{tmp_path}"), "test", examples.NAMESPACE)
    later, earlier = examples.order(), examples.order(examples.NOON.replace(hour=9))
    del earlier.services[1:]
    for one in (later, earlier, later):
        await orders.keep(Received(one, examples.envelope("order")))
    assert await orders.find(examples.ACCESSION) == later
    assert await orders.find("another") is None


async def test_an_order_is_of_whom_the_latest_merge_says_also_where_that_came_first(tmp_path: Path) -> None:
    orders = ShelvedOrders(Objects.at(f"file://{tmp_path}"), "test", examples.NAMESPACE)
    await orders.move(Received(examples.case_moved(examples.NOON.replace(hour=9)), examples.envelope("moved")))
    await orders.keep(Received(examples.order(), examples.envelope("order")))
    found = await orders.find(examples.ACCESSION)
    assert found is not None
    assert found.patient == examples.survivor()
    undone = examples.case_moved()
    undone.patient.CopyFrom(examples.order().patient)
    for one in (undone, examples.case_moved(examples.NOON.replace(hour=10))):
        await orders.move(Received(one, examples.envelope("moved")))
    assert await orders.find(examples.ACCESSION) == examples.order()


async def test_a_store_that_fails_is_unavailable_whatever_is_asked_of_it(tmp_path: Path) -> None:
    """Another error would be a defect, and make a dead letter of a record that has nothing wrong."""
    objects = Objects(S3Store("bucket", config=NOWHERE, client_options={"allow_http": True}, retry_config={"max_retries": 0}))
    shelf, ref = Shelf(objects, OrderPlaced, "test"), ObjectRef(path="sha256/00/00", sha256="0" * 64, size=1)
    for asked in (
        lambda: objects.put(b"content"),
        lambda: objects.get(ref),
        lambda: objects.has("sha256/00/00"),
        lambda: objects.ranges(ref, [0], [1]),
        lambda: objects.as_file(ref, tmp_path),
        lambda: objects.remove("folder"),
        lambda: shelf.put("1", examples.order()),
        lambda: shelf.create("1", examples.order()),
        lambda: shelf.put_latest("1", examples.order()),
        lambda: shelf.get("1"),
        lambda: shelf.names(),
        lambda: shelf.all(),
        lambda: shelf.folders(),
        lambda: shelf.remove("1"),
    ):
        with pytest.raises(Unavailable):
            await asked()


class Interrupted(Objects):
    """Something else comes in between when it has read."""

    meanwhile: Awaitable[None] | None = None

    async def found(self, path: str) -> tuple[bytes | None, Writing]:
        found = await super().found(path)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile
        return found


@pytest.mark.parametrize("kept", [None, examples.NOON.replace(hour=8)])
@pytest.mark.parametrize("kind", ["folder", "memory"])
async def test_who_was_stopped_before_putting_an_earlier_one_does_not_undo_the_later(
    kind: str, kept: datetime | None, tmp_path: Path
) -> None:
    store, folder = (LocalStore(tmp_path), tmp_path) if kind == "folder" else (MemoryStore(), None)
    stopped = Interrupted(store, folder)
    slow, quick = (ShelvedOrders(one, "test", examples.NAMESPACE).shelf for one in (stopped, Objects(store, folder)))
    if kept is not None:
        await quick.put_latest(examples.CASE, examples.order(kept))
    later = examples.order()
    stopped.meanwhile = quick.put_latest(examples.CASE, later)
    await slow.put_latest(examples.CASE, examples.order(examples.NOON.replace(hour=9)))
    assert await quick.get(examples.CASE) == later
