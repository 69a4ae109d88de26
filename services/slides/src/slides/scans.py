"""Which files in a drop folder are one scan.

A file is a scan of its own. A folder is one scan: a DICOM series, or a format of many files. A 3DHISTECH slide is `X.mrxs`
with its folder `X/`.
"""

import errno
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_MIXED_FILES
from chassis.objects import digest
from slides.quarantine import Quarantined

# The file of a format of many that is opened; the others are found from it.
PRIMARY_SUFFIXES = (".mrxs", ".vms", ".vmu")
DICOM_PREAMBLE = 128


@dataclass(frozen=True, slots=True)
class Scan:
    """What the drop folder holds of one scan: a file, a folder, or both. The first one names it."""

    entries: tuple[Path, ...]

    @property
    def named(self) -> Path:
        return self.entries[0]

    @property
    def sidecar(self) -> Path:
        return sidecar_of(self.named)

    def files(self) -> list[Path]:
        """Every file, in name order, but hidden ones. Raise FileNotFoundError where none is left: a share may be gone."""
        found: list[Path] = []
        for entry in self.entries:
            found += [entry] if entry.is_file() else [path for path in sorted(entry.rglob("*")) if path.is_file()]
        shown = [path for path in found if not path.name.startswith(".")]
        if not shown:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return shown

    def sources(self) -> list[Path]:
        """What a reader opens: the DICOM files of a series, else the one file from which the others are found.

        Raise Quarantined where it cannot be told which one that is.
        """
        files = self.files()
        if files and all(is_dicom(path) for path in files):
            return files
        if len(files) > 1:
            files = [path for path in files if path.suffix.lower() in PRIMARY_SUFFIXES]
        if len(files) != 1:
            raise Quarantined(QUARANTINE_REASON_MIXED_FILES, f"{len(files)} files could be the slide")
        return files


def scan_unit(folder: Path, path: Path) -> str:
    """The name that the files of one scan share."""
    top = folder / path.relative_to(folder).parts[0]
    return top.stem if top.suffix.lower() == ".mrxs" else top.name


def scans(folder: Path, files: Sequence[Path]) -> list[Scan]:
    """The scans that complete files make."""
    entries: dict[str, set[Path]] = {}
    for path in files:
        entries.setdefault(scan_unit(folder, path), set()).add(folder / path.relative_to(folder).parts[0])
    return [Scan(tuple(sorted(found, key=lambda entry: (entry.is_dir(), entry.name)))) for _, found in sorted(entries.items())]


def scan_digest(files: Iterable[Path]) -> tuple[str, int]:
    """SHA-256 in hexadecimal and the size in bytes: of the file, or of the sorted digests of several, whatever their names."""
    found = [digest(path) for path in files]
    if len(found) == 1:
        return found[0]
    together = "\n".join(sorted(sha256 for sha256, _ in found))
    return hashlib.sha256(together.encode()).hexdigest(), sum(size for _, size in found)


def sidecar_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(DICOM_PREAMBLE)
        return file.read(4) == b"DICM"
