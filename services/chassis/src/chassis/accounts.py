"""People who may log in, where no identity provider knows them: a file with salted scrypt hashes (RFC 7914)."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chassis.errors import Misconfigured

COST, BLOCK, PARALLEL = 2**14, 8, 1
MEMORY = 64 << 20


# In the place of a unit: every one.
EVERY_UNIT = "*"


@dataclass(frozen=True, slots=True)
class Account:
    """`name` logs in; `full_name` is printed under a report; cases of `units` are theirs to see."""

    name: str
    full_name: str
    roles: tuple[str, ...]
    salt: str
    hash: str
    units: tuple[str, ...] = ()


def account(name: str, full_name: str, roles: Iterable[str], password: str, units: Iterable[str] = ()) -> Account:
    salt = secrets.token_bytes(16)
    return Account(name, full_name, tuple(roles), salt.hex(), hashed(password, salt).hex(), tuple(units))


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
