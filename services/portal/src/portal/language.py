"""What people read, in English and in French."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr")
CATALOGUES: dict[str, dict[str, str]] = {
    language: json.loads((Path(__file__).parent / "locales" / f"{language}.json").read_text()) for language in LANGUAGES
}
VIEWER = "viewer."

type Translate = Callable[..., str]


def preferred(cookie: str | None, accepted: str) -> str:
    """The language somebody chose, else the first that their browser accepts and that we have."""
    if cookie in LANGUAGES:
        return str(cookie)
    for part in accepted.split(","):
        language = part.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def translator(language: str) -> Translate:
    """A function from a key and its values to text; a fraction is said to one digit.

    A key that is missing is a defect, and raises KeyError.
    """
    catalogue = CATALOGUES[language]

    def translate(key: str, **values: Any) -> str:
        said = {name: number(value, 1, language) if isinstance(value, float) else value for name, value in values.items()}
        return catalogue[key].format(**said)

    return translate


def viewer_texts(language: str) -> dict[str, str]:
    """What the viewer's scripts say, without their keys' beginning."""
    return {key.removeprefix(VIEWER): text for key, text in CATALOGUES[language].items() if key.startswith(VIEWER)}


def number(value: float, digits: int, language: str) -> str:
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "fr" else text


def moment(when: datetime, language: str) -> str:
    """To the minute, in the machine's own zone."""
    local = when.replace(tzinfo=UTC).astimezone()
    return local.strftime("%d/%m/%Y %H:%M" if language == "fr" else "%Y-%m-%d %H:%M")


def span(length: timedelta, translate: Translate) -> str:
    """A length of time in its largest whole unit."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 60:
        return translate("span.minutes", n=minutes)
    if minutes < 48 * 60:
        return translate("span.hours", n=minutes // 60)
    return translate("span.days", n=minutes // (24 * 60))
