"""The converter in a process of its own: a decoder that crashes takes one scan with it, not the service."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_CONVERTER_FAILED
from slides.adapters.dicomizer import Conversion, Converted, convert
from slides.quarantine import Quarantined


class Converter:
    """Converts one scan at a time."""

    def __init__(self) -> None:
        self.pool = self.fresh()

    @staticmethod
    def fresh() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))

    async def convert(self, work: Conversion) -> Converted:
        """Raise Quarantined, also when the process dies."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, convert, work)
        except BrokenProcessPool:
            self.pool = self.fresh()
            raise Quarantined(QUARANTINE_REASON_CONVERTER_FAILED, "the converter's process died") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
