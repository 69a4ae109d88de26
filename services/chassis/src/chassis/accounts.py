"""People who may log in, where no identity provider knows them: a file with salted scrypt hashes (RFC 7914)."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from chassis.errors import Misconfigured

log: structlog.stdlib.BoundLogger = structlog.get_logger()

COST, BLOCK, PARALLEL = 2**14, 8, 1
MEMORY = 64 << 20


# In the place of a unit: every one.
EVERY_UNIT = "*"


@dataclass(frozen=True, slots=True)
class Account:
    """`name` logs in; `full_name` is printed under a report; cases of `units` are theirs to see.

    Sessions that began before `not_before`, in seconds since 1970, are over.
    """

    name: str
    full_name: str
    roles: tuple[str, ...]
    salt: str
    hash: str
    units: tuple[str, ...] = ()
    not_before: int = 0


def account(name: str, full_name: str, roles: Iterable[str], password: str, units: Iterable[str] = ()) -> Account:
    salt = secrets.token_bytes(16)
    return Account(name, full_name, tuple(roles), salt.hex(), hashed(password, salt).hex(), tuple(units), int(time.time()))


def hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY)


def save_accounts(path: Path, accounts: Sequence[Account]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps([asdict(one) for one in accounts], indent=2, ensure_ascii=False) + "\n")
    partial.replace(path)


def load_accounts(path: Path) -> list[Account]:
    """Raise Misconfigured where the file is not what `save_accounts` writes."""
    try:
        kept = json.loads(path.read_text())
        if not isinstance(kept, list):
            raise TypeError("not a list")
        return [Account(**{**one, "roles": tuple(one["roles"]), "units": tuple(one.get("units", ()))}) for one in kept]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Misconfigured(f"the accounts in CASEPATH_ACCOUNTS cannot be read: {type(error).__name__}") from error


class Accounts:
    """Tells who logs in. A name that nobody has takes as long to refuse as a wrong password."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.by_name = {one.name: one for one in accounts}
        self.nobody = account("", "", (), secrets.token_hex(16))

    def known(self, name: str, password: str) -> Account | None:
        kept = self.by_name.get(name, self.nobody)
        right = hmac.compare_digest(hashed(password, bytes.fromhex(kept.salt)), bytes.fromhex(kept.hash))
        return kept if right and kept is not self.nobody else None

    def with_role(self, role: str) -> list[Account]:
        return sorted((one for one in self.by_name.values() if role in one.roles), key=lambda one: one.full_name)

    def named(self, name: str) -> Account | None:
        return self.by_name.get(name)


class AccountsFile:
    """The accounts of a file as it is now: what is changed in it counts at once, also for who is logged in."""

    def __init__(self, path: Path) -> None:
        """Raise Misconfigured."""
        self.path = path
        self.changed = modified(path)
        self.accounts = Accounts(load_accounts(path))

    def now(self) -> Accounts:
        """Those that were there where the file cannot be read any more."""
        changed = modified(self.path)
        if changed != self.changed:
            try:
                self.accounts = Accounts(load_accounts(self.path))
            except Misconfigured as error:
                log.error("accounts", error=str(error))
            self.changed = changed
        return self.accounts


def modified(path: Path) -> int:
    """In nanoseconds; 0 where the file is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
