import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencing.pharmacogenomics.definitions import Gene, NamedAllele, genes
from sequencing.pharmacogenomics.guidance import plain
from sequencing.pharmacogenomics.labels import LABELS, PHRASES
from sequencing.pharmacogenomics.matching import Genotype, matched, natural
from sequencing.pharmacogenomics.page import Subject, page
from sequencing.pharmacogenomics.phenotypes import by_alleles, lowest_function, of_match
from sequencing.pharmacogenomics.report import OutsideCall, reported
from sequencing.pharmacogenomics.variant_file import Genotypes

CASES = json.loads((Path(__file__).parents[2] / "data/pgx/matcher_cases.json").read_text())


def genotyped(gene: Gene, variation: dict[str, list[str]], missing: list[str], phased: bool = False) -> dict[int, Genotype]:
    """Every other position is homozygous for the reference."""
    return {
        index: Genotype(tuple(variation.get(one.rsid, [one.ref] * 2)), "all" if phased else None)
        for index, one in enumerate(gene.positions)
        if one.rsid not in missing
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_pharmcats_own_cases_give_the_same_diplotypes(case: dict) -> None:  # type: ignore[type-arg]
    """Its tests ask for all that fit or for the best alone, and do not say which here."""
    gene = genes()[case["gene"]]
    variation = {one["id"]: one["alleles"] for one in case["variation"]}
    match = matched(gene, genotyped(gene, variation, case["missing"], case["phased"]))
    assert case["expected"] in ([one.name for one in match.diplotypes], [one.name for one in match.best])


def of(gene: str, *chosen: str, phase: str | None = None) -> dict[int, Genotype]:
    """The genotype of somebody who has these alleles, first bases where an allele has several."""
    by_name = {one.name: one for one in genes()[gene].alleles}
    both = [by_name[name] for name in chosen]
    return {
        index: Genotype((first(both[0], index), first(both[1], index)), phase) for index in range(len(genes()[gene].positions))
    }


def first(allele: NamedAllele, index: int) -> str:
    return next(base for base in ("A", "C", "G", "T", allele.bases[index]) if allele.fits(index, base))


@pytest.mark.parametrize("gene", ["CYP2C9", "CYP3A5", "TPMT", "UGT1A1", "NUDT15", "VKORC1", "DPYD", "CYP2B6"])
def test_whoever_has_two_alleles_with_known_phase_is_told_to_have_them(gene: str) -> None:
    names = [one.name for one in genes()[gene].alleles]
    for a, b in zip(names, [*names[1:], names[0]], strict=True):
        match = matched(genes()[gene], of(gene, a, b, phase="all"))
        assert {a, b} in [set(one.alleles) for one in match.best], (a, b)


@given(st.data())
def test_what_is_not_genotyped_is_never_taken_for_the_reference(data: st.DataObject) -> None:
    """With fewer positions what was possible stays so, or is said not to be excluded."""
    gene = genes()["CYP2C9"]
    names = [one.name for one in gene.alleles]
    a, b = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    whole = of("CYP2C9", a, b)
    kept = data.draw(st.sets(st.sampled_from(sorted(whole)), min_size=1))
    match = matched(gene, {index: whole[index] for index in kept})
    told = {frozenset(one.alleles) for one in match.diplotypes}
    assert frozenset({a, b}) in told or {a, b} & set(match.not_excluded)
    assert len(match.missing) == len(gene.positions) - len(kept)


def test_a_gene_of_which_nothing_was_genotyped_is_not_called() -> None:
    match = matched(genes()["CYP2C19"], {})
    assert (match.diplotypes, match.components) == ((), ())
    assert match.reason == "none of its positions was genotyped"
    assert of_match(match) == []


def test_a_base_that_no_table_knows_is_not_called() -> None:
    gene = genes()["TPMT"]
    match = matched(gene, genotyped(gene, {}, []), unknown=["rs1142345"])
    assert match.diplotypes == ()
    assert match.unknown == ("rs1142345",)


def test_two_dpyd_variants_of_unknown_phase_count_by_the_lowest_function() -> None:
    gene = genes()["DPYD"]
    variation = {"rs3918290": ["C", "T"], "rs67376798": ["T", "A"]}
    match = matched(gene, genotyped(gene, variation, []))
    assert set(match.components) == {"c.1905+1G>A (*2A)", "c.2846A>T"}
    assert match.ambiguous
    (found,) = of_match(match)
    assert (found.result, found.activity_score) == ("Poor Metabolizer", "0.5")


def test_one_dpyd_variant_is_a_diplotype() -> None:
    gene = genes()["DPYD"]
    match = matched(gene, genotyped(gene, {"rs3918290": ["C", "T"]}, []))
    assert [one.name for one in match.best] == ["Reference/c.1905+1G>A (*2A)"]
    assert [one.result for one in of_match(match)] == ["Intermediate Metabolizer"]


def test_an_allele_without_a_known_function_gives_no_phenotype() -> None:
    assert lowest_function("DPYD", ["Reference", "nobody knows"]) is None


def test_one_chromosome_has_one_allele() -> None:
    gene = genes()["G6PD"]
    single = {index: Genotype((one.ref,)) for index, one in enumerate(gene.positions)}
    assert [one.name for one in matched(gene, single).best] == ["B (reference)"]


def test_star_alleles_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["*10", "*2", "*1", "*3B", "*3A"], key=natural) == ["*1", "*2", "*3A", "*3B", "*10"]


