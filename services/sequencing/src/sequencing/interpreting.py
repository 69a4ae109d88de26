"""What sequencing does with variants, its own and those that others called: what they say of drugs, and what is known of them."""

from collections.abc import Iterable
from typing import Any

from casepath.portal.v1.reading_pb2 import GenomicReportWithdrawn
from casepath.sequencing.v1.pharmacogenomics_pb2 import WITHHOLDING_REASON_QUALITY, VariantSource, VariantsReceived
from casepath.sequencing.v1.sequencing_pb2 import VariantsCalled
from casepath.topics import PORTAL_GENOMICS_WITHDRAWN, SEQUENCING_VARIANTS_CALLED, SEQUENCING_VARIANTS_RECEIVED
from chassis.events import Event
from chassis.worker import Received, Route
from sequencing.handlers import called_variants, source_of_called, source_of_received, withheld
from sequencing.known_variants.annotating import Annotating
from sequencing.pharmacogenomics.issuing import Issuing


class Interpreting:
    """Hands each file of variants to those who interpret it.

    Of reads below the thresholds neither says anything, and nothing is told of variants that are another patient's.
    """

    def __init__(self, issuing: Issuing, annotating: Annotating) -> None:
        self.issuing = issuing
        self.annotating = annotating

    def routes(self) -> list[Route[Any]]:
        return [
            Route(SEQUENCING_VARIANTS_CALLED, self.called, batch=1),
            Route(SEQUENCING_VARIANTS_RECEIVED, self.received, batch=1),
            Route(PORTAL_GENOMICS_WITHDRAWN, self.withdrawn),
        ]

    async def called(self, received: Received[VariantsCalled]) -> Iterable[Event]:
        source, variants = source_of_called(received.data), called_variants(received.data)
        if received.data.shortfalls:
            reason = WITHHOLDING_REASON_QUALITY
            return [withheld(source, reason), *await self.annotating.annotated(variants, reason)]
        return await self.told(source, variants)

    async def received(self, received: Received[VariantsReceived]) -> Iterable[Event]:
        source = source_of_received(received.data)
        return await self.told(source, source)

    async def told(self, source: VariantSource, variants: VariantSource) -> Iterable[Event]:
        if await self.issuing.disowned.has(source):
            return ()
        events = [await self.issuing.issue(source), *await self.annotating.annotated(variants)]
        # Somebody may have found out meanwhile.
        return () if await self.issuing.disowned.has(source) else events

    async def withdrawn(self, received: Received[GenomicReportWithdrawn]) -> Iterable[Event]:
        await self.issuing.withdrawn(received.data)
        return ()
