"""STOW-RS (PS3.18 section 10.5): DICOM files out of a multipart body into the inbox, one after the other, in bounded memory."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from chassis.errors import Malformed, Unavailable
from slides.inbox import Inbox

SOP_CLASS = "00081150"
SOP_INSTANCE = "00081155"
FAILURE_REASON = "00081197"
FAILED = "00081198"
REFERENCED = "00081199"
# PS3.18 table I.2-2.
SOP_CLASS_NOT_SUPPORTED = 0x0122
CANNOT_UNDERSTAND = 0xC000
OTHER_STUDY = 0xC409


@dataclass(slots=True)
class Outcome:
    """One file that came: what it is, and why it was refused where it was."""

    sop_class: str = ""
    sop_instance: str = ""
    failure: int = 0

    def item(self) -> dict[str, Any]:
        said = {
            SOP_CLASS: {"vr": "UI", "Value": [self.sop_class]},
            SOP_INSTANCE: {"vr": "UI", "Value": [self.sop_instance]},
        }
        found = {name: value for name, value in said.items() if value["Value"] != [""]}
        return found | ({FAILURE_REASON: {"vr": "US", "Value": [self.failure]}} if self.failure else {})


@dataclass(slots=True)
class Parts:
    """What a multipart body's parser hands over: each part in a file of its own."""

    folder: Path
    complete: list[Path] = field(default_factory=list)
    open: BinaryIO | None = None
    ended: bool = False

    def begin(self) -> None:
        self.open = (self.folder / f"{len(self.complete):06}").open("wb")

    def data(self, chunk: bytes, start: int, end: int) -> None:
        assert self.open is not None
        self.open.write(chunk[start:end])

    def end(self) -> None:
        assert self.open is not None
        self.complete.append(Path(self.open.name))
        self.open.close()
        self.open = None

    def finish(self) -> None:
        self.ended = True

    def close(self) -> None:
        if self.open is not None:
            self.open.close()


class Stow:
    def __init__(self, inbox: Inbox, scratch: Path) -> None:
        self.inbox = inbox
        self.scratch = scratch

    async def store(self, content_type: str, body: AsyncIterator[bytes], study: str | None) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the answer. Raise Malformed where the body is not what STOW-RS sends, with nothing kept."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder, closing(Parts(Path(folder))) as parts:
            parser = MultipartParser(
                boundary(content_type),
                {"on_part_begin": parts.begin, "on_part_data": parts.data, "on_part_end": parts.end, "on_end": parts.finish},
            )
            try:
                async for chunk in body:
                    await asyncio.to_thread(parser.write, chunk)
                parser.finalize()
            except MultipartParseError:
                raise Malformed("the multipart body cannot be read") from None
            except OSError as error:
                raise Unavailable(f"the files cannot be kept: {type(error).__name__} {error.errno}") from error
            if not parts.ended or not parts.complete:
                raise Malformed("the multipart body is cut short or empty")
            outcomes = [await asyncio.to_thread(self.keep, path, study) for path in parts.complete]
        return answer(outcomes)

    def keep(self, path: Path, study: str | None) -> Outcome:
        """Into the inbox, if it is a slide."""
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            outcome = Outcome(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID))
            series, found = str(dataset.SeriesInstanceUID), str(dataset.StudyInstanceUID)
        except Exception:  # noqa: BLE001 - parsers raise whatever they do, and each means that this is no DICOM file
            return Outcome(failure=CANNOT_UNDERSTAND)
        if outcome.sop_class != VLWholeSlideMicroscopyImageStorage:
            outcome.failure = SOP_CLASS_NOT_SUPPORTED
        elif study is not None and found != study:
            outcome.failure = OTHER_STUDY
        else:
            try:
                with path.open("rb") as file:
                    self.inbox.instance(series, outcome.sop_instance, file)
            except OSError as error:
                raise Unavailable(f"the file cannot be kept: {type(error).__name__} {error.errno}") from error
        return outcome


def boundary(content_type: str) -> bytes:
    """Raise Malformed where the body is not multipart/related of DICOM files."""
    message = Message()
    message["content-type"] = content_type
    kind = str(message.get_param("type", "application/dicom")).lower()
    if message.get_content_type() != "multipart/related" or kind != "application/dicom" or not message.get_boundary():
        raise Malformed('Content-Type must be multipart/related; type="application/dicom"; boundary=...')
    return str(message.get_boundary()).encode()


def answer(outcomes: list[Outcome]) -> tuple[int, dict[str, Any]]:
    """200 where all are kept, 202 where some are, 409 where none is (PS3.18 table 10.5.3-1)."""
    kept = [one.item() for one in outcomes if not one.failure]
    failed = [one.item() for one in outcomes if one.failure]
    said: dict[str, Any] = {}
    if kept:
        said[REFERENCED] = {"vr": "SQ", "Value": kept}
    if failed:
        said[FAILED] = {"vr": "SQ", "Value": failed}
    return (200 if not failed else 202 if kept else 409), said
