"""Sending over MLLP (HL7 Transport Specification: MLLP, release 1), and what acknowledgements mean (HL7 v2.5.1 section 2.9)."""

import asyncio
import re
from contextlib import suppress
from ssl import SSLContext
from typing import Protocol

from hl7.exceptions import HL7Exception
from hl7.mllp import open_hl7_connection
from hl7.mllp.streams import HL7StreamReader, HL7StreamWriter

from chassis.errors import Rejected, Unavailable

MSA = re.compile(rb"[\r\n]MSA\|([A-Z]{2})\|([^|\r\n]*)")
CONTROL = re.compile(rb"MSH\|(?:[^|\r\n]*\|){8}([^|\r\n]*)")
ACCEPTED, WRONG = frozenset({b"AA", b"CA"}), frozenset({b"AE", b"CE"})


class Sender(Protocol):
    """Returns when the receiver has the message.

    Raise Rejected where it says that the message is wrong, Unavailable where it cannot take it now.
    """

    async def send(self, message: bytes) -> None: ...


class MllpSender:
    """One connection, made when it is needed; one message at a time, as MLLP has it."""

    def __init__(self, host: str, port: int, seconds: float, tls: SSLContext | None = None) -> None:
        self.host = host
        self.port = port
        self.seconds = seconds
        self.tls = tls
        self.turn = asyncio.Lock()
        self.streams: tuple[HL7StreamReader, HL7StreamWriter] | None = None

    async def send(self, message: bytes) -> None:
        async with self.turn:
            try:
                async with asyncio.timeout(self.seconds):
                    answer = await self.exchange(message)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError, HL7Exception) as error:
                self.close()
                raise Unavailable(f"the hospital's system does not answer: {type(error).__name__}") from error
            except asyncio.CancelledError:
                # What comes next on this connection would be the answer to this message.
                self.close()
                raise
        weigh(message, answer)

    async def exchange(self, message: bytes) -> bytes:
        if self.streams is None:
            self.streams = await open_hl7_connection(self.host, self.port, ssl=self.tls)
        reader, writer = self.streams
        writer.writeblock(message)
        await writer.drain()
        found: bytes = await reader.readblock()
        return found

    def close(self) -> None:
        if self.streams is not None:
            with suppress(OSError):
                self.streams[1].close()
            self.streams = None


class MemorySender:
    """Takes everything, for tests."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send(self, message: bytes) -> None:
        self.sent.append(message)


def weigh(message: bytes, answer: bytes) -> None:
    """AR is tried again: a receiver that cannot take a message now says so, and one that never will is seen in the log."""
    found, control = MSA.search(answer), CONTROL.match(message)
    if found is None or control is None or found[2].strip() != control[1]:
        raise Unavailable("the hospital's system acknowledged something else")
    if found[1] in WRONG:
        raise Rejected("the hospital's system answered AE: it says that the message is wrong")
    if found[1] not in ACCEPTED:
        raise Unavailable("the hospital's system answered AR: it does not take the message now")
