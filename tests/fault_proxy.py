"""A proxy between a client and an HTTP server that refuses, delays, repeats, cuts and loses, as chance has it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Literal

import h11
import httpx

type Fault = Literal["none", "busy", "reset", "lost", "cut", "late", "again", "slow"]

BUSY = (429, 503, 500, 409)
# How long a request that the client has given up on is under way, at most.
LATE_SECONDS = 1.5
SLOW_SECONDS = 0.3
LEFT_OUT = {"transfer-encoding", "content-length", "content-encoding", "connection", "keep-alive"}


class FaultProxy:
    """`share` of the requests go wrong; `done` counts how."""

    def __init__(self, target: str, rng: Random, share: float) -> None:
        self.target = target.rstrip("/")
        self.rng = rng
        self.share = share
        self.done: Counter[Fault] = Counter()
        self.under_way: set[asyncio.Task[httpx.Response]] = set()
        self.client = httpx.AsyncClient(timeout=60)
        self.base = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self.connection, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            await self.settled()
            await self.client.aclose()

    async def settled(self) -> None:
        """Until what was late has come."""
        while self.under_way:
            await asyncio.wait(self.under_way)

    def fault(self) -> Fault:
        if self.rng.random() >= self.share:
            return "none"
        return self.rng.choice(("busy", "reset", "lost", "cut", "late", "again", "slow"))

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request for each connection, so that cutting one is cutting one request."""
        try:
            received = await read_request(reader)
            if received is not None:
                await self.answer(*received, writer)
        except (ConnectionError, h11.RemoteProtocolError):
            pass
        finally:
            writer.close()

    async def answer(self, request: h11.Request, body: bytes, writer: asyncio.StreamWriter) -> None:
        fault = self.fault()
        self.done[fault] += 1
        match fault:
            case "busy":
                writer.write(written(httpx.Response(self.rng.choice(BUSY))))
            case "reset":
                return
            case "lost":
                await self.forward(request, body)
            case "late":
                task = asyncio.create_task(self.forward(request, body, self.rng.uniform(0, LATE_SECONDS)))
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)
            case "cut":
                whole = written(await self.forward(request, body))
                writer.write(whole[: len(whole) // 2])
            case "again":
                await self.forward(request, body)
                writer.write(written(await self.forward(request, body)))
            case "slow":
                writer.write(written(await self.forward(request, body, SLOW_SECONDS)))
            case "none":
                writer.write(written(await self.forward(request, body)))
        await writer.drain()

    async def forward(self, request: h11.Request, body: bytes, after: float = 0.0) -> httpx.Response:
        await asyncio.sleep(after)
        headers = [(name, value) for name, value in request.headers if name.decode().lower() not in {*LEFT_OUT, "host"}]
        headers.append((b"accept-encoding", b"identity"))
        return await self.client.request(
            request.method.decode(), f"{self.target}{request.target.decode()}", headers=headers, content=body
        )


async def read_request(reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    connection, request, body = h11.Connection(h11.SERVER), None, b""
    while True:
        event = connection.next_event()
        match event:
            case h11.NEED_DATA:
                connection.receive_data(await reader.read(1 << 20))
            case h11.Request():
                request = event
            case h11.Data():
                body += bytes(event.data)
            case h11.EndOfMessage():
                assert request is not None
                return request, body
            case _:
                return None


def written(response: httpx.Response) -> bytes:
    connection = h11.Connection(h11.SERVER)
    kept = [(name, value) for name, value in response.headers.raw if name.decode().lower() not in LEFT_OUT]
    headers = [*kept, (b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
    # A server answers what was asked: the machine is told of a request that asked nothing.
    connection.receive_data(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    connection.next_event()
    connection.next_event()
    made = connection.send(h11.Response(status_code=response.status_code, headers=headers)) or b""
    data = connection.send(h11.Data(data=response.content)) or b""
    return made + data + (connection.send(h11.EndOfMessage()) or b"")
