"""A treatment page for one patient: drug by drug what the genotype says, in English or French, to read or to print. Pure.

Guidelines are quoted in English, as published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from casepath.intake.v1.order_pb2 import OrderPlaced
from chassis.language import Language
from chassis.patients import patient_name
from sequencing.pharmacogenomics.drugs import drug
from sequencing.pharmacogenomics.guidance import Advice
from sequencing.pharmacogenomics.labels import LABELS, phrase
from sequencing.pharmacogenomics.report import GeneResult, Report

# So many names are shown of a list.
MOST = 6
CARD = """<article{% if changes %} class="changes"{% endif %}>
<h3>{{ drug }}</h3>
{% for one in found %}<p><span class="tag">{{ one.source }}{% if one.strength %}, {{ one.strength }}{% endif %}</span>
{{ one.because }}{% if one.population %} · {{ one.population }}{% endif %}</p>
<div class="quote" lang="en">{{ one.text }}</div>
{% for gene, alleles in one.not_excluded %}<p class="missing">{{ t.not_tested_in.format(gene=gene, alleles=alleles) }}</p>
{% endfor %}<p class="small"><a href="{{ one.url }}">{{ one.guideline }}</a>, {{ one.version }}</p>
{% endfor %}</article>
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose page it is, as far as that is known. `amended` are drugs of which an earlier report said otherwise."""

    sample: str
    name: str = ""
    birth_date: str = ""
    identifier: str = ""
    accession: str = ""
    amended: tuple[str, ...] = ()


def subject_of(order: OrderPlaced, sample: str) -> Subject:
    person = order.patient
    return Subject(
        sample=sample,
        name=patient_name(person),
        birth_date=person.birth_date,
        identifier=person.identifier,
        accession=order.accession,
    )


def page(report: Report, subject: Subject, language: Language) -> str:
    """The page as HTML."""
    texts, environment = LABELS[language], Environment(autoescape=True, undefined=StrictUndefined)
    card = environment.from_string(CARD)

    def shown(name: str, found: Sequence[Mapping[str, Any]], changes: bool) -> Markup:
        return Markup(card.render(drug=name, found=found, changes=changes, t=texts))  # noqa: S704 - escaped by the template

    template = environment.from_string((files("sequencing.pharmacogenomics") / "page.html").read_text())
    return template.render(
        language=language,
        t=texts,
        subject=subject,
        amended=[in_language(name, language) for name in subject.amended],
        card=shown,
        changing=by_drug(report.advice, True, language),
        unchanging=by_drug(report.advice, False, language),
        unanswered=unanswered(report, language),
        genes=[gene_row(one, language) for one in report.genes],
        versions=versions(report),
    )


def by_drug(advice: Sequence[Advice], changes: bool, language: Language) -> list[tuple[str, list[dict[str, Any]]]]:
    """Drugs in the order of their names. One for which any guideline asks for a change is among the changing ones, whole."""
    found: dict[str, list[Advice]] = {}
    for one in advice:
        for name in one.drugs:
            found.setdefault(name, []).append(one)
    return [
        (in_language(name, language), [quoted(one, language) for one in said])
        for name, said in sorted(found.items())
        if any(one.changes for one in said) == changes
    ]


def quoted(one: Advice, language: Language) -> dict[str, Any]:
    return {
        "source": one.source,
        "strength": phrase(one.strength, language) if one.strength not in ("", "N/A") else "",
        "population": phrase(one.population, language),
        "because": ", ".join(f"{gene}: {phrase(result, language)}" for gene, result in one.because.items()),
        "text": one.text,
        "not_excluded": [(gene, some(alleles)) for gene, alleles in one.not_excluded.items()],
        "guideline": one.guideline,
        "version": one.version,
        "url": one.url,
    }


def unanswered(report: Report, language: Language) -> list[tuple[str, list[str]]]:
    """Drugs that no guideline could say anything of, with the genes that are not told."""
    answered = {drug for one in report.advice for drug in one.drugs}
    found: dict[str, set[str]] = {}
    for guideline, needs in report.unanswered:
        for name in guideline.drugs:
            if name not in answered:
                found.setdefault(name, set()).update(needs)
    return [(in_language(name, language), sorted(needs)) for name, needs in sorted(found.items())]


def gene_row(one: GeneResult, language: Language) -> dict[str, Any]:
    texts, match = LABELS[language], one.match
    if match.components:
        said = f"{', '.join(match.components)} ({texts['phase_unknown']})"
    elif match.diplotypes:
        said = f" {texts['or']} ".join(each.name for each in match.best)
    else:
        said = texts["not_called"]
    return {
        "gene": one.gene,
        "said": said,
        "outside": one.source == "outside",
        "phenotype": "; ".join(phrase(each.result, language) for each in one.phenotypes),
        "not_tested": texts["positions"].format(n=len(match.missing), of=len(match.missing) + match.called)
        if match.missing
        else "",
    }


def versions(report: Report) -> str:
    definitions = sorted({one.definitions for one in report.genes if one.definitions})
    guidance = sorted({one.version for one in report.advice})
    newest = f"CPIC, DPWG {guidance[0]} – {guidance[-1]}" if guidance else "-"
    return f"PharmCAT {', '.join(definitions)}; {newest}"


def in_language(name: str, language: Language) -> str:
    return drug(name).french if language == "fr" else name


def some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" (+{len(names) - MOST})" if len(names) > MOST else "")
