"""One patient's genes and what follows for each drug. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sequencing.pharmacogenomics.definitions import NOT_CALLABLE, genes
from sequencing.pharmacogenomics.guidance import Advice, Guideline, advice_of, guidelines
from sequencing.pharmacogenomics.matching import Diplotype, Match, matched
from sequencing.pharmacogenomics.phenotypes import Phenotype, altered, of_diplotype, of_match
from sequencing.pharmacogenomics.variant_file import Genotypes


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """What another method says of a gene."""

    gene: str
    diplotype: str
    phenotype: str = ""
    activity_score: str = ""


@dataclass(frozen=True, slots=True)
class GeneResult:
    """`source` is "matched", or "outside" where another method said it; of what is not called, `match.reason` says why."""

    gene: str
    source: str
    match: Match
    phenotypes: tuple[Phenotype, ...]
    definitions: str

    @property
    def called(self) -> bool:
        return bool(self.match.diplotypes or self.match.components)


@dataclass(frozen=True, slots=True)
class Report:
    """`unanswered` has guidelines that need a gene which is not told, with those genes."""

    genes: tuple[GeneResult, ...]
    advice: tuple[Advice, ...]
    unanswered: tuple[tuple[Guideline, tuple[str, ...]], ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "genes": [gene_dict(one) for one in self.genes],
            "advice": [asdict(one) for one in self.advice],
            "unanswered": [
                {"drugs": one.drugs, "source": one.source, "guideline": one.name, "needs": needs}
                for one, needs in self.unanswered
            ],
        }


def reported(genotypes: Genotypes, outside: Sequence[OutsideCall] = ()) -> Report:
    """An outside call takes the place of what would be matched."""
    said = {one.gene: one for one in outside}
    results = [from_outside(said[name]) for name in sorted(said)]
    for gene in genes().values():
        if gene.name not in said:
            match = matched(gene, genotypes.called[gene.name], genotypes.unknown[gene.name])
            results.append(GeneResult(gene.name, "matched", match, tuple(of_match(match)), gene.version))
    results += [
        GeneResult(name, "matched", Match(name, reason=f"not callable: {why}"), (), "")
        for name, why in NOT_CALLABLE.items()
        if name not in said
    ]
    results.sort(key=lambda one: one.gene)
    phenotypes = {one.gene: one.phenotypes for one in results}
    untested = {one.gene: altered(one.gene, one.match.not_excluded) for one in results}
    advice, unanswered = [], []
    for guideline in guidelines():
        for found in advice_of(guideline, phenotypes):
            open_ = {gene: untested[gene] for gene in found.because if untested.get(gene)}
            advice.append(replace(found, not_excluded=open_))
        lacking = tuple(gene for gene in guideline.genes if not phenotypes.get(gene))
        if lacking:
            unanswered.append((guideline, lacking))
    advice.sort(key=lambda one: (not one.changes, one.drugs, one.source, one.population))
    return Report(tuple(results), tuple(advice), tuple(unanswered))


def from_outside(call: OutsideCall) -> GeneResult:
    alleles = tuple(part.strip() for part in call.diplotype.split("/"))
    known = of_diplotype(call.gene, alleles)
    if call.phenotype or call.activity_score:
        lookup = call.activity_score or call.phenotype
        known = Phenotype(call.phenotype, call.activity_score, lookup, "outside")
    match = Match(call.gene, (Diplotype(alleles, 0),) if call.diplotype else ())
    return GeneResult(call.gene, "outside", match, (known,) if known else (), "")


def gene_dict(one: GeneResult) -> Mapping[str, Any]:
    return {
        "gene": one.gene,
        "source": one.source,
        "called": one.called,
        "diplotypes": [{"name": each.name, "score": each.score} for each in one.match.diplotypes],
        "best": [each.name for each in one.match.best] if one.match.diplotypes else [],
        "components": one.match.components,
        "phenotypes": [asdict(each) for each in one.phenotypes],
        "ambiguous": one.match.ambiguous,
        "not_called_positions": one.match.missing,
        "not_excluded": one.match.not_excluded,
        "unknown_bases_at": one.match.unknown,
        "reason": one.match.reason,
        "definitions": one.definitions,
    }
