"""DICOM C-STORE and C-ECHO (PS3.4 annexes B and A) for scanners that send over the network."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pydicom
import structlog
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, _config, evt
from pynetdicom.sop_class import Verification

from chassis.errors import Misconfigured
from slides.inbox import Inbox

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class StoreScp:
    """Keeps what comes in the inbox, and answers when it is on disk. `calling`: the AE titles that may send; empty takes none."""

    def __init__(self, inbox: Inbox, host: str, port: int, title: str, calling: Collection[str]) -> None:
        # Received data sets go to a file at once, so that memory does not depend on their size.
        _config.STORE_RECV_CHUNKED_DATASET = True
        self.inbox = inbox
        self.entity = AE(ae_title=title)
        self.entity.require_called_aet = True
        self.entity.require_calling_aet = sorted(calling)
        self.entity.add_supported_context(VLWholeSlideMicroscopyImageStorage, ALL_TRANSFER_SYNTAXES)
        self.entity.add_supported_context(Verification)
        try:
            self.server = self.entity.start_server((host, port), block=False, evt_handlers=[(evt.EVT_C_STORE, self.store)])
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

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()
        await asyncio.to_thread(self.server.shutdown)


def series_of(path: Path) -> str:
    return str(pydicom.dcmread(path, specific_tags=["SeriesInstanceUID"], stop_before_pixels=True).SeriesInstanceUID)
