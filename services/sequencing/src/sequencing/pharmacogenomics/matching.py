"""Which pairs of named alleles explain a genotype, as PharmCAT's Named Allele Matcher tells it (Sangkuhl 2020). Pure.

A position that was not genotyped says nothing: alleles that are told apart by it alone stay possible together with those that
are not, and one that only such positions define is not considered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from sequencing.pharmacogenomics.definitions import Gene, NamedAllele

# Genes whose alleles are combined by function rather than by diplotype where the phase is not known (CPIC, 2017 and 2018).
BY_FUNCTION = frozenset({"DPYD", "RYR1"})


@dataclass(frozen=True, slots=True)
class Genotype:
    """Bases of each chromosome at a position: two, or one where the patient has one. Those of one `phase_set` go together."""

    bases: tuple[str, ...]
    phase_set: str | None = None

    @property
    def heterozygous(self) -> bool:
        return len(set(self.bases)) > 1


@dataclass(frozen=True, slots=True)
class Diplotype:
    """Named alleles of both chromosomes, or of the one; `score` is how many positions they explain."""

    alleles: tuple[str, ...]
    score: int

    @property
    def name(self) -> str:
        return "/".join(self.alleles)


@dataclass(frozen=True, slots=True)
class Match:
    """Of a gene: diplotypes best first; or, where the phase leaves none to tell, the alleles that are there, `components`.

    `missing` are positions that were not genotyped, `unknown` those with a base that no table knows, and `not_excluded` alleles
    that would be told by missing ones alone. `ambiguous` says that the genotype fits several of the best diplotypes, or that its
    phase was not known where it matters.
    """

    gene: str
    diplotypes: tuple[Diplotype, ...] = ()
    components: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_excluded: tuple[str, ...] = ()
    called: int = 0
    ambiguous: bool = False
    reason: str = ""

    @property
    def best(self) -> tuple[Diplotype, ...]:
        """Those with the highest score."""
        return tuple(one for one in self.diplotypes if one.score == self.diplotypes[0].score)


def matched(gene: Gene, genotypes: Mapping[int, Genotype], unknown: Sequence[str] = ()) -> Match:
    """`genotypes` by the index of a position in the gene; those that are not in it were not genotyped."""
    missing = tuple(one.label for index, one in enumerate(gene.positions) if index not in genotypes)
    if not genotypes and not unknown:
        return Match(gene.name, missing=missing, reason="none of its positions was genotyped")
    if unknown:
        return Match(
            gene.name,
            missing=missing,
            unknown=tuple(unknown),
            called=len(genotypes),
            reason="a base that the definition does not know stands at one of its positions",
        )
    known = sorted(genotypes)
    told = [one for one in gene.alleles if not one.defined.isdisjoint(known)]
    not_excluded = tuple(one.name for one in gene.alleles if one.defined.isdisjoint(known))
    alleles = [one for one in told if all(possible(one, index, genotypes[index]) for index in known)]
    one_chromosome = {len(genotypes[index].bases) for index in known} == {1}
    if one_chromosome:
        found = [Diplotype((one.name,), score(one, known)) for one in alleles]
    else:
        groups = grouped(genotypes)
        pairs = combinations_with_replacement(alleles, 2)
        found = [diplotype(a, b, known) for a, b in pairs if together(a, b, groups, genotypes)]
    found.sort(key=lambda one: (-one.score, [natural(name) for name in one.alleles]))
    components: tuple[str, ...] = ()
    unphased = len({genotypes[index].phase_set or index for index in known if genotypes[index].heterozygous}) > 1
    if gene.name in BY_FUNCTION and (unphased or not found):
        components, found = present(gene, genotypes, known), []
    reason = "" if found or components else "no pair of named alleles has these bases"
    best = [one for one in found if one.score == found[0].score]
    return Match(
        gene.name,
        tuple(found),
        components,
        missing,
        not_excluded=not_excluded,
        called=len(known),
        ambiguous=len(best) > 1 or bool(components and unphased),
        reason=reason,
    )


def possible(allele: NamedAllele, index: int, genotype: Genotype) -> bool:
    return any(allele.fits(index, base) for base in genotype.bases)


def score(allele: NamedAllele, known: Sequence[int]) -> int:
    return len(allele.defined.intersection(known))


def diplotype(a: NamedAllele, b: NamedAllele, known: Sequence[int]) -> Diplotype:
    first, second = sorted((a.name, b.name), key=natural)
    return Diplotype((first, second), score(a, known) + score(b, known))


def grouped(genotypes: Mapping[int, Genotype]) -> list[list[int]]:
    """Positions whose chromosomes go together: those of a phase set, and each other one alone."""
    groups: dict[object, list[int]] = {}
    for index, genotype in sorted(genotypes.items()):
        groups.setdefault(genotype.phase_set if genotype.phase_set is not None else index, []).append(index)
    return list(groups.values())


def together(a: NamedAllele, b: NamedAllele, groups: Sequence[Sequence[int]], genotypes: Mapping[int, Genotype]) -> bool:
    """Whether one chromosome can be `a` and the other `b`."""
    return all(
        all(a.fits(index, genotypes[index].bases[0]) and b.fits(index, genotypes[index].bases[-1]) for index in group)
        or all(a.fits(index, genotypes[index].bases[-1]) and b.fits(index, genotypes[index].bases[0]) for index in group)
        for group in groups
    )


def present(gene: Gene, genotypes: Mapping[int, Genotype], known: Sequence[int]) -> tuple[str, ...]:
    """Alleles whose every defining base is there, each as often as the genotype has it; the reference where none is."""
    found: list[str] = []
    for allele in gene.alleles:
        told = sorted(allele.defined.intersection(known))
        if allele.reference or not told:
            continue
        copies = min(sum(allele.fits(index, base) for base in genotypes[index].bases) for index in told)
        found += [allele.name] * copies
    whole = tuple(sorted(found, key=natural))
    return whole if len(whole) >= 2 else (gene.reference.name, *whole) if whole else (gene.reference.name,) * 2


def natural(name: str) -> list[tuple[int, int, str]]:
    """Star alleles in the order of their numbers."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
