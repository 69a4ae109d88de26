"""What hospitals released, in a store of each, as `deidentification` wrote it."""

import asyncio
import io
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.slides.v1.frames_pb2 import StoredInstance
from casepath.slides.v1.slide_pb2 import Instance
from chassis.dicomweb.headers import PIXEL_DATA, icc_profile, metadata
from chassis.errors import Malformed, NotFound
from chassis.frames import ITEM_HEADER
from chassis.objects import Objects

# As much of a file is read first, and four times more until its header is whole; a longer one is none.
FIRST_BYTES = 256 << 10
LONGEST_HEADER = 256 << 20
# Pixel Data with its value representation and length (PS3.5 section 7.1.2).
ELEMENT_HEADER = 12
# What pydicom raises for what is no DICOM, or breaks its rules.
UNREADABLE = (InvalidDicomError, AttributeError, KeyError, TypeError, ValueError, struct.error)

# Has a header say other names.
type Rename = Callable[[Dataset], None]


class Released:
    def __init__(self, stores: Sequence[Objects]) -> None:
        self.stores = stores

    async def holding(self, ref: ObjectRef) -> Objects:
        """The store that has it. Raise NotFound."""
        for store in self.stores:
            if await store.has(ref.path):
                return store
        raise NotFound(f"image {ref.sha256} is in none of the stores of what was released")

    async def stored(self, ref: ObjectRef, rename: Rename) -> StoredInstance:
        """What an image's header says once it is renamed, and where its frames lie; nothing else of it is read.

        Raise NotFound or Malformed.
        """
        store, length = await self.holding(ref), FIRST_BYTES
        while True:
            (head,) = await store.ranges(ref, [0], [min(length, ref.size)])
            found = await asyncio.to_thread(read, head, ref, rename)
            if found is not None:
                return found
            if length >= min(ref.size, LONGEST_HEADER):
                raise Malformed(f"image {ref.sha256} has no pixels")
            length *= 4

    async def copy(self, ref: ObjectRef, into: Path, rename: Rename) -> None:
        """An object as a file whose header is renamed. Raise NotFound or Malformed."""
        await (await self.holding(ref)).download(ref, into)
        await asyncio.to_thread(rename_file, into, ref, rename)


def read(head: bytes, ref: ObjectRef, rename: Rename) -> StoredInstance | None:
    """From the first bytes of a file; None where the header goes on behind them. Raise Malformed."""
    file = io.BytesIO(head)
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        at = file.tell()
        if head[at : at + len(PIXEL_DATA)] != PIXEL_DATA:
            return None
        offsets, lengths = frames(dataset, at + ELEMENT_HEADER)
        rename(dataset)
        instance = Instance(
            sop_instance_uid=dataset.SOPInstanceUID,
            object=ref,
            transfer_syntax_uid=dataset.file_meta.TransferSyntaxUID,
            frames=len(offsets),
            rows=dataset.Rows,
            columns=dataset.Columns,
            total_rows=dataset.TotalPixelMatrixRows,
            total_columns=dataset.TotalPixelMatrixColumns,
        )
        profile = icc_profile(dataset)
        return StoredInstance(
            instance=instance, offsets=offsets, lengths=lengths, metadata=metadata(dataset), icc_profile=profile
        )
    except EOFError:
        return None
    except UNREADABLE as error:
        raise unreadable(ref, error) from None


def rename_file(file: Path, ref: ObjectRef, rename: Rename) -> None:
    """In place of the file; what is behind its header is as it was. Raise Malformed."""
    renamed = file.with_suffix(".renamed")
    try:
        with file.open("rb") as source, renamed.open("wb") as target:
            dataset = pydicom.dcmread(source, stop_before_pixels=True)
            rename(dataset)
            pydicom.dcmwrite(target, dataset, enforce_file_format=True)
            shutil.copyfileobj(source, target)
    except (EOFError, *UNREADABLE) as error:
        raise unreadable(ref, error) from None
    renamed.replace(file)


def unreadable(ref: ObjectRef, error: Exception) -> Malformed:
    return Malformed(f"image {ref.sha256} cannot be read: {type(error).__name__}")


def frames(dataset: Dataset, start: int) -> tuple[list[int], list[int]]:
    """Where each begins, and its length, of pixels that begin at `start`. Of what is encapsulated each is one fragment."""
    count = int(dataset.get("NumberOfFrames", 1))
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
        return [start + number * size for number in range(count)], [size] * count
    table = struct.Struct(f"<{count}Q")
    # Behind the basic table, which is empty.
    offsets = [start + ITEM_HEADER + offset for offset in table.unpack(dataset.ExtendedOffsetTable)]
    return offsets, [ITEM_HEADER + length for length in table.unpack(dataset.ExtendedOffsetTableLengths)]
