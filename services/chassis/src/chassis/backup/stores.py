"""Objects of one store in another."""

from dataclasses import dataclass

import obstore

from chassis.objects import Objects, failing

COPIED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Listed:
    size: int
    tag: str


async def listed(store: Objects, prefix: str = "") -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    with failing(f"did not list {prefix}"):
        async for batch in obstore.list(store.store, prefix):
            found.update({str(one["path"]): Listed(one["size"], one["e_tag"] or str(one["last_modified"])) for one in batch})
    return dict(sorted(found.items()))


async def copied(source: Objects, path: str, into: Objects, named: str) -> bool:
    """Copy an object as it lies there; say whether it was there."""
    with failing(f"did not give {path}"):
        try:
            found = await obstore.get_async(source.store, path)
        except FileNotFoundError:
            return False
        await obstore.put_async(into.store, named, found.stream())
    return True
