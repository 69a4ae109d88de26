"""A ledger that is as it was written is found so, and one that was touched is not."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from uuid import UUID, uuid5

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import examples
from audit.chain import Examination, Head, Keys, seal
from casepath.audit.v1.audit_pb2 import Block, LedgerEntry, SealedBlock
from chassis.access import Signer

BLOCKS = 40
TRIALS = 1000

type Kept = list[tuple[int, bytes]]


def line(number: int) -> LedgerEntry:
    return LedgerEntry(
        event_id=str(uuid5(UUID(examples.CASE), str(number))),
        time=Timestamp(seconds=number + 1),
        access=examples.accessed(f"u{number % 7}"),
    )


def keys_of(*signers: Signer) -> Keys:
    return Keys({signer.kid: signer.key.public_key() for signer in signers})


def written(signer: Signer, blocks: int) -> tuple[Kept, Head]:
    head, kept, at, number = Head(), [], Timestamp(seconds=1), 0
    for size in (1 + index % 4 for index in range(blocks)):
        head, block = seal(head, [line(number + offset) for offset in range(size)], at, signer)
        kept.append((head.number, block.SerializeToString()))
        number += size
    return kept, head


def examined(kept: Kept, signer: Signer, head: Head | None = None) -> Examination:
    examination = Examination(keys_of(signer), {head.number: head.digest} if head else {})
    for number, content in kept:
        examination.take(number, content)
    examination.end()
    return examination


@dataclass(frozen=True, slots=True)
class Ledger:
    signer: Signer
    kept: Kept
    head: Head


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    signer = Signer.fresh()
    kept, head = written(signer, BLOCKS)
    return Ledger(signer, kept, head)


def test_a_ledger_as_it_was_written_has_no_fault(ledger: Ledger) -> None:
    found = examined(ledger.kept, ledger.signer, ledger.head)
    assert (found.faults, found.blocks, found.head) == ([], BLOCKS, ledger.head)
    assert found.entries == sum(len(block(content).entries) for _, content in ledger.kept)


def test_an_empty_ledger_has_no_fault_unless_there_was_one(ledger: Ledger) -> None:
    assert examined([], ledger.signer).faults == []
    assert examined([], ledger.signer, ledger.head).faults == [(0, f"the end is cut off: there were blocks up to {BLOCKS - 1}")]


def block(content: bytes) -> Block:
    return Block.FromString(SealedBlock.FromString(content).block)


def resealed(content: bytes, changed: Block) -> bytes:
    """What somebody without the key can make of a block that they change."""
    sealed = SealedBlock.FromString(content)
    sealed.block = changed.SerializeToString()
    return sealed.SerializeToString()


def other_byte(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.randrange(len(kept))
    number, content = kept[at]
    place = random.randrange(len(content))
    changed = bytearray(content)
    changed[place] ^= random.randrange(1, 256)
    return [*kept[:at], (number, bytes(changed)), *kept[at + 1 :]]


def more_or_fewer_bytes(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.randrange(len(kept))
    number, content = kept[at]
    changed = content[: random.randrange(len(content))] if random.random() < 0.5 else content + random.randbytes(3)
    return [*kept[:at], (number, changed), *kept[at + 1 :]]


def block_deleted(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.randrange(len(kept))
    return [*kept[:at], *kept[at + 1 :]]


def end_cut_off(kept: Kept, random: Random, _: Signer) -> Kept:
    return kept[: random.randrange(len(kept))]


def blocks_exchanged(kept: Kept, random: Random, _: Signer) -> Kept:
    one, two = random.sample(range(len(kept)), 2)
    changed = list(kept)
    changed[one], changed[two] = (kept[one][0], kept[two][1]), (kept[two][0], kept[one][1])
    return changed


def block_repeated(kept: Kept, random: Random, _: Signer) -> Kept:
    return [*kept, (len(kept), random.choice(kept)[1])]


def deleted_and_renumbered(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.randrange(len(kept))
    return [(number, content) for number, (_, content) in enumerate([*kept[:at], *kept[at + 1 :]])]


def entry_deleted(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.choice([index for index, (_, content) in enumerate(kept) if len(block(content).entries) > 1])
    number, content = kept[at]
    changed = block(content)
    del changed.entries[random.randrange(len(changed.entries))]
    return [*kept[:at], (number, resealed(content, changed)), *kept[at + 1 :]]


def entries_reordered(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.choice([index for index, (_, content) in enumerate(kept) if len(block(content).entries) > 1])
    number, content = kept[at]
    changed = block(content)
    entries = list(changed.entries)
    del changed.entries[:]
    changed.entries.extend([*entries[1:], entries[0]])
    return [*kept[:at], (number, resealed(content, changed)), *kept[at + 1 :]]


def somebody_else_named(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.randrange(len(kept))
    number, content = kept[at]
    changed = block(content)
    random.choice(changed.entries).access.agent.user_id = "somebody else"
    return [*kept[:at], (number, resealed(content, changed)), *kept[at + 1 :]]


def made_anew_with_another_key(kept: Kept, random: Random, _: Signer) -> Kept:
    at = random.randrange(len(kept))
    forger = Signer.fresh()
    head = Head(at - 1, sha256(SealedBlock.FromString(kept[at - 1][1]).block).digest() if at else bytes(32))
    forged: Kept = []
    for number, content in kept[at:]:
        head, made = seal(head, [*block(content).entries][:1], Timestamp(seconds=9), forger)
        forged.append((number, made.SerializeToString()))
    return [*kept[:at], *forged]


def made_anew_with_the_key(kept: Kept, random: Random, signer: Signer) -> Kept:
    """Whoever has the key can make all of it fit, but not the digest that is kept elsewhere."""
    at = random.randrange(len(kept))
    head = Head(at - 1, sha256(SealedBlock.FromString(kept[at - 1][1]).block).digest() if at else bytes(32))
    forged: Kept = []
    for number, content in kept[at:]:
        head, made = seal(head, block(content).entries, Timestamp(seconds=2 + random.randrange(1000)), signer)
        forged.append((number, made.SerializeToString()))
    return [*kept[:at], *forged]


TOUCHES: tuple[Callable[[Kept, Random, Signer], Kept], ...] = (
    other_byte,
    more_or_fewer_bytes,
    block_deleted,
    end_cut_off,
    blocks_exchanged,
    block_repeated,
    deleted_and_renumbered,
    entry_deleted,
    entries_reordered,
    somebody_else_named,
    made_anew_with_another_key,
    made_anew_with_the_key,
)


def test_of_a_thousand_ledgers_that_were_touched_every_one_is_found(ledger: Ledger) -> None:
    random, found = Random(20261125), 0
    for trial in range(TRIALS):
        touch = TOUCHES[trial % len(TOUCHES)]
        touched = touch(ledger.kept, random, ledger.signer)
        assert touched != ledger.kept
        assert examined(touched, ledger.signer, ledger.head).faults, (touch.__name__, trial)
        found += 1
    assert found == TRIALS


@pytest.mark.parametrize("touch", [touch for touch in TOUCHES if touch not in (end_cut_off, made_anew_with_the_key)])
def test_what_is_not_at_the_end_is_found_without_a_digest_kept_elsewhere(
    ledger: Ledger, touch: Callable[[Kept, Random, Signer], Kept]
) -> None:
    random = Random(7)
    for _ in range(20):
        touched = touch(ledger.kept, random, ledger.signer)
        last_was_deleted = touched == ledger.kept[:-1]
        assert examined(touched, ledger.signer).faults or last_was_deleted


def test_a_fault_says_which_block_and_what(ledger: Ledger) -> None:
    without = [*ledger.kept[:5], *ledger.kept[7:]]
    assert examined(without, ledger.signer).faults == [
        (5, "blocks are missing, up to 7"),
        (7, "it does not follow the block before"),
    ]
