"""Which words are French words, and which are names, by a spelling dictionary (`dictionary/`)."""

import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Self

from hunspell import Hunspell

FILES = Path(__file__).with_name("dictionary") / "fr"
# A dictionary is not made for two threads at once.
SPELLING = Lock()
FIELD_WORDS = Path(__file__).with_name("field_words.toml")
# Endings by which a form without accents is looked for under its stem.
ENDINGS = ("", "s", "x", "e", "es", "le", "les", "ne", "nes")
# And those of participles, in place of which the verb has its own.
PARTICIPLES = ("e", "es", "ee", "ees", "ant")


def plain(word: str) -> str:
    """Lower case, without accents."""
    return "".join(one for one in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(one))


@dataclass(frozen=True, slots=True)
class FrenchWords:
    dictionary: Hunspell = field(repr=False)
    # Of the dictionary's entries, as `plain` has them: names, acronyms as they are written, and other words.
    names: frozenset[str] = field(repr=False)
    acronyms: frozenset[str] = field(repr=False)
    stems: frozenset[str] = field(repr=False)
    # Of `field_words.toml`.
    titles: frozenset[str] = field(repr=False)
    particles: frozenset[str] = field(repr=False)
    eponyms: frozenset[str] = field(repr=False)
    common: frozenset[str] = field(repr=False)

    @classmethod
    def read(cls) -> Self:
        entries = [line.split("/")[0].strip() for line in FILES.with_suffix(".dic").read_text("utf-8").splitlines()[1:]]
        words = [entry for entry in entries if entry[:1].islower()]
        known: dict[str, list[str]] = tomllib.loads(FIELD_WORDS.read_text("utf-8"))
        capital = [entry for entry in entries if entry[:1].isupper()]
        return cls(
            Hunspell(FILES.name, hunspell_data_dir=str(FILES.parent)),
            frozenset(plain(entry) for entry in capital if not entry.isupper()),
            frozenset([*(entry for entry in capital if entry.isupper() and len(entry) > 1), *known["acronyms"]]),
            frozenset(plain(entry) for entry in words),
            *(frozenset(plain(entry) for entry in known[name]) for name in ("titles", "particles", "eponyms", "common")),
        )

    def is_word(self, word: str) -> bool:
        """Written small it is a word; in capitals its accents may be missing."""
        small = word.casefold()
        with SPELLING:
            if self.dictionary.spell(small):
                return True
        bare = plain(word)
        if not word.isupper():
            return False
        stems = [bare.removesuffix(ending) for ending in ENDINGS if bare.endswith(ending)]
        verbs = [f"{bare.removesuffix(ending)}er" for ending in PARTICIPLES if bare.endswith(ending)]
        return any(one in self.stems for one in (*stems, *verbs))

    def is_name(self, word: str) -> bool:
        return plain(word) in self.names


@cache
def french_words() -> FrenchWords:
    return FrenchWords.read()
