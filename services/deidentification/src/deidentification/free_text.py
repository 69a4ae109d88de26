"""French free text of reports without who they are of, and who wrote them. Pure.

What is known of the patient is masked wherever it stands; names of others, and what else tells a person or a place, by rules:
titles, capitals where French has none, words that no dictionary has, and the shapes of numbers, days and addresses. Days move
as the patient's do. In doubt a word is masked: recall comes first, and docs/benchmarks.md has what it costs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from deidentification.french_words import FrenchWords, plain
from deidentification.pseudonyms import Subject
from deidentification.scanner import Identifier
from deidentification.text_shapes import (
    AGE,
    AGES,
    BIRTH,
    BORN,
    CENTURY_FROM,
    DAY,
    DAYS,
    LETTER,
    MONTH_NUMBERS,
    NAME,
    NUMBER,
    OLDEST,
    SHAPES,
    YEAR,
    YEARS,
)

WORD = re.compile(rf"{LETTER}\w*(?:['’-]\w+)*")
# Of a marker or a stage, "HER2", "pT2N0", "PD-L1": more would be a name with a number.
MOST_LETTERS = 5
# Between a title and a name, and between the words of a name: on one line.
WITHIN_NAME = re.compile(r"(?:[^\S\n]|[.:,'’-]){1,4}")
# Written small, "m", "mm" and "pr" are no titles.
LONGEST_UNIT = 3
# Characters before something that say what it is.
LOOKED_BACK = 40


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text as it may leave, and what was masked or moved of the one that it was."""

    text: str = field(repr=False)
    spans: tuple["Span", ...] = field(repr=False)

    @property
    def masked(self) -> Counter[str]:
        return Counter(span.sort for span in self.spans)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    begin: int
    end: int
    sort: str
    instead: str = field(repr=False)


def cleaned(text: str, identifiers: Iterable[Identifier], subject: Subject, words: FrenchWords) -> Cleaned:
    """The text without identities. `identifiers` are what is known of the patient, and of others whom the case names."""
    taken: list[Span] = []
    for found in (
        known(text, identifiers),
        moved_days(text, subject),
        shapes(text),
        years(text),
        ages(text),
    ):
        taken += free(list(found), taken)
    taken += names(text, taken, words)
    parts, at = [], 0
    spans = tuple(sorted(taken))
    for span in spans:
        parts += [text[at : span.begin], span.instead]
        at = span.end
    return Cleaned("".join([*parts, text[at:]]), spans)


