"""Lines of the ledger, asked for in every way, whichever store keeps them; and how they come from the blocks."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import UUID, uuid5

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import examples
from audit.adapters.ledger import Ledger, name
from audit.adapters.lines import Asked, Lines, MemoryLines, SqliteLines
from audit.indexing import Indexing
from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, PURPOSE_BREAK_THE_GLASS, AccessRecorded, LedgerEntry
from casepath.records.v1.filing_pb2 import Entry
from chassis.access import Signer
from chassis.errors import Malformed
from chassis.objects import Objects


@pytest.fixture(params=["memory", "sqlite"])
def lines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lines]:
    if request.param == "memory":
        yield MemoryLines()
        return
    with closing(SqliteLines.at(tmp_path / "ledger.sqlite")) as one:
        yield one


def line(number: int, rng: Random) -> LedgerEntry:
    access = AccessRecorded()
    access.CopyFrom(examples.accessed(rng.choice(["u1", "u2"])))
    if rng.random() < 0.3:
        access.outcome = OUTCOME_REFUSED
    elif rng.random() < 0.3:
        access.purpose = PURPOSE_BREAK_THE_GLASS
    access.entries[0].identifier = rng.choice(["one", "two"])
    if rng.random() < 0.5:
        del access.entries[1:]
    id_ = uuid5(UUID(examples.CASE), str(number))
    return LedgerEntry(event_id=str(id_), time=Timestamp(seconds=rng.randrange(20)), access=access)


SECOND = 1_000_000_000
ASKED = [
    Asked(),
    Asked(user="u1"),
    Asked(user="nobody"),
    Asked(refused=True),
    Asked(for_a_purpose=True, user="u2"),
    Asked(of=Entry(kind="Case", identifier="one")),
    Asked(of=Entry(kind="Patient", identifier=examples.PATIENT), refused=True),
    Asked(of=Entry(kind="Patient", identifier="one")),
    Asked(since=5 * SECOND, until=9 * SECOND),
    Asked(of=Entry(kind="Case", identifier="two"), since=5 * SECOND, user="u2"),
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_both_stores_give_the_same_lines_page_by_page_the_newest_first(asked: Asked, tmp_path: Path) -> None:
    rng = Random(7)
    written = [line(number, rng) for number in range(100)]
    plain = MemoryLines()
    with closing(SqliteLines.at(tmp_path / "ledger.sqlite")) as kept:
        stores: list[Lines] = [plain, kept]
        pages: list[list[LedgerEntry]] = [[], []]
        for number, store in enumerate(stores):
            for block in range(10):
                # A repeat after a crash is in two blocks, and is one line.
                store.take(block, written[block * 10 : block * 10 + 12])
            after = ""
            while True:
                page = store.page(replace(asked, size=7, after=after))
                pages[number] += page.lines
                after = page.end
                if not after:
                    break
        assert pages[0] == pages[1]
        times = [one.time.ToNanoseconds() for one in pages[0]]
        assert times == sorted(times, reverse=True)
        assert len(pages[0]) == sum(asked.holds(one) for one in written)


def test_a_block_that_comes_again_is_not_taken_again(lines: Lines) -> None:
    rng = Random(1)
    lines.take(0, [line(0, rng)])
    lines.take(0, [line(1, rng)])
    assert len(lines.page(Asked()).lines) == 1
    assert lines.following() == 1


@pytest.mark.parametrize(
    "after",
    ["1 OR 1=1", "[", "[1]", '["1", "a"]', '[true, "a"]', f'[1{"0" * 20}, "a"]', "[" * 100_000],
    ids=lambda text: text[:12],
)
def test_a_page_token_that_no_answer_gave_is_malformed(lines: Lines, after: str) -> None:
    with pytest.raises(Malformed):
        lines.page(Asked(after=after))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Objects.at(f"file://{tmp_path / 'objects'}"), Signer.fresh())


async def indexed(indexing: Indexing) -> int:
    while await indexing.step():
        pass
    return len(indexing.lines.page(Asked(size=100)).lines)


async def test_what_is_sealed_later_is_taken_later(ledger: Ledger, lines: Lines) -> None:
    rng, indexing = Random(2), Indexing(ledger, lines)
    assert await indexed(indexing) == 0
    assert indexing.caught_up()
    for number in range(3):
        await ledger.append(line(number, rng))
        assert await indexed(indexing) == number + 1


@pytest.mark.parametrize("touched", [b"", b"no block", None])
async def test_a_block_that_was_taken_out_or_damaged_does_not_hide_what_came_after_it(
    ledger: Ledger, lines: Lines, touched: bytes | None
) -> None:
    rng = Random(3)
    for number in range(3):
        await ledger.append(line(number, rng))
    if touched is None:
        await ledger.blocks.remove(name(1))
    else:
        await ledger.blocks.objects.write(f"{ledger.blocks.prefix}/{name(1)}", touched)
    assert await indexed(Indexing(ledger, lines)) == 2
