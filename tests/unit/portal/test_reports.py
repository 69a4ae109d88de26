import asyncio
from pathlib import Path

import pytest

import examples
from casepath.portal.v1.reading_pb2 import GenomicReportSigned, ReportDraft, ReportSigned
from chassis.errors import Unavailable
from chassis.events import Outgoing
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from portal.drafts import Drafts
from portal.reports import AlreadySigned, Genomics, Reports


class Dead(MemoryPublisher):
    """A broker that does not acknowledge."""

    async def publish(self, records: object) -> None:
        raise Unavailable("the broker did not acknowledge")


def reports(folder: Path, publisher: MemoryPublisher | None = None) -> Reports:
    return Reports(Objects.at(f"file://{folder}"), publisher or MemoryPublisher())


def texts(records: list[Outgoing]) -> list[str]:
    return [ReportSigned.FromString(record.value).text for record in records]


async def test_of_two_who_sign_at_once_one_signs_and_the_other_is_told(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    both = [examples.report_signed(text=f"Report {number}") for number in range(2)]
    both[1].signer.user_id = "u2"
    outcomes = await asyncio.gather(*(reports(tmp_path, publisher).sign(one) for one in both), return_exceptions=True)
    assert [type(one) for one in outcomes].count(AlreadySigned) == 1
    assert len(publisher.records) == 1
    (kept,) = await reports(tmp_path).taken.all(examples.CASE)
    assert texts(publisher.records) == [kept.text]


async def test_what_was_signed_when_the_broker_was_down_is_published_at_the_next_start(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await reports(tmp_path, Dead()).sign(examples.report_signed())
    publisher = MemoryPublisher()
    assert await reports(tmp_path, publisher).resume() == 1
    assert texts(publisher.records) == [examples.report_signed().text]
    assert await reports(tmp_path, publisher).resume() == 0


async def test_what_was_not_signed_when_the_process_died_is_never_published(tmp_path: Path) -> None:
    dying = reports(tmp_path)
    await dying.outbox.put("waiting", examples.report_signed())
    publisher = MemoryPublisher()
    assert await reports(tmp_path, publisher).resume() == 0
    assert publisher.records == []
    assert await dying.outbox.names() == set()


async def test_signing_again_what_is_signed_gives_the_same_event(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    for _ in range(2):
        await reports(tmp_path, publisher).sign(examples.report_signed())
    assert len({dict(record.headers)["ce_id"] for record in publisher.records}) == 1
    assert await reports(tmp_path).next_number(examples.CASE) == 2


async def test_a_genomic_report_is_signed_once_and_an_amended_one_anew(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    signatures = Genomics(Objects.at(f"file://{tmp_path}"), publisher).reports
    other = examples.genomics_signed()
    other.signer.user_id = "u2"
    await signatures.sign(examples.genomics_signed())
    with pytest.raises(AlreadySigned):
        await signatures.sign(other)
    await signatures.sign(examples.genomics_signed(examples.RUN))
    assert [GenomicReportSigned.FromString(record.value).report_id for record in publisher.records] == [
        examples.pharmacogenomics_reported().report_id,
        examples.RUN,
    ]


async def test_a_draft_is_its_authors_alone(tmp_path: Path) -> None:
    drafts = Drafts(Objects.at(f"file://{tmp_path}"))
    draft = ReportDraft(text="Brouillon", codes="C50.9 8500/3")
    await drafts.put(examples.CASE, "u1", draft)
    assert await drafts.get(examples.CASE, "u1") == draft
    assert await drafts.get(examples.CASE, "u2") is None
    await drafts.remove(examples.CASE, "u1")
    assert await drafts.get(examples.CASE, "u1") is None


async def test_a_genomic_report_is_withdrawn_once_whether_it_was_signed_or_not(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    genomics = Genomics(Objects.at(f"file://{tmp_path}"), publisher)
    withdrawals = genomics.withdrawals
    await genomics.reports.sign(examples.genomics_signed())
    other = examples.genomics_withdrawn()
    other.signer.user_id = "u2"
    await withdrawals.sign(examples.genomics_withdrawn())
    with pytest.raises(AlreadySigned):
        await withdrawals.sign(other)
    assert [record.topic for record in publisher.records] == ["portal.genomics.signed.v1", "portal.genomics.withdrawn.v1"]
    assert len({dict(record.headers)["ce_id"] for record in publisher.records}) == 2
