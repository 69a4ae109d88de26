"""What leaves a hospital for research, with copies of images that are not made, and what a hub then holds."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

import examples
from casepath.deidentification.v1.release_pb2 import FactReleased
from casepath.inference.v1.scoring_pb2 import Model
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.topics import DEIDENTIFICATION_FACTS_RELEASED
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from deidentification.french_words import FrenchWords, french_words
from deidentification.handlers import Release
from deidentification.projects import CONTENTS, Project
from deidentification.pseudonyms import Pseudonyms
from deidentification.releasing import Releasing, case_folder
from hub.handlers import name_of
from simulation.broker import Broker
from simulation.compute import NOWHERE

PROJECTS = (
    Project("warehouse", Pseudonyms(b"w" * 32), frozenset(CONTENTS)),
    Project("study", Pseudonyms(b"s" * 32), frozenset({"cases", "reports"})),
)
DAY = date(2026, 11, 26)
# Of a withdrawal that there is not: before any decision, and before none.
NEVER = (-1, -1)


@cache
def words() -> FrenchWords:
    return french_words()


class UncopiedReleasing(Releasing):
    """Its copies say of what they are."""

    def __init__(self, objects: Objects, released: Objects) -> None:
        orders = ShelvedOrders(objects, "deidentification", examples.NAMESPACE)
        super().__init__(PROJECTS, "chu", objects, released, orders, words(), NOWHERE, day=lambda: DAY)

    async def copies(self, release: Release, found: Sequence[ObjectRef], model: Model | None = None) -> list[ObjectRef]:
        folder = case_folder(release.project, release.subject, release.order.case_id)
        return [await self.released_objects.put(f"{release.subject.name} {one.sha256}".encode(), folder=folder) for one in found]


def held_by_hub(broker: Broker) -> Mapping[tuple[str, ...], FactReleased]:
    """The latest fact of each name, unless its subject or its case was withdrawn since: what `hub/omop/holding.sql` says."""
    latest: dict[tuple[str, ...], tuple[tuple[int, int, int, int], FactReleased]] = {}
    withdrawn: dict[tuple[str, ...], tuple[int, int]] = {}
    for record in broker.records(DEIDENTIFICATION_FACTS_RELEASED.name):
        fact = FactReleased.FromString(record.value or b"")
        kind, moved, at = str(fact.WhichOneof("fact")), fact.moved_as_of.ToNanoseconds(), fact.as_of.ToNanoseconds()
        said = getattr(fact, kind)
        if kind == "withdrawal":
            of = (fact.project, fact.subject_id, said.case_id)
            before = withdrawn.get(of, NEVER)
            withdrawn[of] = max(moved or -1, before[0]), max(at or -1, before[1])
            continue
        name, place = (
            (fact.project, fact.subject_id, kind, name_of(said)),
            (moved, at, fact.said_at.ToNanoseconds(), record.offset),
        )
        if name not in latest or latest[name][0] <= place:
            latest[name] = place, fact

    def holds(name: tuple[str, ...], place: tuple[int, int, int, int], case_id: str) -> bool:
        taken_back = [withdrawn.get((*name[:2], of), NEVER) for of in ("", case_id)]
        return all(moved < place[0] and at < place[1] for moved, at in taken_back)

    found = {name: fact for name, (place, fact) in latest.items() if holds(name, place, getattr(fact, name[2]).case_id)}
    return {name: plain(fact) for name, fact in found.items()}


def plain(fact: FactReleased) -> FactReleased:
    """Without the latest decisions that were known when it was released, when a service said what it is made of, and which of two
    events that say the same came last.
    """
    found = FactReleased()
    found.CopyFrom(fact)
    for field in ("as_of", "moved_as_of", "said_at", "lineage_id"):
        found.ClearField(field)
    return found
