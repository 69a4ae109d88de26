"""What sequencing does with variants where a site loaded snapshots: look them up, and tell what is said of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID, uuid5

import structlog

from casepath.sequencing.v1.known_variants_pb2 import KnownVariants, Snapshot, VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    WITHHOLDING_REASON_OTHER_REFERENCE,
    WITHHOLDING_REASON_UNREADABLE,
    WITHHOLDING_REASON_UNSPECIFIED,
    VariantSource,
    WithholdingReason,
)
from casepath.topics import SEQUENCING_VARIANTS_ANNOTATED
from chassis.errors import Malformed
from chassis.events import Event
from chassis.identity import sample_key
from chassis.isolated import Crashed, Isolated, allowance
from chassis.language import LANGUAGES
from chassis.notable_variants import notable
from chassis.objects import Objects, Shelf, by
from chassis.orders import ShelvedOrders
from sequencing.adapters.refusals import believed
from sequencing.disowned import Disowned
from sequencing.known_variants.lookup import looked_up
from sequencing.known_variants.page import page
from sequencing.known_variants.snapshots import Loaded
from sequencing.pharmacogenomics.page import Subject, subject_of
from sequencing.pharmacogenomics.printing import printed
from sequencing.pharmacogenomics.variant_file import OtherBuild
from sequencing.printed_pages import stored_pages
from sequencing.renewal import Renewed

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS_PER_MEGABYTE = 4.0


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is looked up where; picklable."""

    variants: Path
    snapshots: tuple[Loaded, ...]
    indexes: Path
    scratch: Path
    subject: Subject


@dataclass(frozen=True, slots=True)
class Annotated:
    """Serialized KnownVariants with pages by language as HTML and PDF; or why there are none."""

    variants: bytes = b""
    snapshots: tuple[Snapshot, ...] = ()
    looked_up: int = 0
    known: int = 0
    notable: int = 0
    pages: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    withheld: WithholdingReason = WITHHOLDING_REASON_UNSPECIFIED


def annotate(lookup: Lookup) -> Annotated:
    """In a process of its own. Raise Unavailable where the machine has no room for it."""
    try:
        found = believed(partial(looked_up, lookup.variants, lookup.snapshots, lookup.indexes, lookup.scratch), lookup.scratch)
    except OtherBuild:
        return Annotated(withheld=WITHHOLDING_REASON_OTHER_REFERENCE)
    except Malformed:
        return Annotated(withheld=WITHHOLDING_REASON_UNREADABLE)
    html = {language: page(found, lookup.subject, language) for language in LANGUAGES}
    return Annotated(
        variants=KnownVariants(variants=found.variants).SerializeToString(deterministic=True),
        snapshots=found.snapshots,
        looked_up=found.looked_up,
        known=len(found.variants),
        notable=sum(notable(one.statements) for one in found.variants),
        pages={language: (text.encode(), printed(text)) for language, text in html.items()},
    )


