"""The ledger as a chain of sealed blocks, and everything that can be wrong with one. Pure.

Each block carries the digest of the one before and a signature, so it is a checkpoint for all that came earlier: what is
changed, taken out, put in or moved does not fit any more. What is cut off at the end shows in digests that are kept elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.audit.v1.audit_pb2 import Block, LedgerEntry, SealedBlock
from chassis.access import Signer
from chassis.errors import Malformed, Misconfigured
from chassis.events import check

SEALING = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Head:
    """The last block: its number, and its digest. Before there is one the number is -1 and the digest 32 zero bytes."""

    number: int = -1
    digest: bytes = bytes(32)


class Keys:
    """Whose seals count, by the name of the key."""

    def __init__(self, keys: Mapping[str, ec.EllipticCurvePublicKey]) -> None:
        self.keys = keys

    @classmethod
    def at(cls, path: Path) -> "Keys":
        """Raise Misconfigured where the file is no JWK Set of keys on the curve P-256."""
        try:
            found = {str(one.key_id): one.key for one in jwt.PyJWKSet.from_json(path.read_text()).keys}
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise Misconfigured(f"{path} is not a JWK Set: {type(error).__name__}") from error
        if not all(isinstance(key, ec.EllipticCurvePublicKey) for key in found.values()):
            raise Misconfigured(f"{path} has keys that are not on an elliptic curve")
        return cls(found)

    def sealed(self, kept: SealedBlock) -> bool:
        key = self.keys.get(kept.key_id)
        if key is None:
            return False
        try:
            key.verify(kept.signature, kept.block, SEALING)
        except InvalidSignature:
            return False
        return True


def seal(head: Head, entries: Iterable[LedgerEntry], at: Timestamp, signer: Signer) -> tuple[Head, SealedBlock]:
    """The block that follows `head`."""
    block = Block(number=head.number + 1, previous=head.digest, sealed_at=at, entries=entries).SerializeToString()
    kept = SealedBlock(block=block, key_id=signer.kid, signature=signer.key.sign(block, SEALING))
    return Head(head.number + 1, sha256(block).digest()), kept


class Examination:
    """Goes through a ledger, block by block in the order of the numbers under which they lie.

    `known` are digests, by number, that were kept elsewhere. `faults` are the number of a block and what is wrong there.
    """

    def __init__(self, keys: Keys, known: Mapping[int, bytes]) -> None:
        self.keys = keys
        self.known = known
        self.blocks = 0
        self.entries = 0
        self.head = Head()
        self.faults: list[tuple[int, str]] = []

    def take(self, number: int, content: bytes) -> Block | None:
        """The next block, whatever else is wrong with it; None where it cannot be read."""
        if number != self.head.number + 1:
            self.faults.append((self.head.number + 1, f"blocks are missing, up to {number}"))
        self.blocks += 1
        found = opened(content)
        if found is None:
            self.faults.append((number, "it is no block"))
            self.head = Head(number, b"")
            return None
        sealed, block = found
        digest = sha256(sealed.block).digest()
        self.faults += [(number, fault) for fault in wrong(number, sealed, block, self.head, self.keys)]
        if self.known.get(number, digest) != digest:
            self.faults.append((number, "it is not the block whose digest was kept elsewhere"))
        self.entries += len(block.entries)
        self.head = Head(number, digest)
        return block

    def end(self) -> None:
        cut_off = [number for number in self.known if number > self.head.number]
        if cut_off:
            self.faults.append((self.head.number + 1, f"the end is cut off: there were blocks up to {max(cut_off)}"))


def opened(content: bytes) -> tuple[SealedBlock, Block] | None:
    """Both parts, or None where there is anything that is not ours around what is sealed."""
    try:
        sealed = SealedBlock.FromString(content)
        block = Block.FromString(sealed.block)
        check(block)
    except (DecodeError, Malformed):
        return None
    # Fields that nobody knows are kept by protobuf, and are sealed by nobody.
    sealed.DiscardUnknownFields()
    return (sealed, block) if sealed.SerializeToString() == content else None


def wrong(number: int, sealed: SealedBlock, block: Block, before: Head, keys: Keys) -> Iterator[str]:
    if not keys.sealed(sealed):
        yield "no key of ours sealed it as it is"
    if block.number != number:
        yield f"it was block {block.number}"
    if block.previous != before.digest:
        yield "it does not follow the block before"
