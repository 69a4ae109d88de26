"""What models pointed at on a study's slides, and what pathologists said of it, as the sealed rows tell it. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from casepath.hub.v1.studies_pb2 import ResultRow
from portal.language import Translate, number

# The most suspicious first; of more than an answer has, the others are not drawn.
QUERY = """
with pointed as (
    select value_as_number as score, modifiers->>'scan' as scan, modifiers->>'finding' as finding, modifiers->>'left' as x,
        modifiers->>'top' as y, modifiers->>'width' as width, modifiers->>'height' as height
    from measurement where measurement_source_value = 'finding'
), said as (
    select modifiers->>'finding' as finding, any_value(value_source_value) as verdict
    from measurement where measurement_source_value = 'finding-review' group by all
)
select scan, x, y, width, height, score, verdict from pointed left join said using (finding)
where scan in ({scans}) order by score desc, finding
"""


def query(scans: Iterable[str]) -> str:
    """Of these scans, as the study names them: numbers."""
    return QUERY.format(scans=", ".join(f"'{int(scan)}'" for scan in scans))


def boxes(rows: Iterable[ResultRow], language: str, t: Translate) -> dict[str, list[dict[str, Any]]]:
    """By scan, in micrometres of the slide, each with its score and what a pathologist said of it in words."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        scan, *measures, score, verdict = row.values
        x, y, width, height = map(float, measures)
        found.setdefault(scan, []).append(
            {"x": x, "y": y, "width": width, "height": height, "text": words(score, verdict, language, t)}
        )
    return found


def words(score: str, verdict: str, language: str, t: Translate) -> str:
    said: Sequence[str] = [number(float(score), 2, language)] if score else []
    return " · ".join([*said, t(f"verdict.{verdict}")] if verdict else said)