def free(found: list[Span], taken: list[Span]) -> list[Span]:
    """What of them is not taken yet; of two that overlap, the longer one comes first. A day taken in part is masked."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda one: (one.begin - one.end, one.begin)):
        at = span.begin
        for other in sorted((*taken, *kept)):
            if other.end <= at or other.begin >= span.end:
                continue
            if other.begin > at:
                kept.append(mask(at, other.begin, span.sort))
            at = other.end
        if at == span.begin:
            kept.append(span)
        elif at < span.end:
            kept.append(mask(at, span.end, span.sort))
    return kept


JOINED_BEFORE = re.compile(rf"(?:{LETTER}+[-’'])*$")
JOINED_AFTER = re.compile(rf"(?:[-’']{LETTER}+)*")


def mask(begin: int, end: int, sort: str) -> Span:
    return Span(begin, end, sort, f"[{sort}]")


def folded(text: str) -> str:
    """The same number of characters, small and without accents."""
    return "".join(plain(one)[:1] or one for one in text)


def known(text: str, identifiers: Iterable[Identifier]) -> Iterator[Span]:
    """What is known to tell who the patient is, in any case, with or without accents, hyphens or spaces."""
    bare = folded(text)
    for one in identifiers:
        parts = [re.escape(folded(part)) for part in re.split(r"[\s'’-]+", one.text) if part]
        if not parts:
            continue
        pattern = re.compile(r"(?<![^\W_])" + r"[\s'’-]*".join(parts) + r"(?![^\W_])")
        sort = BIRTH if "birth" in one.sort else NAME if "name" in one.sort else NUMBER
        for match in pattern.finditer(bare):
            # A place or a family may have the name as a part of its own: "Gérard-sur-Mer".
            before = JOINED_BEFORE.search(text, max(0, match.start() - LOOKED_BACK), match.start())
            after = JOINED_AFTER.match(text, match.end())
            yield mask(before.start() if before else match.start(), after.end() if after else match.end(), sort)


def moved_days(text: str, subject: Subject) -> Iterator[Span]:
    for pattern in DAYS:
        for match in pattern.finditer(text):
            if BORN.search(text[max(0, match.start() - LOOKED_BACK) : match.start()]):
                yield mask(match.start(), match.end(), BIRTH)
            else:
                yield Span(match.start(), match.end(), DAY, day_instead(match, subject))


def day_instead(match: re.Match[str], subject: Subject) -> str:
    """The day that stands for it, as DD/MM/YYYY; a month for a month; masked where it is no day."""
    found = match.groupdict()
    month = int(found["m"]) if found["m"].isdigit() else MONTH_NUMBERS.get(plain(found["m"]).rstrip("."), 0)
    if not found.get("y"):
        return f"[{DAY}]"
    year = int(found["y"])
    if len(found["y"]) == len("26"):
        year += 1900 if year > CENTURY_FROM else 2000
    try:
        moved = subject.moved(date(year, month, int(found.get("d") or 15)))
    except ValueError:
        moved = None
    if moved is None:
        return f"[{DAY}]"
    return moved.strftime("%d/%m/%Y") if found.get("d") else moved.strftime("%m/%Y")


def shapes(text: str) -> Iterator[Span]:
    for sort, pattern in SHAPES:
        for match in pattern.finditer(text):
            begin = match.end("keep") if "keep" in pattern.groupindex else match.start()
            yield mask(begin, match.end(), sort)


def years(text: str) -> Iterator[Span]:
    return (mask(match.start(), match.end(), YEAR) for match in YEARS.finditer(text))


def ages(text: str) -> Iterator[Span]:
    for match in AGES.finditer(text):
        if int(match.group(1)) > OLDEST:
            yield Span(match.start(), match.end(), AGE, f"plus de {OLDEST}")


@dataclass(frozen=True, slots=True)
class Token:
    begin: int
    end: int
    text: str
    # Whether a sentence, a line or what stands after a colon begins with it.
    first: bool

    @property
    def is_capitalised(self) -> bool:
        return self.text[:1].isupper()


FIRST = re.compile(r"(?:^|[.!?:;•\n])[\s\"«»“”()\[\]•*–—-]*(?:\d{1,2}\s*[.)°/-]+\s*)?$")
JOINED = re.compile(r"[ \t'’,-]{1,2}")


def tokens(text: str) -> list[Token]:
    return [
        Token(
            match.start(), match.end(), match.group(), FIRST.search(text, max(0, match.start() - 40), match.start()) is not None
        )
        for match in WORD.finditer(text)
    ]


def names(text: str, taken: list[Span], words: FrenchWords) -> list[Span]:
    """Words that are, or may be, somebody's name or a place's."""
    found = tokens(text)
    within = [next((span for span in taken if one.begin < span.end and span.begin < one.end), None) for one in found]
    kept = [(one, span) for one, span in zip(found, within, strict=True) if span is None or span.sort == NAME]
    every = [one for one, _ in kept]
    known_names = {index for index, (_, span) in enumerate(kept) if span is not None}
    named = {index for index, one in enumerate(every) if one.is_capitalised and not is_term(one, words)} | known_names
    named |= titled(text, every, words)
    grown = True
    while grown:
        # Who stands beside a name in capitals is the rest of it: "Jean Petit", "PETIT Jean", "de La Tour".
        beside = {
            other
            for index in named
            for other in (index - 1, index + 1)
            if 0 <= other < len(every) and other not in named and is_rest_of_name(text, every, index, other, words)
        }
        grown = bool(beside)
        named |= beside
    return [mask(every[index].begin, every[index].end, NAME) for index in sorted(named - known_names)]


def is_term(one: Token, words: FrenchWords) -> bool:
    """Whether a word with a capital is a word of French or of the field, where it may have one."""
    bare = plain(one.text)
    if one.text.upper() in words.acronyms or one.text in words.acronyms or is_marker(one.text):
        return True
    if bare in words.eponyms or bare in words.titles or len(one.text) == 1:
        return True
    parts = [part for part in re.split(r"['’-]", one.text) if part]
    if not all(words.is_word(part) or len(part) == 1 for part in parts):
        return False
    ambiguous = any(words.is_name(part) for part in parts if len(part) > 1 and plain(part) not in words.common)
    return (one.first or one.text.isupper()) and not ambiguous


def is_marker(word: str) -> bool:
    return any(map(str.isdigit, word)) and sum(map(str.isalpha, word)) <= MOST_LETTERS


def titled(text: str, every: list[Token], words: FrenchWords) -> set[int]:
    """What follows a title: capitals, with the small words of names between them."""
    found: set[int] = set()
    for index, one in enumerate(every):
        if plain(one.text) not in words.titles:
            continue
        if one.text[:1].islower() and len(one.text) <= LONGEST_UNIT:
            continue
        at = index + 1
        waiting: list[int] = []
        while at < len(every) and WITHIN_NAME.fullmatch(text, every[at - 1].end, every[at].begin):
            following = every[at]
            if following.is_capitalised and plain(following.text) not in words.titles:
                found |= {*waiting, at}
                waiting = []
            elif plain(following.text) in words.particles:
                waiting.append(at)
            elif plain(following.text) not in words.titles:
                break
            at += 1
    return found


def is_rest_of_name(text: str, every: list[Token], index: int, other: int, words: FrenchWords) -> bool:
    left, right = sorted((index, other))
    one = every[other]
    if not JOINED.fullmatch(text[every[left].end : every[right].begin]) or not one.is_capitalised:
        return False
    bare = plain(one.text)
    if bare in words.titles or one.text in words.acronyms or is_marker(one.text):
        return False
    if one.text.isupper() and every[index].text.isupper() and words.is_word(one.text) and not words.is_name(every[index].text):
        # A line in capitals, with a word that no dictionary has.
        return False
    # A sentence may begin with a word and go on with a name: "Confié au", "Vu par".
    return not one.first or words.is_name(one.text) or one.text.isupper() or other > index
