"""A hospital's system that takes results: each ORU^R01 is a file, under its MSH-10. For development and demonstration."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from hl7.mllp import start_hl7_server
from hl7.mllp.streams import HL7StreamReader, HL7StreamWriter

LARGEST = 64 << 20


async def take(reader: HL7StreamReader, writer: HL7StreamWriter, kept: Callable[[str, bytes], Awaitable[None]]) -> None:
    """Answer each message of a connection with AA, once it is kept under its MSH-10."""
    try:
        while not reader.at_eof():
            message: bytes = await reader.readblock()
            control = message.split(b"|", 10)[9].decode("ascii")
            await kept(control, message)
            answer = f"MSH|^~\\&|HIS||CASEPATH||||ACK^R01^ACK|{control}|P|2.5.1\rMSA|AA|{control}\r"
            writer.writeblock(answer.encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


async def serve(port: int, folder: Path) -> None:
    async def kept(control: str, message: bytes) -> None:
        await asyncio.to_thread(keep, folder, control, message)

    async with await start_hl7_server(partial(take, kept=kept), host="127.0.0.1", port=port, limit=LARGEST) as server:
        await server.serve_forever()


def keep(folder: Path, control: str, message: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{control}.partial"
    partial.write_bytes(message)
    partial.replace(folder / f"{control}.hl7")


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
