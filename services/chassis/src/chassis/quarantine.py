"""Files set aside with a reason, until it is mended. One folder an input, with reason.json beside its files."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REASON = "reason.json"
PARTIAL = ".reason.partial"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a person must do, in English and in French."""

    en: str
    fr: str


@dataclass(frozen=True, slots=True)
class Held:
    """One input that is set aside. `touched`: somebody changed a file since then, or put another beside it."""

    folder: Path
    reason: str
    files: list[Path]
    touched: bool


class Quarantine:
    """The folder that holds them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def hold(self, name: str, files: Sequence[Path], reason: str, remedy: Remedy, detail: str) -> None:
        """Move an input's files into a folder of its own, and write why, last."""
        folder = self.root / name
        move(files, folder)
        said = {
            "reason": reason,
            "remedy": {"en": remedy.en, "fr": remedy.fr},
            "detail": detail,
            "files": [path.name for path in files if (folder / path.name).exists()],
        }
        partial = folder / PARTIAL
        partial.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        partial.replace(folder / REASON)

    def held(self) -> list[Held]:
        found = []
        for reason in sorted(self.root.glob(f"*/{REASON}")):
            said = json.loads(reason.read_text())
            files = [reason.parent / name for name in said["files"]]
            since = reason.stat().st_mtime
            beside = [path for path in reason.parent.iterdir() if path.name not in {REASON, PARTIAL}]
            touched = any(path not in files or path.stat().st_mtime > since for path in beside)
            found.append(Held(reason.parent, said["reason"], files, touched))
        return found

    def release(self, held: Held, into: Path) -> bool:
        """Move everything but the reason back; not while something of the same name is there, and say whether it was done."""
        entries = [path for path in held.folder.iterdir() if path.name not in {REASON, PARTIAL}]
        if any((into / path.name).exists() for path in entries):
            return False
        (held.folder / REASON).unlink()
        move(entries, into)
        shutil.rmtree(held.folder)
        return True


def move(files: Sequence[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        if path.exists():
            if (folder / path.name).is_dir():
                # What a crash left there, or the same input again.
                shutil.rmtree(folder / path.name)
            shutil.move(path, folder / path.name)
