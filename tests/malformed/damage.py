"""What befalls files on their way: one change of a content, by the numbers that a seed gives."""

from collections.abc import Callable
from random import Random

type Damage = Callable[[bytearray, Random], None]

PIECES = [b"\n", b"@", b"+\n", b"\r\n", b"\t", b"\0", b"\xff", b"A" * 1000]


def cut(content: bytearray, rng: Random) -> None:
    del content[rng.randrange(len(content)) :]


def changed(content: bytearray, rng: Random) -> None:
    for _ in range(rng.randint(1, 20)):
        content[rng.randrange(len(content))] = rng.randrange(256)


def changed_header(content: bytearray, rng: Random) -> None:
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(min(7000, len(content)))] = rng.randrange(256)


def changed_end(content: bytearray, rng: Random) -> None:
    for _ in range(rng.randint(1, 8)):
        content[-1 - rng.randrange(min(6000, len(content)))] = rng.randrange(256)


def blanked(content: bytearray, rng: Random) -> None:
    at, length = rng.randrange(len(content)), rng.randint(1, 5000)
    content[at : at + length] = bytes(len(content[at : at + length]))


def repeated(content: bytearray, rng: Random) -> None:
    at = rng.randrange(len(content))
    content[at:at] = content[at : at + rng.randint(1, 1000)]


def inserted(content: bytearray, rng: Random) -> None:
    at = rng.randrange(len(content))
    content[at:at] = rng.choice(PIECES)


OF_BYTES: list[Damage] = [cut, changed, changed_header, changed_end, blanked, repeated]
OF_TEXT: list[Damage] = [cut, changed, repeated, inserted]


def damaged(content: bytes, rng: Random, kinds: list[Damage]) -> bytes:
    found = bytearray(content)
    rng.choice(kinds)(found, rng)
    return bytes(found)