class Annotating:
    """Looks variants up in the snapshots that a site loaded."""

    def __init__(
        self,
        objects: Objects,
        orders: ShelvedOrders,
        process: Isolated,
        snapshots: Sequence[Loaded],
        indexes: Path,
        scratch: Path,
    ) -> None:
        self.objects = objects
        self.orders = orders
        self.process = process
        self.snapshots = tuple(snapshots)
        self.indexes = indexes
        self.scratch = scratch
        self.kept = Shelf(objects, VariantsAnnotated, "sequencing/known-variants", by("case_id"))
        # Of each sample the newest file of variants, and the newest lookup.
        self.sources = Shelf(objects, VariantSource, "sequencing/known-variants-sources", by("case_id"))
        self.newest = Shelf(objects, VariantsAnnotated, "sequencing/known-variants-newest", by("case_id"))
        self.disowned = Disowned(objects)

    async def annotated(self, source: VariantSource, withheld: WithholdingReason = WITHHOLDING_REASON_UNSPECIFIED) -> list[Event]:
        """What is said of a file of variants, or why it was not looked up; nothing where the site loaded no snapshots."""
        if not self.snapshots:
            return []
        message = self.message(source)
        if withheld:
            message.withheld = withheld
            return [told(message)]
        known = await self.kept.get(f"{sample_key(source.case_id, source.sample_id)}/{message.annotation_id}")
        if known is not None:
            return [told(known)]
        await self.fill(message, await self.look_up(source))
        await self.keep(source, message)
        return [told(message)]

    def message(self, source: VariantSource) -> VariantsAnnotated:
        return VariantsAnnotated(
            case_id=source.case_id,
            patient_id=source.patient_id,
            sample_id=source.sample_id,
            annotation_id=str(annotation_id(source, self.snapshots)),
            variants_sha256=source.variants.sha256,
        )

    async def keep(self, source: VariantSource, message: VariantsAnnotated) -> None:
        """Until the newest is kept, a repeat makes the same."""
        sample = sample_key(source.case_id, source.sample_id)
        await self.sources.put(sample, source)
        await self.newest.put(sample, message)
        await self.kept.put(f"{sample}/{message.annotation_id}", message)

    async def renewed(self) -> AsyncIterator[Renewed]:
        """Each sample that was looked up in other snapshots than those of now, looked up again."""
        for sample in sorted(await self.sources.names()) if self.snapshots else ():
            source, before = await self.sources.get(sample), await self.newest.get(sample)
            if source is None or before is None or before.annotation_id == str(annotation_id(source, self.snapshots)):
                continue
            if await self.disowned.has(source):
                continue
            message = self.message(source)
            await self.fill(message, await self.look_up(source))
            message.amends = before.annotation_id
            message.changed = differing(await self.statements(before), await self.statements(message))
            yield Renewed(UUID(message.annotation_id), told(message), partial(self.keep, source, message))

    async def statements(self, of: VariantsAnnotated) -> KnownVariants:
        return KnownVariants.FromString(await self.objects.get(of.variants)) if of.HasField("variants") else KnownVariants()

    async def look_up(self, source: VariantSource) -> Annotated:
        """Raise Unavailable while the case's order is not here."""
        order = await self.orders.expected(source.case_id, "a file of variants")
        async with self.objects.local(source.variants, self.scratch) as file:
            lookup = Lookup(file, self.snapshots, self.indexes, self.scratch, subject_of(order, source.sample_id))
            try:
                return await self.process.run(annotate, lookup, allowance(source.variants.size, SECONDS_PER_MEGABYTE))
            except Crashed:
                return Annotated(withheld=WITHHOLDING_REASON_UNREADABLE)

    async def fill(self, message: VariantsAnnotated, found: Annotated) -> None:
        if found.withheld:
            log.warning(
                "known variants", outcome="withheld", reason=WithholdingReason.Name(found.withheld), case_id=message.case_id
            )
            message.withheld = found.withheld
            return
        message.snapshots.extend(found.snapshots)
        message.looked_up, message.known, message.notable = found.looked_up, found.known, found.notable
        message.variants.CopyFrom(await self.objects.put(found.variants, message.case_id))
        message.pages.extend(await stored_pages(self.objects, found.pages, message.case_id))


def differing(before: KnownVariants, after: KnownVariants) -> int:
    """Variants of which the two do not say the same; the day of a snapshot, and how it was reviewed, is no difference."""
    said_before, said_after = by_variant(before), by_variant(after)
    return sum(said_before.get(one) != said_after.get(one) for one in said_before.keys() | said_after.keys())


def by_variant(known: KnownVariants) -> dict[tuple[str, int, str, str], set[tuple[str, str, int, str]]]:
    return {
        (one.contig, one.position, one.reference_bases, one.alternate_bases): {
            (said.source, said.accession, said.respect, said.significance) for said in one.statements
        }
        for one in known.variants
    }


def annotation_id(source: VariantSource, snapshots: Sequence[Loaded]) -> UUID:
    """The same variants in the same snapshots are one lookup."""
    digests = sorted(one.about.sha256 for one in snapshots)
    return uuid5(UUID(source.case_id), "|".join(["known variants", source.sample_id, source.variants.sha256, *digests]))


def told(message: VariantsAnnotated) -> Event:
    """With an id of its own, however often it is told."""
    id_ = uuid5(UUID(message.annotation_id), f"withheld|{message.withheld}")
    return Event(SEQUENCING_VARIANTS_ANNOTATED, message.case_id, message, id=id_)
