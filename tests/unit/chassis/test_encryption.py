"""What is a case's, encrypted: read by who has its key, in whole or in parts, where it belongs, until the key is destroyed."""

import io
import os
from pathlib import Path

import pytest
import tink
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from chassis.encryption import (
    FIRST_ROOM,
    ROOM,
    SEGMENT,
    Encryption,
    Head,
    context_of,
    is_encrypted,
    readable,
)
from chassis.errors import Erased, Malformed, Unavailable
from chassis.keys import FileKeys
from chassis.objects import Objects, Shelf, by

CASE, OTHER = examples.CASE, "11111111-2222-4333-8444-555555555555"
SIZES = (0, 1, FIRST_ROOM - 1, FIRST_ROOM, FIRST_ROOM + 1, FIRST_ROOM + ROOM, FIRST_ROOM + ROOM + 1, 5 * SEGMENT)


def new(folder: Path) -> Encryption:
    (folder / "keys").mkdir(exist_ok=True)
    return Encryption(FileKeys(folder / "keys"))


def tink_reading(data_key: bytes) -> streaming_aead.StreamingAead:
    """Tink's own implementation, with a key of these bytes."""
    streaming_aead.register()
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=data_key)
    key.params.ciphertext_segment_size = SEGMENT
    key.params.derived_key_size = 32
    key.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    one = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    one.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    one.key_data.value = key.SerializeToString()
    one.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


@pytest.mark.parametrize("size", SIZES)
async def test_tink_reads_what_is_encrypted_here(tmp_path: Path, size: int) -> None:
    encryption, content = new(tmp_path), os.urandom(size)
    encrypted = await encryption.encrypt(CASE, content, "a topic")
    head, end = Head.read(encrypted)
    aead = tink_reading(await encryption.unwrapped(head))
    with aead.new_decrypting_stream(io.BytesIO(encrypted[end:]), context_of(encrypted[:end], "a topic")) as stream:
        assert stream.read() == content


@pytest.mark.parametrize("size", SIZES)
async def test_an_object_is_read_as_a_whole_in_parts_and_as_a_file(tmp_path: Path, size: int) -> None:
    objects, content = Objects.at(f"file://{tmp_path / 'objects'}", new(tmp_path)), os.urandom(size)
    ref = await objects.put(content, CASE)
    assert (ref.of, ref.size) == (CASE, size)
    assert content[:64] not in (tmp_path / "objects" / ref.path).read_bytes() or size < 16
    assert await objects.get(ref) == content
    async with objects.local(ref, tmp_path) as file:
        assert file.read_bytes() == content
    assert not file.exists()
    if size > 1:
        starts, lengths = [0, size // 2, size - 1, 0], [1, size - size // 2, 1, size]
        assert await objects.ranges(ref, starts, lengths) == [content[at : at + n] for at, n in zip(starts, lengths, strict=True)]
        with pytest.raises(Unavailable, match="shorter"):
            await objects.ranges(ref, [0], [size + 1])


async def test_the_same_object_of_two_cases_is_encrypted_for_each(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path / 'objects'}", new(tmp_path))
    one, other = await objects.put(b"content", CASE), await objects.put(b"content", OTHER)
    assert one.path != other.path
    assert one == await objects.put(b"content", CASE)


async def test_what_is_nobodys_is_not_encrypted(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path / 'objects'}", new(tmp_path))
    ref = await objects.put(b"a model")
    assert (tmp_path / "objects" / ref.path).read_bytes() == b"a model"


@pytest.mark.parametrize("size", [10, 3 * SEGMENT])
async def test_what_was_changed_cut_or_moved_is_not_read(tmp_path: Path, size: int) -> None:
    encryption = new(tmp_path)
    encrypted = await encryption.encrypt(CASE, os.urandom(size), "a topic")
    for at in (len(encrypted) - 1, len(encrypted) // 2, len(encrypted) - size):
        touched = bytearray(encrypted)
        touched[at] ^= 1
        with pytest.raises(Malformed):
            await encryption.decrypt(bytes(touched), "a topic")
    for cut in (len(encrypted) - 1, len(encrypted) - size, 60, 5):
        with pytest.raises(Malformed):
            await encryption.decrypt(encrypted[:cut], "a topic")
    with pytest.raises(Malformed):
        await encryption.decrypt(encrypted, "another topic")


async def test_nothing_is_encrypted_twice_the_same(tmp_path: Path) -> None:
    encryption = new(tmp_path)
    assert await encryption.encrypt(CASE, b"content", "") != await encryption.encrypt(CASE, b"content", "")


async def test_after_its_key_is_destroyed_nobody_reads_it_and_what_comes_later_is_read(tmp_path: Path) -> None:
    encryption = new(tmp_path)
    before, others = await encryption.encrypt(CASE, b"before", ""), await encryption.encrypt(OTHER, b"another's", "")
    assert await encryption.destroy(CASE)
    after = await encryption.encrypt(CASE, b"after", "")
    for reader in (encryption, new(tmp_path)):
        with pytest.raises(Erased):
            await reader.decrypt(before, "")
        assert await reader.decrypt(after, "") == b"after"
        assert await reader.decrypt(others, "") == b"another's"


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
async def test_a_process_that_still_holds_a_data_key_uses_it_no_more(tmp_path: Path, seconds: float) -> None:
    destroying = new(tmp_path)
    held = Encryption(FileKeys(tmp_path / "keys"), held_seconds=seconds)
    before = await held.encrypt(CASE, b"before", "")
    await destroying.destroy(CASE)
    with pytest.raises(Erased):
        await held.decrypt(before, "")
    assert await destroying.decrypt(await held.encrypt(CASE, b"after", ""), "") == b"after"


async def test_without_keys_what_is_encrypted_waits_and_what_is_not_is_read(tmp_path: Path) -> None:
    assert await readable(None, b"plain", "") == b"plain"
    with pytest.raises(Unavailable, match="CASEPATH_KEYS"):
        await readable(None, await new(tmp_path).encrypt(CASE, b"content", ""), "")


async def test_a_shelf_forgets_what_was_erased_and_takes_what_comes_anew(tmp_path: Path) -> None:
    encryption = new(tmp_path)
    shelf = Shelf(Objects.at(f"file://{tmp_path / 'objects'}", encryption), OrderPlaced, "test", by("case_id"))
    order = examples.order()
    await shelf.put("one", order)
    assert is_encrypted((tmp_path / "objects/shelf/test/one").read_bytes())
    assert await shelf.get("one") == order
    assert not await shelf.create("one", order)
    await encryption.destroy(order.case_id)
    assert await shelf.get("one") is None
    assert await shelf.all() == []
    assert await shelf.create("one", order)
    assert await shelf.get("one") == order


async def test_an_object_that_was_erased_is_not_there_and_can_be_stored_again(tmp_path: Path) -> None:
    encryption = new(tmp_path)
    objects = Objects.at(f"file://{tmp_path / 'objects'}", encryption)
    ref = await objects.put(b"content", CASE)
    assert await objects.ranges(ref, [0], [7]) == [b"content"]
    await encryption.destroy(CASE)
    again = Objects.at(f"file://{tmp_path / 'objects'}", encryption)
    with pytest.raises(Erased):
        await again.get(ref)
    for store in (objects, again):
        assert await store.put(b"content", CASE) == ref
        assert await store.get(ref) == b"content"
        assert await store.ranges(ref, [3], [4]) == [b"tent"]
