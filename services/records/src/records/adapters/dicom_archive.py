"""A DICOM archive over DICOMweb (PS3.18): STOW-RS, and WADO-RS to compare what is already there."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import httpx

from chassis.archives import answering, check
from chassis.errors import Rejected, Unavailable

CHUNK = 1 << 20
# What a store tells of each instance (PS3.18 section I.2): the sequence of those that failed, and why; the reasons that can pass.
FAILED_INSTANCES = "00081198"
FAILURE_REASON = "00081197"
PROCESSING_FAILURE = 0x0110
OUT_OF_RESOURCES = 0xA7
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class SameUidOtherBytes(Rejected):
    """The archive holds another object under this SOP Instance UID."""


class ChangedInstance(Rejected):
    """The archive holds an object as other bytes than it was sent, as one that re-encodes or coerces does."""


class DicomArchive(Protocol):
    """Keeps instances, each once."""

    async def store(self, study: str, series: str, instance: str, file: Path, sha256: str) -> None: ...


class DicomwebArchive:
    """An archive over HTTP."""

    def __init__(self, root: str, client: httpx.AsyncClient) -> None:
        self.root = root.rstrip("/")
        self.client = client

    async def store(self, study: str, series: str, instance: str, file: Path, sha256: str) -> None:
        """Have the archive hold exactly this instance; what it stores is read back.

        Raise SameUidOtherBytes when it holds another under the same UID, ChangedInstance when it did not keep it as it was,
        Unavailable when it cannot be reached or does not show it yet, Rejected when it refuses.
        """
        held = await self.digest(study, series, instance)
        if held is None:
            await self.stow(study, file)
            kept = await self.digest(study, series, instance)
            if kept is None:
                raise Unavailable("the DICOM archive does not show what it stored")
            if kept != sha256:
                raise ChangedInstance("the DICOM archive did not keep the object as it was: look at its settings")
        elif held != sha256:
            raise SameUidOtherBytes("the archive holds another object under this SOP Instance UID")

    async def digest(self, study: str, series: str, instance: str) -> str | None:
        """SHA-256 of an instance as the archive holds it; None where it does not."""
        url = f"{self.root}/studies/{study}/series/{series}/instances/{instance}"
        async with answering("the DICOM archive"), self.client.stream("GET", url, headers={"Accept": AS_STORED}) as response:
            if response.status_code == 404:
                return None
            if not response.is_success:
                await response.aread()
                check(response, "the DICOM archive", "WADO-RS")
            return await part_digest(response)

    async def stow(self, study: str, file: Path) -> None:
        boundary = uuid4().hex
        size = (await asyncio.to_thread(file.stat)).st_size
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        tail = f"\r\n--{boundary}--\r\n".encode()

        async def body() -> AsyncIterator[bytes]:
            yield head
            with file.open("rb") as source:
                while chunk := source.read(CHUNK):
                    yield chunk
            yield tail

        async with answering("the DICOM archive"):
            response = await self.client.post(
                f"{self.root}/studies/{study}",
                content=body(),
                headers={
                    "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                    "Content-Length": str(len(head) + size + len(tail)),
                    "Accept": "application/dicom+json",
                },
            )
        check(response, "the DICOM archive", "STOW-RS")
        for failed in response.json().get(FAILED_INSTANCES, {}).get("Value", ()):
            reason = next(iter(failed.get(FAILURE_REASON, {}).get("Value", ())), 0)
            said = f"the DICOM archive did not store the instance, for reason {reason:04X}"
            if reason == PROCESSING_FAILURE or reason >> 8 == OUT_OF_RESOURCES:
                raise Unavailable(said)
            raise Rejected(said)


async def part_digest(response: httpx.Response) -> str:
    """SHA-256 of the one part of a multipart answer, without holding it."""
    marker = response.headers.get("Content-Type", "").partition("boundary=")[2].split(";")[0].strip('"')
    if not marker:
        raise Unavailable("the DICOM archive answered WADO-RS without a boundary")
    end = f"\r\n--{marker}".encode()
    digest = hashlib.sha256()
    waiting = b""
    begun = False
    async for chunk in response.aiter_bytes(CHUNK):
        waiting += chunk
        if not begun:
            _, blank, rest = waiting.partition(b"\r\n\r\n")
            if not blank:
                continue
            begun, waiting = True, rest
        # The closing boundary may lie across chunks: keep back as much as could be its beginning, with what follows it.
        keep = len(end) + 8
        if len(waiting) > keep:
            digest.update(waiting[:-keep])
            waiting = waiting[-keep:]
    content, closing, _ = waiting.partition(end)
    if not begun or not closing:
        raise Unavailable("the DICOM archive's answer is cut short")
    digest.update(content)
    return digest.hexdigest()
