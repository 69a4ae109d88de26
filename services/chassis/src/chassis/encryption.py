"""Envelope encryption of what is a patient's: who has no key of theirs reads nothing, and nobody does once it is destroyed.

Content is encrypted with a data key, made by the process that writes; the data key is wrapped by the key of the case or
patient whose content it is (`chassis.keys`), and travels before the ciphertext. What follows is the streaming format of Tink,
so that parts of it can be read: AES256-GCM-HKDF in segments of 64 KiB
(https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming).
"""

import asyncio
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cachetools import TTLCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis.errors import Malformed, Unavailable
from chassis.keys import Keys

# Of protobuf's wire types there is none of this number: no message begins so.
MAGIC = b"\x06cp1"
SEGMENT = 64 * 1024
TAG = 16
SALT = 32
PREFIX = 7
STREAM_HEAD = 1 + SALT + PREFIX
# Content in a segment; the head of a stream counts as part of its first one.
ROOM = SEGMENT - TAG
FIRST_ROOM = ROOM - STREAM_HEAD
DATA_KEY = 32
# A head is never longer: a name of 255 bytes and a wrapped key of 1,000.
LONGEST_HEAD = 1500
# How long a process goes on with a data key before it asks for its owner's key again, unless it hears of a loss; in seconds.
HELD_SECONDS = 60.0
MOST_HELD = 20_000


@dataclass(frozen=True, slots=True)
class Head:
    """What comes before a ciphertext: whose key wraps the data key, and the wrapped data key."""

    of: str
    wrapped: bytes

    def __bytes__(self) -> bytes:
        name = self.of.encode("ascii")
        return MAGIC + struct.pack(">B", len(name)) + name + struct.pack(">H", len(self.wrapped)) + self.wrapped

    @classmethod
    def read(cls, content: bytes) -> tuple["Head", int]:
        """The head, and where it ends. Raise Malformed where there is none, or not all of it."""
        try:
            if not is_encrypted(content):
                raise Malformed("it is not encrypted")
            (length,) = struct.unpack_from(">B", content, len(MAGIC))
            at = len(MAGIC) + 1 + length
            of = content[len(MAGIC) + 1 : at].decode("ascii")
            (size,) = struct.unpack_from(">H", content, at)
            end = at + 2 + size
            if len(content) < end:
                raise Malformed("it ends within its wrapped key")
            return cls(of, content[at + 2 : end]), end
        except (struct.error, UnicodeDecodeError):
            raise Malformed("what is encrypted has no whole head") from None


@dataclass(frozen=True, slots=True)
class Stream:
    """The segments of one ciphertext, by its own key. `offset` is where its first segment begins."""

    cipher: AESGCM
    prefix: bytes
    offset: int

    @classmethod
    def of(cls, data_key: bytes, stream_head: bytes, context: bytes, offset: int) -> "Stream":
        """Raise Malformed where the stream's head is not one of this format."""
        if len(stream_head) != STREAM_HEAD or stream_head[0] != STREAM_HEAD:
            raise Malformed("what is encrypted has no whole head")
        salt, prefix = stream_head[1 : 1 + SALT], stream_head[1 + SALT :]
        derived = HKDF(SHA256(), 32, salt, context).derive(data_key)
        return cls(AESGCM(derived), prefix, offset)

    def begin_of(self, number: int) -> int:
        """The first byte of a segment in what is stored."""
        return self.offset + (STREAM_HEAD if number == 0 else number * SEGMENT)

    def stored_size(self, size: int) -> int:
        """Bytes of what is stored, of content of so many."""
        return self.offset + STREAM_HEAD + size + segments(size) * TAG

    def decrypted_from(self, first: int, end: int, last: int, content: bytes) -> Iterator[bytes]:
        """The segments `first` to `end`, of which the bytes follow each other, where `last` is the stream's last."""
        at = 0
        for number in range(first, end + 1):
            length = room_of(number) + TAG
            yield self.decrypted(number, content[at : at + length], number == last)
            at += length

    def nonce(self, number: int, last: bool) -> bytes:
        return self.prefix + struct.pack(">IB", number, last)

    def encrypted(self, number: int, content: bytes, last: bool) -> bytes:
        return self.cipher.encrypt(self.nonce(number, last), content, None)

    def decrypted(self, number: int, content: bytes, last: bool) -> bytes:
        """Raise Malformed where it is not what was encrypted."""
        try:
            return self.cipher.decrypt(self.nonce(number, last), content, None)
        except InvalidTag:
            raise Malformed("what is encrypted was changed, cut, or is of another place") from None


