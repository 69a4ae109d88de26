"""Who was in two hospitals: patients whose encodings are alike (`deidentification.linkage`), without knowing who they are. Pure.

Candidates share a part of their encodings (locality-sensitive hashing of bits); they are one person where Dice's coefficient of
their filters is at least `ALIKE`, and of several candidates each is the other's best. Two patients of one hospital are never
linked: that they are one is for the hospital to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Found on generated patients with errors in names and dates; docs/benchmarks.md has what it gives.
ALIKE = 0.8
# Parts of an encoding, and bits of each: a pair is looked at where one part is the same.
PARTS, PART_BITS = 40, 18
SEED = 20261126
# Persons whose parts are the same are not compared where they are more than this: a part that says nothing.
MOST_ALIKE = 200


@dataclass(frozen=True, slots=True)
class Encoded:
    """A patient of a hospital in a project."""

    person_id: int
    project: str
    hospital: str
    filter: bytes = field(repr=False)
    exact: bytes = field(default=b"", repr=False)


def linked(patients: Sequence[Encoded]) -> dict[int, int]:
    """Of each who was found elsewhere too, the id of the first of those who are one person with them."""
    found: dict[int, int] = {}
    for project in sorted({one.project for one in patients}):
        mine = [one for one in patients if one.project == project]
        found |= components(mine, [*same_identifier(mine), *alike(mine)])
    return found


def same_identifier(patients: Sequence[Encoded]) -> list[tuple[int, int]]:
    first: dict[bytes, int] = {}
    pairs = []
    for index, one in enumerate(patients):
        if one.exact:
            other = first.setdefault(one.exact, index)
            if other != index:
                pairs.append((other, index))
    return pairs


def alike(patients: Sequence[Encoded]) -> list[tuple[int, int]]:
    """Pairs of which each is the other's best in the other's hospital, the most alike first."""
    indices = [index for index, one in enumerate(patients) if one.filter]
    if not indices:
        return []
    filters = np.frombuffer(b"".join(patients[index].filter for index in indices), np.uint8).reshape(len(indices), -1)
    bits = np.unpackbits(filters, axis=1)
    sizes = bits.sum(axis=1, dtype=np.int64)
    hospitals = [patients[index].hospital for index in indices]
    packed = filters.view(np.uint64)
    best: dict[tuple[int, str], tuple[float, int]] = {}
    scores: dict[tuple[int, int], float] = {}
    left, right = candidates(bits, hospitals)
    common = np.bitwise_count(packed[left] & packed[right]).sum(axis=1, dtype=np.int64)
    dice = 2 * common / np.maximum(sizes[left] + sizes[right], 1)
    near = dice >= ALIKE
    for one, other, score in zip(left[near].tolist(), right[near].tolist(), dice[near].tolist(), strict=True):
        scores[one, other] = score
        for mine, theirs in ((one, other), (other, one)):
            name = (mine, hospitals[theirs])
            best[name] = max(best.get(name, (0.0, -1)), (score, -theirs))
    mutual = [
        (score, one, other)
        for (one, other), score in scores.items()
        if best[one, hospitals[other]][1] == -other and best[other, hospitals[one]][1] == -one
    ]
    return [(indices[one], indices[other]) for _, one, other in sorted(mutual, key=lambda each: (-each[0], each[1], each[2]))]


def candidates(bits: NDArray[np.uint8], hospitals: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of two hospitals that share a part of their encodings, each once."""
    dice = np.random.default_rng(SEED)
    weights = 1 << np.arange(PART_BITS, dtype=np.int64)
    pairs: set[tuple[int, int]] = set()
    for _ in range(PARTS):
        keys = bits[:, dice.choice(bits.shape[1], PART_BITS, replace=False)].astype(np.int64) @ weights
        order = np.argsort(keys, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
            if 1 < len(group) <= MOST_ALIKE:
                pairs |= across(group.tolist(), hospitals)
    found = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def across(group: Sequence[int], hospitals: Sequence[str]) -> set[tuple[int, int]]:
    return {(one, other) for one in group for other in group if one < other and hospitals[one] != hospitals[other]}


def components(patients: Sequence[Encoded], pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Pairs put together, in their order: what would make two patients of one hospital one person is left out."""
    of = list(range(len(patients)))
    members = {index: [index] for index in of}
    for one, other in pairs:
        mine, theirs = of[one], of[other]
        hospitals = [patients[index].hospital for index in (*members[mine], *members[theirs])]
        if mine == theirs or len(hospitals) != len(set(hospitals)):
            continue
        for index in members[theirs]:
            of[index] = mine
        members[mine] += members.pop(theirs)
    return {
        patients[index].person_id: min(patients[each].person_id for each in group)
        for group in members.values()
        if len(group) > 1
        for index in group
    }
