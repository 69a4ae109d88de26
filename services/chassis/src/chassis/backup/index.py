"""What one backup is of."""

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chassis.errors import Malformed, NotFound
from chassis.objects import Objects

# Of an object store: where its shelves are. What lies there is written over; all else has the name of what it holds.
SHELVES = "shelf/"
# What a hub makes anew from topics: its tables, and the embedded platform's catalog of them. Of who withdrew since, a copy would
# still have rows.
DERIVED = ("warehouse/", "catalog.sqlite")
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Segment:
    """A file with records of one partition: from offset `first` to before `following`."""

    name: str
    sha256: str
    first: int
    following: int
    records: int


@dataclass(frozen=True, slots=True)
class Document:
    """A shelf's message: its digest, and what the store says by which one sees that it is another."""

    sha256: str
    tag: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What one is of. `topics`: of each topic its partitions' segments; `groups`: of each group how far it came, by topic and
    partition; `documents`: of each store its shelves' messages; `objects`: of each store its objects' sizes."""

    taken_at: str = ""
    topics: dict[str, list[list[Segment]]] = field(default_factory=dict)
    groups: dict[str, dict[str, dict[int, int]]] = field(default_factory=dict)
    documents: dict[str, dict[str, Document]] = field(default_factory=dict)
    objects: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"backups/{self.taken_at}.json.gz"

    def stored(self) -> bytes:
        return gzip.compress(json.dumps(asdict(self)).encode(), mtime=0)

    @classmethod
    def of(cls, content: bytes) -> "Backup":
        """Raise Malformed."""
        try:
            said = json.loads(gzip.decompress(content))
            return cls(
                said["taken_at"],
                {
                    topic: [[Segment(**segment) for segment in segments] for segments in partitions]
                    for topic, partitions in said["topics"].items()
                },
                {
                    group: {topic: {int(number): offset for number, offset in come.items()} for topic, come in topics.items()}
                    for group, topics in said["groups"].items()
                },
                {
                    store: {path: Document(**document) for path, document in documents.items()}
                    for store, documents in said["documents"].items()
                },
                said["objects"],
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Malformed(f"the backup's index cannot be read: {type(error).__name__}") from None

    def records(self) -> int:
        return sum(segment.records for partitions in self.topics.values() for segments in partitions for segment in segments)


def place(named: str) -> Objects:
    """Where backups are: a folder, or an object store's URL."""
    return Objects.at(named if "://" in named else f"file://{Path(named).absolute()}")


def document_name(sha256: str) -> str:
    """Where a backup has a shelf's message."""
    return f"documents/{sha256}"


def object_name(store: str, path: str = "") -> str:
    """Where a backup has an object of a store, or all of them."""
    return f"objects/{store}/{path}"


async def backups(target: Objects) -> list[str]:
    """The times at which those that are there were taken, in order."""
    return sorted(name.removesuffix(".json.gz") for name in await target.names("backups"))


async def backup_of(target: Objects, taken_at: str = "") -> Backup:
    """The last one, or that of a time. Raise NotFound, Malformed or Unavailable."""
    found = await backups(target)
    if (taken_at and taken_at not in found) or not found:
        raise NotFound(f"there is no backup {taken_at or 'there'}")
    content = await target.read(Backup(taken_at or found[-1]).name)
    if content is None:
        raise NotFound(f"the backup of {taken_at or found[-1]} is gone")
    return Backup.of(content)
