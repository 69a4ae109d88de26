"""The ledger in the object store: block after block, each written once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from google.protobuf.timestamp_pb2 import Timestamp

from audit.chain import Head, opened, seal
from casepath.audit.v1.audit_pb2 import Block, BlockSealed, LedgerEntry, SealedBlock
from chassis.access import Signer
from chassis.objects import Objects, Shelf

SHELF = "audit/blocks"
# Blocks are in folders of so many, so that finding the last one does not list them all.
FOLDER = 10_000
LARGEST = 5_000


@dataclass(eq=False, slots=True)
class Waiting:
    """An entry, and the block that has it once there is one."""

    entry: LedgerEntry
    sealed: BlockSealed | None = None


class Ledger:
    """Takes entries of many at once; whoever's turn it is seals all that wait.

    A block's number is taken by whoever writes it first: of two that seal at once, the other goes on from there.
    """

    def __init__(self, objects: Objects, signer: Signer) -> None:
        self.blocks = Shelf(objects, SealedBlock, SHELF)
        self.signer = signer
        self.head: Head | None = None
        self.waiting: list[Waiting] = []
        self.turn = asyncio.Lock()

    async def append(self, entry: LedgerEntry) -> BlockSealed:
        """The block that has it, once that is written. Raise Unavailable."""
        mine = Waiting(entry)
        self.waiting.append(mine)
        try:
            async with self.turn:
                while mine.sealed is None:
                    await self.seal_waiting()
                return mine.sealed
        finally:
            if mine.sealed is None:
                self.waiting.remove(mine)

    async def seal_waiting(self) -> None:
        taken = self.waiting[:LARGEST]
        done = await self.seal([one.entry for one in taken])
        for one in taken:
            one.sealed = done
        self.waiting = [one for one in self.waiting if one.sealed is None]

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

    async def intact(self, number: int) -> Block | None:
        """The block, unless it is not there or damaged."""
        content = await self.blocks.objects.read(f"{self.blocks.prefix}/{name(number)}")
        found = opened(content) if content is not None else None
        return found[1] if found is not None else None

    async def newest(self) -> int:
        """The last block's number, -1 where there is none."""
        return (await last(self.blocks)).number


def name(number: int) -> str:
    return f"{number // FOLDER:08}/{number:012}"


async def last(blocks: Shelf[SealedBlock]) -> Head:
    """The end of what is there. A last block that is damaged is followed all the same: that it is shows."""
    for folder in reversed(await blocks.folders()):
        for number in reversed(await numbers(blocks, folder)):
            content = await blocks.objects.read(f"{blocks.prefix}/{folder}/{number}")
            if content is not None:
                found = opened(content)
                return Head(int(number), sha256(found[0].block if found else content).digest())
    return Head()


async def contents(objects: Objects) -> AsyncIterator[tuple[int, bytes]]:
    """What lies in the ledger, by the number that its name says, in order. What has another name is left out."""
    blocks = Shelf(objects, SealedBlock, SHELF)
    for folder in await blocks.folders():
        for number in await numbers(blocks, folder):
            content = await objects.read(f"{blocks.prefix}/{folder}/{number}")
            if content is not None:
                yield int(number), content


async def numbers(blocks: Shelf[SealedBlock], folder: str) -> list[str]:
    """Names in a folder that are numbers, in order."""
    return sorted(one for one in await blocks.names(folder) if one.isdecimal())
