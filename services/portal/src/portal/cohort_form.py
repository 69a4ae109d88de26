"""A cohort as somebody fills it in, and as it is read again. Pure. What it may say is for the hub to check."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from chassis.errors import Malformed
from portal.language import Translate

# Things that a cohort's persons have in common; more are asked for by a cohort's JSON.
ROWS = 4
TABLES = ("condition_occurrence", "procedure_occurrence", "specimen", "measurement", "note")
NUMBERS = ("least", "most")


def cohort_of(fields: Mapping[str, str]) -> str:
    """JSON, of the fields of a form. Raise Malformed where a number is none."""
    made: dict[str, Any] = {}
    if fields.get("sex"):
        made["sex"] = fields["sex"]
    for name in ("born_from", "born_to"):
        if fields.get(name, "").strip():
            made[name] = int(number(name, fields[name]))
    criteria = [one for row in range(1, ROWS + 1) if (one := criterion(fields, row))]
    return json.dumps({**made, "criteria": criteria} if criteria else made, ensure_ascii=False)


def criterion(fields: Mapping[str, str], row: int) -> dict[str, Any]:
    """Empty where the row is not filled in."""
    table = fields.get(f"table-{row}", "")
    said = {name: fields.get(f"{name}-{row}", "").strip() for name in ("code", *NUMBERS, "value", "word")}
    given: dict[str, Any] = {name: value for name, value in said.items() if value}
    if not table:
        if given:
            raise Malformed(f"line {row} of the cohort: choose what it is about")
        return {}
    return {"table": table, **given, **{name: number(name, given[name]) for name in NUMBERS if name in given}}


def number(name: str, text: str) -> float:
    try:
        found = float(text.strip().replace(",", "."))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Malformed(f"{name} is not a number")
    return found


def lines_of(cohort: str, translate: Translate) -> Iterator[str]:
    """What a cohort says, a line for each thing."""
    said = json.loads(cohort)
    if said.get("sex"):
        yield translate(f"sex.{said['sex']}")
    if said.get("born_from") or said.get("born_to"):
        yield translate("studies.born", since=said.get("born_from") or "…", until=said.get("born_to") or "…")
    for one in said.get("criteria", []):
        about = " ".join(str(one[name]) for name in ("concept_id", "code", "value") if one.get(name))
        if one.get("word"):
            about = f"« {one['word']} »"
        bounds = [f"≥ {one['least']:g}"] if one.get("least") is not None else []
        bounds += [f"≤ {one['most']:g}"] if one.get("most") is not None else []
        yield " ".join([translate(f"studies.table.{one['table']}") + " :", about, *bounds]).strip()