def nothing_but(gene: str, genotypes: dict[int, Genotype]) -> Genotypes:
    return Genotypes("s", {name: genotypes if name == gene else {} for name in genes()}, dict.fromkeys(genes(), ()))


def test_a_dpyd_intermediate_metaboliser_is_advised_half_the_dose_of_fluorouracil() -> None:
    gene = genes()["DPYD"]
    report = reported(nothing_but("DPYD", genotyped(gene, {"rs3918290": ["C", "T"]}, [])))
    (cpic,) = [one for one in report.advice if one.drugs == ("fluorouracil",) and one.source == "CPIC"]
    assert cpic.text.startswith("Reduce starting dose by 50%")
    assert (cpic.strength, cpic.changes, dict(cpic.because)) == ("Strong", True, {"DPYD": "Intermediate Metabolizer"})
    assert cpic.version
    assert cpic.url.startswith("https://")


def test_advice_says_which_alleles_of_altered_function_were_not_tested() -> None:
    gene = genes()["DPYD"]
    whole = genotyped(gene, {}, [])
    (complete,) = [
        one for one in reported(nothing_but("DPYD", whole)).advice if "fluorouracil" in one.drugs and one.source == "CPIC"
    ]
    assert complete.not_excluded == {}
    (partial,) = [
        one
        for one in reported(nothing_but("DPYD", genotyped(gene, {}, ["rs3918290", "rs1801265"]))).advice
        if "fluorouracil" in one.drugs and one.source == "CPIC"
    ]
    assert partial.not_excluded == {"DPYD": ("c.1905+1G>A (*2A)",)}


def test_a_drug_whose_gene_is_not_told_gets_no_advice_and_the_gene_is_named() -> None:
    report = reported(nothing_but("DPYD", {}))
    assert report.advice == ()
    assert {needs for one, needs in report.unanswered if one.drugs == ("codeine",)} == {("CYP2D6",)}
    assert not any(one.called for one in report.genes)


def test_a_gene_that_short_reads_do_not_tell_comes_from_outside() -> None:
    report = reported(nothing_but("DPYD", {}), [OutsideCall("CYP2D6", "*4/*4", "Poor Metabolizer", "0.0")])
    (gene,) = [one for one in report.genes if one.gene == "CYP2D6"]
    assert (gene.source, gene.called, gene.match.best[0].name) == ("outside", True, "*4/*4")
    assert any("codeine" in one.drugs and one.changes for one in report.advice)


def test_the_page_is_in_the_readers_language_and_quotes_in_the_guidelines_own() -> None:
    gene = genes()["DPYD"]
    report = reported(nothing_but("DPYD", genotyped(gene, {"rs3918290": ["C", "T"]}, ["rs1801265"])))
    french, english = page(report, Subject("S<1>"), "fr"), page(report, Subject("S<1>"), "en")
    assert "Prélèvement <strong>S&lt;1&gt;</strong>" in french
    assert "DPYD: métaboliseur intermédiaire" in french
    assert "Reduce starting dose by 50%" in french
    assert '<div class="quote" lang="en">' in french
    assert "DPYD: Intermediate Metabolizer" in english
    changing = french.partition('id="same"')[0]
    assert changing.count("<h3>fluorouracile</h3>") == 1
    assert "<h3>codéine</h3>" not in french
    assert "codéine <span" in french
    assert "<h3>fluorouracil</h3>" in english


def test_the_page_says_next_to_advice_what_was_not_tested() -> None:
    gene = genes()["DPYD"]
    report = reported(nothing_but("DPYD", genotyped(gene, {}, ["rs3918290"])))
    assert "Not tested in DPYD: c.1905+1G&gt;A (*2A). With one of them this advice may be wrong." in page(
        report, Subject("S1"), "en"
    )


def test_both_languages_have_every_text() -> None:
    assert LABELS["en"].keys() == LABELS["fr"].keys()
    results = {one.result for gene in genes() for one in by_alleles(gene).values() if "Metabolizer" in one.result}
    assert results <= PHRASES["fr"].keys()


def test_marks_are_taken_from_quoted_text() -> None:
    assert plain("<p>Reduce &amp; watch.</p>\n<ul><li>one</li><li>two</li></ul>") == "Reduce & watch.\none\ntwo"
