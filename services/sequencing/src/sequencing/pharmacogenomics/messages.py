"""A report as messages (casepath.sequencing.v1). Pure."""

from collections.abc import Sequence

from casepath.sequencing.v1 import pharmacogenomics_pb2 as contract
from sequencing.pharmacogenomics.drugs import drug
from sequencing.pharmacogenomics.guidance import Advice, Guideline
from sequencing.pharmacogenomics.labels import phrase
from sequencing.pharmacogenomics.report import GeneResult, Report


def report_message(report: Report) -> contract.PharmacogenomicReport:
    return contract.PharmacogenomicReport(
        genes=[gene_call(one) for one in report.genes],
        advice=[advice(one) for one in report.advice],
        unanswered=[unanswered(guideline, genes) for guideline, genes in report.unanswered],
    )


def gene_call(one: GeneResult) -> contract.GeneCall:
    match = one.match
    return contract.GeneCall(
        gene=one.gene,
        diplotypes=[each.name for each in match.best] if match.diplotypes else [],
        components=match.components,
        phenotypes=[
            contract.Phenotype(result=each.result, activity_score=each.activity_score, result_fr=phrase(each.result, "fr"))
            for each in one.phenotypes
        ],
        outside=one.source == "outside",
        positions=len(match.missing) + match.called + len(match.unknown),
        not_genotyped=len(match.missing),
        not_excluded=match.not_excluded,
        ambiguous=match.ambiguous,
        reason=match.reason,
        definition_version=one.definitions,
    )


def advice(one: Advice) -> contract.Advice:
    return contract.Advice(
        drugs=named(one.drugs),
        source=one.source,
        strength=one.strength,
        population=one.population,
        text=one.text,
        implications=one.implications,
        grounds=[
            contract.Ground(
                gene=gene, phenotype=result, not_excluded=one.not_excluded.get(gene, ()), phenotype_fr=phrase(result, "fr")
            )
            for gene, result in one.because.items()
        ],
        changes=one.changes,
        guideline=one.guideline,
        version=one.version,
        url=one.url,
        strength_fr=phrase(one.strength, "fr"),
        population_fr=phrase(one.population, "fr"),
    )


def unanswered(guideline: Guideline, genes: Sequence[str]) -> contract.Unanswered:
    return contract.Unanswered(drugs=named(guideline.drugs), source=guideline.source, guideline=guideline.name, genes=genes)


def named(names: Sequence[str]) -> list[contract.Drug]:
    found = [drug(name) for name in names]
    return [contract.Drug(name=one.name, name_fr=one.french, rxnorm=one.rxnorm, atc=one.atc) for one in found]


def changed_drugs(report: contract.PharmacogenomicReport) -> list[contract.Drug]:
    """Drugs for which any guideline asks for another dose, drug or precaution."""
    return named(sorted({one.name for said in report.advice if said.changes for one in said.drugs}))


def amended_drugs(before: contract.PharmacogenomicReport, after: contract.PharmacogenomicReport) -> list[str]:
    """Drugs of which the two do not say the same; another version of a guideline with the same words is the same."""
    said_before, said_after = by_drug(before), by_drug(after)
    names = said_before.keys() | said_after.keys()
    return sorted(name for name in names if said_before.get(name) != said_after.get(name))


def by_drug(report: contract.PharmacogenomicReport) -> dict[str, set[tuple[object, ...]]]:
    found: dict[str, set[tuple[object, ...]]] = {}
    for one in report.advice:
        grounds = tuple((each.gene, each.phenotype, tuple(each.not_excluded)) for each in one.grounds)
        said = (one.source, one.strength, one.population, one.text, one.changes, grounds)
        for each in one.drugs:
            found.setdefault(each.name, set()).add(said)
    for left in report.unanswered:
        for each in left.drugs:
            found.setdefault(each.name, set()).add((left.source, tuple(left.genes)))
    return found


def same_genes(before: contract.PharmacogenomicReport, after: contract.PharmacogenomicReport) -> bool:
    """Whether both call the genes the same, whatever the versions of the definitions."""
    return [calls(one) for one in before.genes] == [calls(one) for one in after.genes]


def calls(one: contract.GeneCall) -> tuple[object, ...]:
    phenotypes = tuple((each.result, each.activity_score) for each in one.phenotypes)
    return one.gene, tuple(one.diplotypes), tuple(one.components), phenotypes, tuple(one.not_excluded)
