"""An object store of a test: in memory, and as unsure as the test has it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, Protocol

from obstore.exceptions import AlreadyExistsError
from obstore.store import MemoryStore

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.errors import NotFound
from chassis.objects import Objects, Writing

NOWHERE = MemoryStore()


class Asks(Protocol):
    def __call__[T](self, act: Callable[[], T]) -> Awaitable[T]:
        """Have the store do something, which either happens as a whole or not at all."""
        ...


async def at_once[T](act: Callable[[], T]) -> T:
    return act()


class MemoryObjects(Objects):
    """An object store in memory, `held` by path; each question to it goes by way of `asks`."""

    def __init__(self, held: dict[str, bytes], asks: Asks = at_once) -> None:
        super().__init__(NOWHERE)
        self.held = held
        self.asks = asks

    async def has(self, path: str) -> bool:
        return await self.asks(lambda: path in self.held)

    async def found(self, path: str) -> tuple[bytes | None, Writing]:
        content = await self.asks(lambda: self.held.get(path))
        return content, {} if content is None else {"e_tag": content.hex()}

    async def replace(self, path: str, content: bytes, writing: Writing) -> bool:
        def replaced() -> bool:
            kept = self.held.get(path)
            if (None if kept is None else kept.hex()) != writing.get("e_tag"):
                return False
            self.held[path] = content
            return True

        return await self.asks(replaced)

    async def write(
        self, path: str, content: bytes | Path | Iterator[bytes], mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None:
        def written() -> None:
            assert isinstance(content, bytes)
            if mode == "create" and path in self.held:
                raise AlreadyExistsError
            self.held[path] = content

        await self.asks(written)

    async def delete(self, path: str) -> None:
        await self.asks(lambda: self.held.pop(path, None))

    async def remove(self, folder: str) -> None:
        for name in sorted(await self.names(folder)):
            await self.delete(f"{folder}/{name}")

    async def names(self, prefix: str) -> set[str]:
        beginning = f"{prefix}/"
        return await self.asks(lambda: {path.removeprefix(beginning) for path in self.held if path.startswith(beginning)})

    async def folders(self, prefix: str) -> set[str]:
        return {name.split("/", 1)[0] for name in await self.names(prefix) if "/" in name}

    @asynccontextmanager
    async def local(self, ref: ObjectRef, scratch: Path) -> AsyncIterator[Path]:
        if not await self.has(ref.path):
            raise NotFound(f"object {ref.path} is not in the store")
        yield scratch
