"""Storage commitment, asked for as scanners do: whether what was sent is kept."""

import asyncio
import queue
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
import pytest_asyncio
from pydicom.dataset import Dataset
from pydicom.uid import UID, VLWholeSlideMicroscopyImageStorage, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance
from stages.slide_archive import Archive, archive_at
from stages.test_ways_in import series, store, taken

from chassis.errors import Misconfigured
from slides.adapters.commitment_scp import NO_SUCH_INSTANCE, OTHER_CLASS, Address
from slides.adapters.store_scp import StoreScp, scanners

__all__ = ["series"]

SECONDS = 20
type Report = tuple[int, Dataset]


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with archive_at(tmp_path) as one:
        yield one


@contextmanager
def receiving(archive: Archive, scanner: Address | None = None) -> Iterator[StoreScp]:
    scp = StoreScp(archive.inbox, "127.0.0.1", 0, "CASEPATH", {"SCANNER": scanner}, archive.accesses)
    try:
        yield scp
    finally:
        scp.commitment.end()
        scp.server.shutdown()


def instances(paths: list[Path]) -> list[tuple[UID, UID]]:
    read = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    return [(one.SOPClassUID, one.SOPInstanceUID) for one in read]


def request(references: list[tuple[UID, UID]]) -> Dataset:
    asked = Dataset()
    asked.TransactionUID = generate_uid()
    asked.ReferencedSOPSequence = []
    for kind, sop in references:
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = kind, sop
        asked.ReferencedSOPSequence.append(one)
    return asked


def reports() -> tuple["queue.Queue[Report]", Any]:
    """Where reports come, and what takes them."""
    come: queue.Queue[Report] = queue.Queue()

    def take(event: Any) -> tuple[int, None]:
        come.put((event.event_type, event.event_information))
        return 0, None

    return come, (evt.EVT_N_EVENT_REPORT, take)


def asked(port: int, wanted: Dataset, stay: bool, action: int = 1) -> tuple[int, Report | None]:
    """The status of the request, and the report that comes on its association, where the scanner stays."""
    come, handler = reports()
    entity = AE(ae_title="SCANNER")
    entity.add_requested_context(StorageCommitmentPushModel)
    association = entity.associate("127.0.0.1", port, ae_title="CASEPATH", evt_handlers=[handler])
    status, _ = association.send_n_action(wanted, action, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    report = come.get(timeout=SECONDS) if stay else None
    association.release()
    return int(status.Status), report


async def test_what_was_sent_is_committed_to_and_what_was_not_has_its_reason(archive: Archive, series: list[Path]) -> None:
    with receiving(archive) as scp:
        await asyncio.to_thread(store, scp.port, series)
        wanted = request(instances(series))
        status, report = await asyncio.to_thread(asked, scp.port, wanted, True)
        assert status == 0
        assert report is not None
        kind, said = report
        assert (kind, said.TransactionUID) == (1, wanted.TransactionUID)
        assert len(said.ReferencedSOPSequence) == len(series)
        unknown, (_, first) = generate_uid(), instances(series)[0]
        other = request([*instances(series), (VLWholeSlideMicroscopyImageStorage, unknown), (UID("1.2.3"), first)])
        _, report = await asyncio.to_thread(asked, scp.port, other, True)
        assert report is not None
        kind, said = report
        assert (kind, len(said.ReferencedSOPSequence)) == (2, len(series))
        failed = {(str(one.ReferencedSOPInstanceUID), int(one.FailureReason)) for one in said.FailedSOPSequence}
        assert failed == {(str(unknown), NO_SUCH_INSTANCE), (str(first), OTHER_CLASS)}


async def test_it_is_committed_to_when_it_is_filed_too_and_not_when_it_is_gone(archive: Archive, series: list[Path]) -> None:
    with receiving(archive) as scp:
        await asyncio.to_thread(store, scp.port, series)
        await taken(archive)
        assert not [path for path in archive.ingestion.area.incoming.rglob("*.dcm") if path.is_file()]
        assert all(archive.inbox.keeps(str(sop)) for _, sop in instances(series))
        shutil.rmtree(archive.ingestion.area.filed)
        assert not any(archive.inbox.keeps(str(sop)) for _, sop in instances(series))


async def test_a_scanner_that_has_left_is_told_at_its_address(archive: Archive, series: list[Path]) -> None:
    come, handler = reports()
    entity = AE(ae_title="SCANNER")
    entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    listening = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[handler])
    try:
        with receiving(archive, ("127.0.0.1", listening.server_address[1])) as scp:
            await asyncio.to_thread(store, scp.port, series)
            wanted = request(instances(series))
            began = time.monotonic()
            status, _ = await asyncio.to_thread(asked, scp.port, wanted, False)
            kind, said = await asyncio.to_thread(come.get, True, SECONDS)
            assert (status, kind, said.TransactionUID) == (0, 1, wanted.TransactionUID)
            assert time.monotonic() - began < SECONDS
    finally:
        listening.shutdown()


async def test_a_request_that_is_none_is_refused(archive: Archive) -> None:
    with receiving(archive) as scp:
        assert (await asyncio.to_thread(asked, scp.port, request([]), False, 2))[0] == 0x0123
        nothing = Dataset()
        nothing.TransactionUID = generate_uid()
        assert (await asyncio.to_thread(asked, scp.port, nothing, False))[0] == 0x0115


def test_scanners_are_named_with_an_address_or_without() -> None:
    assert scanners("SCANNER, OTHER@10.0.0.2:104,") == {"SCANNER": None, "OTHER": ("10.0.0.2", 104)}
    with pytest.raises(Misconfigured, match="neither TITLE nor TITLE@host:port"):
        scanners("OTHER@10.0.0.2")
