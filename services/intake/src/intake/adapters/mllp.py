"""The MLLP listener (HL7 Transport Specification: MLLP, release 1)."""

import asyncio
from collections.abc import Awaitable, Callable
from ssl import SSLContext

import structlog
from hl7.exceptions import HL7Exception
from hl7.mllp import InvalidBlockError, start_hl7_server
from hl7.mllp.streams import HL7StreamReader, HL7StreamWriter

from chassis.errors import Misconfigured

log: structlog.stdlib.BoundLogger = structlog.get_logger()

type Answer = Callable[[bytes], Awaitable[bytes]]


class MllpListener:
    """Hands each frame to `answer` and sends back what it gives, in order, on every connection; over TLS where there is one."""

    def __init__(self, host: str, port: int, largest: int, answer: Answer, tls: SSLContext | None = None) -> None:
        self.host = host
        self.port = port
        self.largest = largest
        self.answer = answer
        self.tls = tls
        self.listening = False
        self.connections: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        try:
            server = await start_hl7_server(self.connected, host=self.host, port=self.port, limit=self.largest, ssl=self.tls)
        except OSError as error:
            raise Misconfigured(f"cannot listen on {self.host}:{self.port}: {error.strerror}") from error
        self.port = server.sockets[0].getsockname()[1]
        self.listening = True
        log.info("listening", port=self.port)
        try:
            await stop.wait()
        finally:
            self.listening = False
            server.close()
            for connection in self.connections:
                connection.cancel()
            await asyncio.gather(*self.connections, return_exceptions=True)

    async def connected(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            while not reader.at_eof():
                try:
                    frame = await reader.readblock()
                except (InvalidBlockError, ValueError, HL7Exception) as error:
                    log.warning("frame refused", error=type(error).__name__)
                    break
                writer.writeblock(await self.answer(frame))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The sender went away; what was not acknowledged is theirs to send again.
            pass
        finally:
            self.connections.discard(task)
            writer.close()
