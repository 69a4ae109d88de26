"""What a machine refuses for a while, whatever the input is."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.errors import Unavailable, defect_and_place

# No space, a quota, a limit on files or memory; a disk that does not answer, a share that is gone or cannot be written to.
OF_THE_MACHINE = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EIO,
        errno.ESTALE,
        errno.EROFS,
    }
)
OF_A_DATABASE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_NOMEM,
    }
)


def of_the_machine(error: BaseException) -> bool:
    """Whether the same may end otherwise at another time, or elsewhere."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(of_the_machine, error.exceptions))
    if isinstance(error, sqlite3.Error):
        # Of an extended code the last byte is what it extends (SQLite, "Result and Error Codes").
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in OF_A_DATABASE
    return isinstance(error, OSError) and error.errno in OF_THE_MACHINE


@contextmanager
def passing_faults() -> Iterator[None]:
    """Raise Unavailable for what this machine refuses for a while: it is no defect, and no fault of the input."""
    try:
        yield
    except Exception as error:
        if of_the_machine(error):
            raise Unavailable(f"this machine cannot do it now: {defect_and_place(error)}") from error
        raise
