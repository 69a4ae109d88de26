"""Lines of text files, plain or gzip."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from chassis.errors import Malformed


@contextmanager
def text_of(path: Path) -> Iterator[IO[str]]:
    """Raise Malformed where the file breaks off."""
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    try:
        with (
            gzip.open(path, "rt", errors="replace", newline="\n")
            if compressed
            else path.open(errors="replace", newline="\n") as lines
        ):
            yield lines
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Malformed(f"{path.name} is not whole: {error}") from None
