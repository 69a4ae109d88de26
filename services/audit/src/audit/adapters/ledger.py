"""The ledger in the object store: block after block, each written once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

from google.protobuf.timestamp_pb2 import Timestamp

from audit.chain import Head, opened, seal
from casepath.audit.v1.audit_pb2 import Block, BlockSealed, LedgerEntry, SealedBlock
from chassis.access import Signer
from chassis.errors import CasepathError
from chassis.objects import Objects, Shelf

SHELF = "audit/blocks"
# Blocks are in folders of so many, so that finding the last one does not list them all.
FOLDER = 10_000
LARGEST = 5_000


class Ledger:
    """Takes entries of many at once, and seals those that wait together.

    A block's number is taken by whoever writes it first: of two that seal at once, the other goes on from there.
    """

    def __init__(self, objects: Objects, signer: Signer) -> None:
        self.blocks = Shelf(objects, SealedBlock, SHELF)
        self.signer = signer
        self.head: Head | None = None
        self.waiting: list[tuple[LedgerEntry, asyncio.Future[BlockSealed]]] = []
        self.sealing: asyncio.Task[None] | None = None

    async def append(self, entry: LedgerEntry) -> BlockSealed:
        """The block that has it, once that is written. Raise Unavailable."""
        future: asyncio.Future[BlockSealed] = asyncio.get_running_loop().create_future()
        self.waiting.append((entry, future))
        if self.sealing is None or self.sealing.done():
            self.sealing = asyncio.create_task(self.seal_waiting())
        return await future

    async def seal_waiting(self) -> None:
        while self.waiting:
            taken, self.waiting = self.waiting[:LARGEST], self.waiting[LARGEST:]
            try:
                done = await self.seal([entry for entry, _ in taken])
            except CasepathError as error:
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            for _, future in taken:
                if not future.done():
                    future.set_result(done)

    async def seal(self, entries: Sequence[LedgerEntry]) -> BlockSealed:
        while True:
            head = self.head or await last(self.blocks)
            at = Timestamp()
            at.GetCurrentTime()
            following, kept = seal(head, entries, at, self.signer)
            if await self.blocks.create(name(following.number), kept):
                self.head = following
                return BlockSealed(number=following.number, digest=following.digest, entries=len(entries))
            self.head = None

    async def block(self, number: int) -> Block | None:
        kept = await self.blocks.get(name(number))
        return None if kept is None else Block.FromString(kept.block)


def name(number: int) -> str:
    return f"{number // FOLDER:08}/{number:012}"


async def last(blocks: Shelf[SealedBlock]) -> Head:
    """The end of what is there. A last block that is damaged is followed all the same: that it is shows."""
    for folder in reversed(await blocks.folders()):
        for found in sorted(await blocks.names(folder), reverse=True):
            content = await blocks.objects.read(f"{blocks.prefix}/{folder}/{found}")
            if content is not None:
                sealed, _ = opened(content)
                return Head(int(found), sha256(sealed.block if sealed else content).digest())
    return Head()


async def contents(objects: Objects) -> AsyncIterator[tuple[int, bytes]]:
    """What lies in the ledger, by the number that its name says, in order. What has another name is left out."""
    blocks = Shelf(objects, SealedBlock, SHELF)
    for folder in await blocks.folders():
        for found in sorted(await blocks.names(folder)):
            content = await objects.read(f"{blocks.prefix}/{folder}/{found}")
            if content is not None and found.isdigit():
                yield int(found), content
