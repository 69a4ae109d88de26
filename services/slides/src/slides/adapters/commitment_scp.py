"""DICOM storage commitment, push model (PS3.4 annex J): a scanner asks whether what it sent is kept, before it deletes its own.

The answer comes as an N-EVENT-REPORT: on the association that asked while that is open, else on one of ours to the address that
is known for the scanner. Where neither can be had in ten minutes, the scanner has no answer, and asks again.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pydicom.dataset import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from pynetdicom import AE, build_role
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from slides.inbox import Inbox

SUCCESS, PROCESSING_FAILURE, NO_SUCH_ACTION, INVALID_ARGUMENT = 0x0000, 0x0110, 0x0123, 0x0115
# PS3.3, C.14.1.1.
NO_SUCH_INSTANCE, OTHER_CLASS = 0x0112, 0x0119
ALL_COMMITTED, SOME_NOT = 1, 2
# The reply to the request goes first.
SECONDS_BEFORE = 0.5
TRIES = (5.0, 30.0, 60.0, 120.0, 360.0)

type Address = tuple[str, int]

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reference:
    kind: str
    sop: str


class Commitment:
    """`scanners` are those whose address is known, by AE title."""

    def __init__(self, inbox: Inbox, entity: AE, scanners: Mapping[str, Address]) -> None:
        self.inbox = inbox
        self.entity = entity
        self.scanners = scanners
        self.ended = threading.Event()

    def act(self, event: Any) -> tuple[int, None]:
        """Answer an N-ACTION, in a thread of its association; the report follows in one of its own."""
        if event.action_type != 1:
            return NO_SUCH_ACTION, None
        try:
            asked = event.action_information
            transaction = str(asked.TransactionUID)
            references = [reference(one) for one in asked.ReferencedSOPSequence]
        except AttributeError:
            return INVALID_ARGUMENT, None
        except Exception as error:  # noqa: BLE001 - parsers raise whatever they do; the scanner is told
            log.warning("refused", error=type(error).__name__)
            return PROCESSING_FAILURE, None
        threading.Thread(target=self.report, args=(event.assoc, transaction, references), daemon=True).start()
        return SUCCESS, None

    def report(self, association: Any, transaction: str, references: Sequence[Reference]) -> None:
        kept, failed = self.judged(references)
        information = Dataset()
        information.TransactionUID = transaction
        if kept:
            information.ReferencedSOPSequence = [item(one) for one in kept]
        if failed:
            information.FailedSOPSequence = [item(one, reason) for one, reason in failed]
        kind = SOME_NOT if failed else ALL_COMMITTED
        self.ended.wait(SECONDS_BEFORE)
        title = str(association.requestor.ae_title).strip()
        told = told_on(association, information, kind) or self.told_anew(title, information, kind)
        log.info("commitment", outcome="told" if told else "not told", kept=len(kept), failed=len(failed))

    def judged(self, references: Sequence[Reference]) -> tuple[list[Reference], list[tuple[Reference, int]]]:
        kept: list[Reference] = []
        failed: list[tuple[Reference, int]] = []
        for one in references:
            if one.kind != VLWholeSlideMicroscopyImageStorage:
                failed.append((one, OTHER_CLASS))
            elif self.inbox.keeps(one.sop):
                kept.append(one)
            else:
                failed.append((one, NO_SUCH_INSTANCE))
        return kept, failed

    def told_anew(self, title: str, information: Dataset, kind: int) -> bool:
        """On an association of ours, on which we are the SCP that the request was for (PS3.7, D.3.3.4)."""
        address = self.scanners.get(title)
        if address is None:
            return False
        role = build_role(StorageCommitmentPushModel, scp_role=True)
        for pause in (*TRIES, 0.0):
            association = self.entity.associate(*address, contexts=contexts(), ae_title=title, ext_neg=[role])
            if association.is_established:
                told = told_on(association, information, kind)
                association.release()
                if told:
                    return True
            if self.ended.wait(pause):
                return False
        return False

    def end(self) -> None:
        self.ended.set()


def reference(one: Dataset) -> Reference:
    return Reference(str(one.ReferencedSOPClassUID), str(one.ReferencedSOPInstanceUID))


def contexts() -> list[Any]:
    entity = AE()
    entity.add_requested_context(StorageCommitmentPushModel)
    return list(entity.requested_contexts)


def told_on(association: Any, information: Dataset, kind: int) -> bool:
    """Whether the other side took the report."""
    if not association.is_established:
        return False
    try:
        status, _ = association.send_n_event_report(
            information, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
    except (RuntimeError, ValueError):
        return False
    return "Status" in status and int(status.Status) == SUCCESS


def item(one: Reference, reason: int | None = None) -> Dataset:
    found = Dataset()
    found.ReferencedSOPClassUID = one.kind
    found.ReferencedSOPInstanceUID = one.sop
    if reason is not None:
        found.FailureReason = reason
    return found
