"""The object store and the scans' prefix on a server that speaks S3."""

import os
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from stages.s3_server import BUCKET, s3_server
from stages.slide_archive import archive_at

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_VOLUME, SlideIngested
from chassis.encryption import Encryption, is_encrypted
from chassis.errors import Erased, NotFound, Unavailable
from chassis.keys import FileKeys
from chassis.objects import Objects, Shelf
from embedded import samples
from slides.adapters.scan_prefix import ScanPrefix
from slides.scans import scans


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with s3_server(tmp_path_factory.mktemp("s3")) as environment:
        yield environment


@pytest.fixture
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket(settings: None, request: pytest.FixtureRequest) -> Objects:
    """A part of the bucket for this test alone."""
    return Objects.at(f"s3://{BUCKET}/{request.node.name}")


async def test_objects_are_put_once_and_read_whole_or_in_parts(bucket: Objects, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * 100_000)
    ref = await bucket.put(file)
    assert await bucket.put(file.read_bytes()) == ref
    assert await bucket.get(ref) == file.read_bytes()
    assert await bucket.ranges(ref, [0, 300], [2, 3]) == [b"\x00\x01", b"\x2c\x2d\x2e"]
    assert (await bucket.as_file(ref, tmp_path)).read_bytes() == file.read_bytes()
    with pytest.raises(NotFound):
        await bucket.get(ObjectRef(path="sha256/00/00", sha256="0" * 64, size=1))


@pytest.mark.parametrize("size", [0, 1000, 20_000_000])
async def test_what_is_a_cases_lies_there_encrypted_and_is_read_whole_or_in_parts(
    environment: dict[str, str], settings: None, size: int, tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    encryption, content = Encryption(FileKeys(tmp_path / "keys")), os.urandom(size)
    bucket = Objects.at(f"s3://{BUCKET}/encrypted-{size}", encryption)
    file = tmp_path / "file"
    file.write_bytes(content)
    ref = await bucket.put(file, examples.CASE)
    assert await bucket.put(content, examples.CASE) == ref
    assert await bucket.get(ref) == content
    assert is_encrypted(await bucket.read(ref.path) or b"")
    assert (await bucket.as_file(ref, tmp_path)).read_bytes() == content
    if size:
        starts, lengths = [0, size // 3, size - 1], [1, size // 2, 1]
        found = await bucket.ranges(ref, starts, lengths)
        assert found == [content[start : start + length] for start, length in zip(starts, lengths, strict=True)]
    await encryption.destroy(examples.CASE)
    with pytest.raises(Erased):
        await bucket.get(ref)


async def test_what_was_replaced_meanwhile_is_not_replaced(bucket: Objects) -> None:
    shelf = Shelf(bucket, OrderPlaced, "test")
    await shelf.put_latest("a", examples.order())
    _, writing = await bucket.found("shelf/test/a")
    later = examples.order(examples.NOON.replace(hour=20))
    await shelf.put_latest("a", later)
    await shelf.put_latest("a", examples.order())
    assert not await bucket.replace("shelf/test/a", b"", writing)
    assert not await bucket.replace("shelf/test/a", b"", {})
    assert not await bucket.replace("shelf/test/b", b"", writing)
    assert await shelf.get("a") == later


async def test_of_two_who_create_a_name_one_gets_it(bucket: Objects) -> None:
    shelf = Shelf(bucket, OrderPlaced, "test")
    assert await shelf.create("a/1", examples.order())
    assert not await shelf.create("a/1", OrderPlaced())
    assert await shelf.get("a/1") == examples.order()
    assert await shelf.names("a") == {"1"}


async def test_a_bucket_that_refuses_us_is_unavailable(settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(Unavailable):
        await Objects.at(f"s3://{BUCKET}").put(b"content")


async def test_a_scan_in_a_bucket_is_brought_in_once_and_served_from_a_bucket(bucket: Objects, tmp_path: Path) -> None:
    async with archive_at(tmp_path, bucket) as archive:
        incoming = archive.ingestion.area.incoming
        drop = Objects.at(f"s3://{BUCKET}/scanner")
        await obstore.put_async(drop.store, "scan 1.svs", samples.SLIDE)
        await obstore.put_async(drop.store, "scan 1.svs.json", b'{"accession": "S26-0001", "slide": "A1"}')
        prefix = ScanPrefix(drop, incoming)
        assert await prefix.bring() == 2
        assert await prefix.bring() == 0
        (scan,) = scans(incoming, [path for path in incoming.iterdir() if path.suffix == ".svs"])
        await archive.ingestion.take(scan)
        slide = SlideIngested.FromString(archive.publisher.records[-1].value)
        level = next(one for one in slide.instances if one.flavor == IMAGE_FLAVOR_VOLUME)
        stored = await archive.catalogue.get(slide.study_instance_uid, slide.series_instance_uid, level.sop_instance_uid)
        assert stored is not None
        (frame,) = await archive.frames.read(stored, [1])
        assert frame.startswith(b"\xff\xd8")
