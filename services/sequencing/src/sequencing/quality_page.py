"""What the reads of one sample were like, as a page in English or French. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from casepath.sequencing.v1.calling_pb2 import CallingResult, Computation
from casepath.sequencing.v1.sequencing_pb2 import (
    QUALITY_SHORTFALL_CONTAMINATION,
    QUALITY_SHORTFALL_COVERED_10X,
    QUALITY_SHORTFALL_DUPLICATES,
    QUALITY_SHORTFALL_MAPPED,
    QUALITY_SHORTFALL_MEAN_COVERAGE,
    QUALITY_SHORTFALL_Q30,
    QUALITY_SHORTFALL_SEX,
    Concordance,
    GenomicSex,
    QualityShortfall,
)
from chassis.language import LANGUAGES, Language
from sequencing.multiqc import multiqc_files, statistics
from sequencing.quality import Thresholds, contigs, differs, genomic_sex, share
from sequencing.quality_labels import LABELS

WIDTH, HEIGHT = 640, 160
# Contigs that are shown of a reference with many.
MOST_CONTIGS = 30


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str
    asked: str
    fails: bool


def quality_files(
    made: Computation,
    result: CallingResult,
    asked: Thresholds,
    failed: Sequence[QualityShortfall],
    concordances: Sequence[Concordance] = (),
) -> dict[str, bytes]:
    """Pages and what MultiQC reads, by name of file."""
    pages = {
        f"quality.{language}.html": page(made, result, asked, failed, concordances, language).encode() for language in LANGUAGES
    }
    return {**pages, **multiqc_files(made.sample_id, result.quality, result.figures)}


def page(
    made: Computation,
    result: CallingResult,
    asked: Thresholds,
    failed: Sequence[QualityShortfall],
    concordances: Sequence[Concordance],
    language: Language,
) -> str:
    texts, environment = LABELS[language], Environment(autoescape=True, undefined=StrictUndefined)
    behind = result.figures
    covered = sorted(contigs(behind.regions).items(), key=lambda one: -one[1][0])[:MOST_CONTIGS]
    template = environment.from_string((files("sequencing") / "quality_page.html").read_text())
    return template.render(
        language=language,
        t=texts,
        sample=made.sample_id,
        reference=made.reference,
        tools=made.tools,
        figures=[*figures(result, asked, failed, language), *alike(concordances, asked, language)],
        fails=bool(failed),
        sex=texts[f"sex_{GenomicSex.Name(genomic_sex(behind.regions)).removeprefix('GENOMIC_SEX_').lower()}"],
        sex_fails=QUALITY_SHORTFALL_SEX in failed,
        depths=curve(behind.alignments.positions_at_depth),
        lengths=curve(behind.alignments.pairs_at_length),
        contigs=[(name, number(length, 0, language), number(depth, 1, language)) for name, (length, depth) in covered],
        width=WIDTH,
        height=HEIGHT,
    )


def figures(result: CallingResult, asked: Thresholds, failed: Sequence[QualityShortfall], language: Language) -> list[Figure]:
    said, texts = statistics(result.quality, result.figures), LABELS[language]

    def row(name: str, unit: str, digits: int, bound: str = "", shortfall: QualityShortfall | None = None) -> Figure:
        value = f"{number(said[name], digits, language)}{unit}" if name in said else texts["not_told"]
        return Figure(texts[name], value, bound, shortfall in failed)

    def least(share: float) -> str:
        return f"≥ {number(100 * share, 0, language)} %" if share > 0 else ""

    def most(share: float) -> str:
        return f"≤ {number(100 * share, 0, language)} %" if share < 1 else ""

    depth = f"≥ {number(asked.least_coverage, 0, language)}×" if asked.least_coverage > 0 else ""
    return [
        row("yield_gb", " Gb", 3),
        row("q30", " %", 1, least(asked.least_q30), QUALITY_SHORTFALL_Q30),
        row("gc", " %", 1),
        row("mapped", " %", 1, least(asked.least_mapped), QUALITY_SHORTFALL_MAPPED),
        row("duplicates", " %", 1, most(asked.most_duplicates), QUALITY_SHORTFALL_DUPLICATES),
        row("insert_size", " bp", 0),
        row("mean_coverage", "×", 1, depth, QUALITY_SHORTFALL_MEAN_COVERAGE),
        row("covered_10x", " %", 1, least(asked.least_covered_10x), QUALITY_SHORTFALL_COVERED_10X),
        row("snps", "", 0),
        row("indels", "", 0),
        row("titv", "", 2),
        row("reference_at_homozygous", " %", 1, most(asked.most_contamination), QUALITY_SHORTFALL_CONTAMINATION),
    ]


def alike(concordances: Sequence[Concordance], asked: Thresholds, language: Language) -> list[Figure]:
    """How far genotypes are those of the patient's other samples, each by its name."""
    bound = f"≥ {number(100 * asked.least_concordance, 0, language)} %"
    return [
        Figure(
            LABELS[language]["concordance"].format(sample=one.sample_id, sites=number(one.sites, 0, language)),
            f"{number(100 * share(one.agreeing, one.sites), 1, language)} %",
            bound,
            differs(one, asked),
        )
        for one in concordances
    ]


def curve(counts: Sequence[int]) -> dict[str, Any]:
    """A line through counts by their index, zero aside, to where the last hundredth lies."""
    total, seen, last = sum(counts[1:]), 0, 1
    for value, count in enumerate(counts[1:], start=1):
        seen += count
        last = value
        if seen >= 0.99 * total:
            break
    shown = list(counts[1 : last + 1]) or [0]
    highest = max(shown) or 1
    step = WIDTH / max(len(shown) - 1, 1)
    points = " ".join(f"{index * step:.1f},{HEIGHT - count / highest * HEIGHT:.1f}" for index, count in enumerate(shown))
    return {"points": points, "last": last, "highest": highest}


def number(value: float, digits: int, language: Language) -> str:
    text = f"{value:,.{digits}f}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text
