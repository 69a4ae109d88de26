"""Confluent's wire format: before each message, which schema of a registry it is of.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
"""

from chassis.errors import Malformed

MAGIC = 0
# The magic byte, and a schema's number in four.
HEAD = 5


def unframed(value: bytes) -> bytes:
    """The message in a value, framed or not: no message of protobuf begins with a zero byte. Raise Malformed."""
    if value[:1] != bytes([MAGIC]):
        return value
    try:
        count, at = varint(value, HEAD)
        for _ in range(count):
            _, at = varint(value, at)
    except IndexError:
        raise Malformed("the value begins as Confluent's wire format does, and ends within it") from None
    return value[at:]


def varint(value: bytes, at: int) -> tuple[int, int]:
    """A zigzag-encoded number, and where it ends. Raise IndexError where it does not."""
    number = shift = 0
    while True:
        byte = value[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return (number >> 1) ^ -(number & 1), at