class Reading:
    """A ciphertext that is read from its beginning, in parts of any size."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.number = 0
        self.waiting = bytearray()
        self.skipped = stream.offset + STREAM_HEAD

    def more(self, part: bytes) -> bytes:
        """The content that is known now. Raise Malformed where it is not what was encrypted."""
        self.waiting += part[self.skipped :]
        self.skipped = max(0, self.skipped - len(part))
        found = bytearray()
        at = 0
        # The last segment is known by nothing following it.
        while len(self.waiting) - at > (length := room_of(self.number) + TAG):
            found += self.stream.decrypted(self.number, bytes(self.waiting[at : at + length]), last=False)
            at += length
            self.number += 1
        del self.waiting[:at]
        return bytes(found)

    def end(self) -> bytes:
        """The rest. Raise Malformed where the end is missing."""
        return self.stream.decrypted(self.number, bytes(self.waiting), last=True)


def is_encrypted(content: bytes) -> bool:
    return content[: len(MAGIC)] == MAGIC


def room_of(number: int) -> int:
    """Bytes of content in a segment that is full."""
    return FIRST_ROOM if number == 0 else ROOM


def segments(size: int) -> int:
    """How many segments content of this size has: at least one, which may be empty."""
    return 1 if size <= FIRST_ROOM else 1 + -(-(size - FIRST_ROOM) // ROOM)


def segment_at(position: int) -> int:
    """Which segment a byte of the content is in."""
    return 0 if position < FIRST_ROOM else 1 + (position - FIRST_ROOM) // ROOM


def begin_of(number: int) -> int:
    """The first byte of the content in a segment."""
    return 0 if number == 0 else FIRST_ROOM + (number - 1) * ROOM


@dataclass(frozen=True, slots=True)
class DataKey:
    key: bytes = field(repr=False)
    wrapped: bytes


class Encryption:
    """Encrypts and decrypts with data keys that are wrapped by `keys`. One of a process is shared by all its tasks."""

    def __init__(self, keys: Keys, held_seconds: float = HELD_SECONDS) -> None:
        self.keys = keys
        # Data keys that this process made, by whose they are; and those that it read, by their wrapping.
        self.made: TTLCache[str, asyncio.Task[DataKey]] = TTLCache(MOST_HELD, held_seconds)
        self.known: TTLCache[Head, bytes] = TTLCache(MOST_HELD, held_seconds)
        self.losses = keys.losses()

    async def data_key(self, of: str) -> DataKey:
        """Of several who ask at once, one has it wrapped. Raise Unavailable where nobody wraps it now."""
        self.forget_lost()
        found = self.made.get(of)
        if found is None or (found.done() and (found.cancelled() or found.exception() is not None)):
            found = asyncio.create_task(self.fresh(of))
            self.made[of] = found
        return await asyncio.shield(found)

    async def fresh(self, of: str) -> DataKey:
        key = os.urandom(DATA_KEY)
        return DataKey(key, await self.keys.wrap(of, key))

    async def unwrapped(self, head: Head) -> bytes:
        """Raise Erased where the key that wraps it was destroyed, Unavailable where it cannot be had now."""
        self.forget_lost()
        found = self.known.get(head)
        if found is None:
            found = await self.keys.unwrap(head.of, head.wrapped)
            self.known[head] = found
        return found

    def forget_lost(self) -> None:
        """What is encrypted by a data key whose owner's key was destroyed is lost."""
        losses = self.keys.losses()
        if losses != self.losses:
            self.made.clear()
            self.known.clear()
            self.losses = losses

    async def encrypt(self, of: str, content: bytes, context: str) -> bytes:
        """Content of a case or patient, readable where the same `context` (a topic, a name) is given."""
        return b"".join(await self.encrypting(of, [content], len(content), context))

    async def encrypting(self, of: str, parts: Iterable[bytes], size: int, context: str) -> Iterator[bytes]:
        """The same, of content in parts that are `size` bytes together."""
        key = await self.data_key(of)
        head = bytes(Head(of, key.wrapped))
        stream_head = bytes([STREAM_HEAD]) + os.urandom(SALT + PREFIX)
        stream = Stream.of(key.key, stream_head, context_of(head, context), len(head))
        return encrypted_segments(head + stream_head, stream, parts, size)

    async def decrypt(self, content: bytes, context: str) -> bytes:
        """Raise Erased where its key was destroyed, Malformed where it is not what was encrypted for this context."""
        stream = await self.stream(content, context)
        reading = Reading(stream)
        return reading.more(content) + reading.end()

    async def stream(self, beginning: bytes, context: str) -> Stream:
        """How to read the segments of a ciphertext that begins so."""
        head, end = Head.read(beginning)
        key = await self.unwrapped(head)
        return Stream.of(key, beginning[end : end + STREAM_HEAD], context_of(beginning[:end], context), end)

    async def destroy(self, of: str) -> bool:
        """Make all that was encrypted for a case or patient until now unreadable, for ever; say whether there was a key.

        Where the keys are a folder, other processes know at once. Else they go on with data keys that they hold, for
        `held_seconds`: what they encrypt by these is lost.
        """
        return await self.keys.destroy(of)


async def readable(encryption: Encryption | None, content: bytes, context: str) -> bytes:
    """Content as it was before it was encrypted, if it was. Raise Erased, Malformed or Unavailable as `decrypt` does."""
    if not is_encrypted(content):
        return content
    if encryption is None:
        raise Unavailable("it is encrypted, and this process has no keys (CASEPATH_KEYS)")
    return await encryption.decrypt(content, context)


def context_of(head: bytes, context: str) -> bytes:
    """Associated data: a ciphertext of another place, or under another head, does not decrypt."""
    return head + context.encode()


def encrypted_segments(beginning: bytes, stream: Stream, parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    yield beginning
    number, last, taken = 0, segments(size) - 1, 0
    waiting = bytearray()
    for part in parts:
        waiting += part
        taken += len(part)
        at, found = 0, bytearray()
        while number < last and len(waiting) - at >= (room := room_of(number)):
            found += stream.encrypted(number, bytes(waiting[at : at + room]), last=False)
            at += room
            number += 1
        del waiting[:at]
        yield bytes(found)
    if taken != size:
        raise Malformed("what was to be encrypted has another size than was said")
    yield stream.encrypted(number, bytes(waiting), last=True)
