"""From what is known of a patient's genome and what is prescribed to cards. Pure.

CDS Hooks 2.0, section "CDS Service Response".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from advice.labels import LABELS
from advice.prescriptions import Asked, Medication
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    Advice,
    Drug,
    PharmacogenomicReport,
    PharmacogenomicsReported,
    Unanswered,
)
from chassis.language import Language

type Card = dict[str, Any]

# Section "Card Attributes": a summary has fewer characters.
LONGEST_SUMMARY = 139
MOST_NAMES = 12
REASONS = "urn:casepath:override-reasons"
OVERRIDES = ("considered", "no_choice", "wrong_patient")


@dataclass(frozen=True, slots=True)
class Known:
    """A report, and what it says."""

    issued: PharmacogenomicsReported
    report: PharmacogenomicReport


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says cards in a language; `portal` is where treatment pages are, or empty."""

    language: Language
    portal: str = ""

    def text(self, key: str, **values: object) -> str:
        return LABELS[self.language][key].format(**values)

    def name(self, drug: Drug) -> str:
        return drug.name_fr or drug.name if self.language == "fr" else drug.name

    def because(self, advice: Advice) -> str:
        said = [(one.gene, one.phenotype_fr if self.language == "fr" else one.phenotype) for one in advice.grounds]
        return ", ".join(f"{gene} {phenotype}" for gene, phenotype in said)

    def head(self, advice: Advice) -> str:
        """Who says it, how strongly, and for whom."""
        french = self.language == "fr"
        strength = advice.strength_fr if french else advice.strength
        population = advice.population_fr if french else advice.population
        parts = [advice.source, *([strength] if strength not in ("", "N/A") else [])]
        if population not in ("", "general"):
            parts.append(self.text("for", population=population))
        return ", ".join(parts)


def cards(asking: Asked, known: Sequence[Known], untold: bool, say: Speaker) -> list[Card]:
    """Of ordered drugs, what asks for a change, cannot be answered, or was not tested whole; of a patient, how much there is.

    `untold` is whether a report was withheld, or withdrawn.

    Nothing is said of a drug whose guidelines ask for no change.
    """
    if asking.hook == "patient-view":
        found = [overview(one, say) for one in known if one.issued.changed_drugs]
        return [*found, *([no_report(say)] if untold and not known else [])]
    found = []
    for one in known:
        for medication in asking.medications:
            found += of_medication(medication, one, say)
    named = {card["summary"] + card["detail"]: card for card in found}
    return [{**card, "uuid": card_id(asking, card)} for card in named.values()]


def card_id(asking: Asked, card: Card) -> str:
    """The same asking again has the same cards."""
    return str(uuid5(UUID(int=0), "|".join(["card", asking.hook_instance, card["summary"], card["detail"]])))


def of_medication(medication: Medication, known: Known, say: Speaker) -> list[Card]:
    found: list[Card] = []
    for one in known.report.advice:
        drug = ordered(medication, one.drugs)
        if drug is not None and one.changes:
            found.append(change(one, drug, known, say))
        elif drug is not None and any(ground.not_excluded for ground in one.grounds):
            found.append(incomplete(one, drug, known, say))
    for left in known.report.unanswered:
        drug = ordered(medication, left.drugs)
        if drug is not None:
            found.append(open_question(left, drug, known, say))
    return found


def ordered(medication: Medication, drugs: Iterable[Drug]) -> Drug | None:
    return next((drug for drug in drugs if medication.is_of(drug)), None)


def change(advice: Advice, drug: Drug, known: Known, say: Speaker) -> Card:
    detail = [f"**{say.head(advice)}**", *quoted(advice.text), *not_tested(advice, say), f"_{say.text('preliminary')}_"]
    return {
        "summary": short(say.text("changes", drug=say.name(drug), because=say.because(advice))),
        "indicator": "warning",
        "detail": "\n\n".join(detail),
        "source": source(advice),
        "overrideReasons": [{"code": code, "system": REASONS, "display": say.text(f"override_{code}")} for code in OVERRIDES],
        **links(known, say),
    }


def incomplete(advice: Advice, drug: Drug, known: Known, say: Speaker) -> Card:
    genes = ", ".join(one.gene for one in advice.grounds if one.not_excluded)
    return {
        "summary": short(say.text("incomplete", drug=say.name(drug), genes=genes)),
        "indicator": "info",
        "detail": "\n\n".join([f"**{say.head(advice)}**", *quoted(advice.text), *not_tested(advice, say)]),
        "source": source(advice),
        **links(known, say),
    }


def open_question(left: Unanswered, drug: Drug, known: Known, say: Speaker) -> Card:
    genes = ", ".join(left.genes)
    return {
        "summary": short(say.text("unanswered", drug=say.name(drug), genes=genes)),
        "indicator": "info",
        "detail": say.text("unanswered_detail", guideline=left.guideline, genes=genes),
        "source": {"label": left.source},
        **links(known, say),
    }


def overview(known: Known, say: Speaker) -> Card:
    names = sorted(say.name(drug) for drug in known.issued.changed_drugs)
    return {
        "summary": say.text("patient", count=len(names)),
        "indicator": "info",
        "detail": "\n\n".join([some(names), f"_{say.text('preliminary')}_"]),
        "source": {"label": "casepath"},
        **links(known, say),
    }


def no_report(say: Speaker) -> Card:
    return {
        "summary": say.text("withheld"),
        "indicator": "info",
        "detail": say.text("withheld_detail"),
        "source": {"label": "casepath"},
    }


def quoted(text: str) -> list[str]:
    """A guideline's own words, as published, as a quotation in Markdown."""
    return ["\n".join(f"> {line}" for line in text.splitlines())]


def not_tested(advice: Advice, say: Speaker) -> list[str]:
    return [say.text("not_tested", gene=one.gene, alleles=some(one.not_excluded)) for one in advice.grounds if one.not_excluded]


def some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (f" (+{len(names) - MOST_NAMES})" if len(names) > MOST_NAMES else "")


def source(advice: Advice) -> dict[str, str]:
    return {"label": f"{advice.guideline}, {advice.version}", "url": advice.url}


def links(known: Known, say: Speaker) -> dict[str, Any]:
    if not say.portal:
        return {}
    address = f"{say.portal.rstrip('/')}/cases/{known.issued.case_id}/treatment/{known.issued.report_id}"
    return {"links": [{"label": say.text("page"), "url": address, "type": "absolute"}]}


def short(text: str) -> str:
    return text if len(text) <= LONGEST_SUMMARY else text[: LONGEST_SUMMARY - 1] + "…"
