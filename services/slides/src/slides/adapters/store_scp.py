"""DICOM C-STORE, C-ECHO and storage commitment (PS3.4 annexes B, A and J) for scanners that send over the network."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydicom
import structlog
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, _config, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from chassis.access_log import AccessLog, Asker
from chassis.errors import Misconfigured, Rejected
from slides.adapters.commitment_scp import Address, Commitment
from slides.inbox import Inbox

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class StoreScp:
    """Keeps what comes in the inbox, and answers when it is on disk.

    `calling`: the AE titles that may send; empty takes none. Those with an address are told there what is committed to. Who is
    not let in is told of to `accesses`.
    """

    def __init__(
        self, inbox: Inbox, host: str, port: int, title: str, calling: Mapping[str, Address | None], accesses: AccessLog
    ) -> None:
        # Received data sets go to a file at once, so that memory does not depend on their size.
        _config.STORE_RECV_CHUNKED_DATASET = True
        self.inbox = inbox
        self.accesses = accesses
        self.loop: asyncio.AbstractEventLoop | None = None
        self.entity = AE(ae_title=title)
        self.entity.require_called_aet = True
        self.entity.require_calling_aet = sorted(calling)
        self.entity.add_supported_context(VLWholeSlideMicroscopyImageStorage, ALL_TRANSFER_SYNTAXES)
        self.entity.add_supported_context(Verification)
        self.entity.add_supported_context(StorageCommitmentPushModel)
        known = {name: address for name, address in calling.items() if address is not None}
        self.commitment = Commitment(inbox, self.entity, known)
        handlers = [(evt.EVT_C_STORE, self.store), (evt.EVT_N_ACTION, self.commitment.act), (evt.EVT_REJECTED, self.refused)]
        try:
            self.server = self.entity.start_server((host, port), block=False, evt_handlers=handlers)
        except OSError as error:
            raise Misconfigured(f"cannot listen on {host}:{port}: is the port taken?") from error

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def store(self, event: Any) -> int:
        """In a thread of the association."""
        try:
            dataset = event.dataset_path
            series = series_of(dataset)
            with dataset.open("rb") as file:
                self.inbox.instance(series, str(event.request.AffectedSOPInstanceUID), file)
        except OSError as error:
            log.warning("put off", error=f"{type(error).__name__} {error.errno}")
            return OUT_OF_RESOURCES
        except Exception as error:  # noqa: BLE001 - parsers raise whatever they do; the sender is told
            log.warning("refused", error=type(error).__name__)
            return CANNOT_UNDERSTAND
        return SUCCESS

    def refused(self, event: Any) -> None:
        """In a thread of the association: who was not let in, and nothing of what they wanted."""
        who = event.assoc.requestor
        asker = Asker(address=str(who.address))
        error = Rejected(f"the AE titles are not those of ours and of a scanner: {str(who.ae_title).strip()!a}")
        if self.loop is not None:
            asyncio.run_coroutine_threadsafe(self.accesses.refused(asker, "DICOM association", (), error), self.loop)

    async def run(self, stop: asyncio.Event) -> None:
        self.loop = asyncio.get_running_loop()
        await stop.wait()
        self.commitment.end()
        await asyncio.to_thread(self.server.shutdown)


def scanners(said: str) -> dict[str, Address | None]:
    """AE titles with commas between them, each with @host:port where it wants to be told. Raise Misconfigured."""
    found: dict[str, Address | None] = {}
    for one in filter(None, (part.strip() for part in said.split(","))):
        title, at, address = one.partition("@")
        host, _, port = address.rpartition(":")
        if at and not (host and port.isdigit()):
            raise Misconfigured(f"CASEPATH_DICOM_CALLING: {one} is neither TITLE nor TITLE@host:port")
        found[title] = (host, int(port)) if at else None
    return found


def series_of(path: Path) -> str:
    return str(pydicom.dcmread(path, specific_tags=["SeriesInstanceUID"], stop_before_pixels=True).SeriesInstanceUID)
