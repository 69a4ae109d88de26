"""The last look at bytes that are to leave the hospital: whether any known identifier of the patient is in them. Pure.

What was cleaned has none; this finds out where that failed, and then nothing leaves.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

from ahocorasick_rs import BytesAhoCorasick

from chassis.errors import Rejected

# In coded pixels any few bytes occur by chance.
SHORTEST_IN_PIXELS = 6
SHORTEST = 2
# How a day is written: in DICOM and HL7, in ISO 8601, in French and in English.
DAYS = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d%m%Y", "%m/%d/%Y", "%d/%m/%y")
STILL_THERE = "the patient's {} is still in the {} that was to leave the hospital: it is withheld"
ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")


class Identified(Rejected):
    """What was to leave the hospital still holds an identifier of its patient."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that tells who a patient is, and what sort of thing that is; only the sort is ever told."""

    sort: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scanner:
    """Looks for the identifiers of one patient."""

    in_text: tuple[tuple[str, re.Pattern[bytes]], ...]
    # All spellings of all identifiers in one automaton (Aho, Corasick, 1975), small, with the sort of each.
    in_pixels: BytesAhoCorasick | None = field(repr=False)
    sorts: tuple[str, ...]
    passed_over: tuple[re.Pattern[bytes], ...] = ()

    @classmethod
    def of(cls, identifiers: Iterable[Identifier], terms: frozenset[str] = frozenset()) -> Self:
        """`terms` are words of the standard, which may be names too."""
        known = {term.casefold() for term in terms}
        found = [one for one in identifiers if len(one.text) >= SHORTEST and one.text.casefold() not in known]
        long = [one for one in found if len(one.text) >= SHORTEST_IN_PIXELS]
        spelt = {small.lower(): one.sort for one in long for small in encoded(one.text)}
        automaton = BytesAhoCorasick(list(spelt)) if spelt else None
        return cls(tuple((one.sort, whole_word(one.text)) for one in found), automaton, tuple(spelt.values()))

    def beside(self, words: Iterable[str]) -> Self:
        """The same, that passes over these words wherever they stand whole: of a model, or of a site, they are nobody's."""
        return replace(self, passed_over=(*self.passed_over, *map(whole_word, words)))

    def header(self, content: bytes) -> None:
        """Raise Identified where an identifier stands in text or in a header."""
        for word in self.passed_over:
            content = word.sub(b" ", content)
        for sort, pattern in self.in_text:
            if pattern.search(content):
                raise Identified(STILL_THERE.format(sort, "text"))

    def pixels(self, content: bytes) -> None:
        """The same for coded pixels."""
        found = self.in_pixels.find_matches_as_indexes(content.lower()) if self.in_pixels is not None else []
        if found:
            raise Identified(STILL_THERE.format(self.sorts[found[0][0]], "pixels"))


def days(sort: str, day: str) -> Iterator[Identifier]:
    """A day (YYYY-MM-DD) as people write it; nothing where it is not known to the day."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return
    for way in DAYS:
        yield Identifier(sort, found.strftime(way))


def spellings(text: str) -> set[str]:
    """With and without its accents."""
    decomposed = unicodedata.normalize("NFD", text)
    plain = "".join(one for one in decomposed if not unicodedata.combining(one))
    return {unicodedata.normalize("NFC", text), decomposed, plain}


def encoded(text: str) -> set[bytes]:
    """As it is written in any case and encoding that files of hospitals have."""
    found = set()
    for spelling in spellings(text):
        for cased in (spelling, spelling.upper(), spelling.lower()):
            for encoding in ENCODINGS:
                try:
                    found.add(cased.encode(encoding))
                except UnicodeEncodeError:
                    continue
    return found


def whole_word(text: str) -> re.Pattern[bytes]:
    """Not within another word or number."""
    anywhere = b"|".join(re.escape(one) for one in sorted(encoded(text), key=len, reverse=True))
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + anywhere + rb")(?![A-Za-z0-9])", re.IGNORECASE)
