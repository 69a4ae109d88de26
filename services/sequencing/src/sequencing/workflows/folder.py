"""The folder that a workflow runs in, which it may have filled with anything: links are never followed."""

import os
import re
import shutil
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.errors import Rejected

RESULTS = "results"
LOG = "snakemake.log"
# Of the contract: casepath.sequencing.v1.WorkflowFile.
PATH = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.+=,@-]*/)*[A-Za-z0-9_][A-Za-z0-9_.+=,@-]*")
MOST_RESULTS = 4096


@dataclass(frozen=True, slots=True)
class Folder:
    """Of one run: what the workflow sees as its own, what it may leave behind, and what it says."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def log(self) -> Path:
        return self.root / LOG

    def make(self) -> None:
        for path in (self.work, self.temporary):
            path.mkdir()
        self.log.touch()


def lay_out(work: Path, files: Mapping[str, Path]) -> None:
    """Copies, by their paths below `work`: a workflow may change its own."""
    for name, file in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path)


def packed(folder: Folder, to: Path) -> Path:
    """What the workflow has made so far, and what it said, with the times by which Snakemake knows what is done."""
    with its_own(), tarfile.open(to, "w") as archive:
        archive.add(folder.work, "work")
        archive.add(folder.log, LOG)
    return to


def unpack(archive: Path, folder: Folder) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(folder.root, filter="tar")


def size(folder: Folder) -> int:
    """Bytes of all that is in it, as files say of themselves."""
    found = 0
    for root, _, names in os.walk(folder.root):
        for name in names:
            try:
                found += (Path(root) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return found


def results(work: Path) -> dict[str, Path]:
    """Files below results/ by their paths. Raise Rejected where one is none, or has a name that is not taken."""
    found: dict[str, Path] = {}
    top = work / RESULTS
    with its_own():
        if top.is_symlink():
            raise Rejected(f"{RESULTS} is a link, and links are not followed")
        for root, folders, names in os.walk(top, onerror=unreadable):
            for name in sorted([*folders, *names]):
                path = Path(root) / name
                mode = path.lstat().st_mode
                if stat.S_ISDIR(mode):
                    continue
                shown = path.relative_to(work).as_posix()
                if not PATH.fullmatch(shown):
                    raise Rejected(
                        f"{RESULTS} holds a file whose name is not of letters, digits and _.+=,@- alone: {shown!a:.200}"
                    )
                if not stat.S_ISREG(mode):
                    raise Rejected(f"{shown} is not a plain file, and links are not followed")
                found[shown] = path
    if len(found) > MOST_RESULTS:
        raise Rejected(f"{RESULTS} holds more than {MOST_RESULTS} files: pack them into one")
    return dict(sorted(found.items()))


def unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


@contextmanager
def its_own() -> Iterator[None]:
    """Raise Rejected for what a workflow has made so that nobody may read it."""
    try:
        yield
    except PermissionError:
        raise Rejected("the workflow made a file or a folder that cannot be read") from None
