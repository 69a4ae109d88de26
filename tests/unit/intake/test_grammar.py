"""Messages by HL7's grammar, each broken in one place that makes it wrong, or varied in one that must not matter.

None of the wrong ones is accepted, and none of the varied ones is read otherwise (HL7 v2.5.1 chapters 2 to 4).
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pytest

import examples
from chassis.publisher import MemoryPublisher
from intake.handlers import ADMISSIONS
from intake.receiving import Receiver

ROUNDS = 10_000
AUTHORITY = "HOSP&1.2.250.1.999&ISO"
NOT_TIMES = ("x", "203", "20261301", "20260230", "20260301T12", "2026-03-01", "20260301120000+9", "٢٠٢٦٠٣٠١", "19700131x", "0000")
CONTROLS = ["\x00", "\x01", "\x0b", "\x1b", "\x7f", "\x85", "\\X00\\", "\\X0D\\"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as segments of fields; field 0 is the segment's name, and MSH's field 1 its separator."""

    kind: str
    segments: tuple[tuple[str, ...], ...]
    ending: str = "\r"
    written_as: str = "utf-8"

    def frame(self) -> bytes:
        lines = ["|".join((segment[0], *segment[2:])) if segment[0] == "MSH" else "|".join(segment) for segment in self.segments]
        return (self.ending.join(lines) + self.ending).encode(self.written_as)

    def where(self, name: str) -> list[int]:
        return [number for number, segment in enumerate(self.segments) if segment[0] == name]

    def with_field(self, number: int, field: int, text: str) -> "Draft":
        segment = [*self.segments[number], *[""] * (field + 1 - len(self.segments[number]))]
        segment[field] = text
        return replace(self, segments=(*self.segments[:number], tuple(segment), *self.segments[number + 1 :]))

    def without(self, number: int) -> "Draft":
        return replace(self, segments=(*self.segments[:number], *self.segments[number + 1 :]))

    def inserted(self, number: int, *lines: str) -> "Draft":
        added = tuple(tuple(line.split("|")) for line in lines)
        return replace(self, segments=(*self.segments[:number], *added, *self.segments[number:]))


def header(kind: str, rng: random.Random) -> tuple[str, ...]:
    control = f"C{rng.randrange(10**6)}"
    line = f"^~\\&|HIS|HOSP|CASEPATH|LAB|20260301130000||{kind}|{control}|P|2.5.1||||||UNICODE UTF-8"
    return ("MSH", "|", *line.split("|"))


def pid(rng: random.Random, letter: str = "P") -> str:
    other = rng.choice(["", "ALT^^^OTHER^AN~"])
    born = rng.choice(["", "1970", "197001", "19700131", "19700131081500"])
    return f"PID|1||{other}{letter}{rng.randrange(999)}^^^{AUTHORITY}^PI||Exemple^{rng.choice(['Zoé', 'Ève^Anne'])}||{born}|F"


def draft(kind: str, rng: random.Random, *lines: str) -> Draft:
    name = kind[4:7] if kind[4:7] in ("A40", "A24", "A37") else kind[:3]
    return Draft(name, (header(kind, rng), *(tuple(line.split("|")) for line in lines)))


def registration(rng: random.Random) -> Draft:
    return draft(f"ADT^{rng.choice(sorted(ADMISSIONS))}^ADT_A01", rng, pid(rng))


def order(rng: random.Random) -> Draft:
    lines = [pid(rng)]
    for number in range(1, rng.randint(1, 3) + 1):
        lines += [f"ORC|{rng.choice(['NW', 'XO'])}|PL{number}|S26-{number}"]
        lines += [f"OBR|{number}|PL{number}|S26-{number}|11529-5^Surgical pathology study^LN"]
        lines += [f"SPM|{number}|^T{number}||119376003^Tissue specimen^SCT|||||||||||||202603011000"]
        lines += [f"SAC|||A{number}{slide}" for slide in range(rng.randint(1, 3))]
    return draft(rng.choice(["OML^O21^OML_O21", "ORM^O01^ORM_O01"]), rng, *lines)


def merge(rng: random.Random) -> Draft:
    return draft("ADT^A40^ADT_A39", rng, pid(rng, "Q"), f"MRG|P{rng.randrange(999)}^^^{AUTHORITY}^PI")


def linking(rng: random.Random) -> Draft:
    return draft("ADT^A24^ADT_A24", rng, pid(rng, "P"), pid(rng, "Q"))


def unlinking(rng: random.Random) -> Draft:
    return draft("ADT^A37^ADT_A37", rng, pid(rng, "P"), pid(rng, "Q"))


type Change = Callable[[Draft, random.Random], Draft]


def in_any(name: str, change: Callable[[Draft, int, random.Random], Draft]) -> Change:
    return lambda found, rng: change(found, rng.choice(found.where(name)), rng)


def empty(name: str, field: int) -> Change:
    return in_any(name, lambda found, at, rng: found.with_field(at, field, rng.choice(["", '""', "  "])))


def says(name: str, field: int, *texts: str) -> Change:
    return in_any(name, lambda found, at, rng: found.with_field(at, field, rng.choice(texts)))


def without(name: str) -> Change:
    return in_any(name, lambda found, at, _: found.without(at))


def longer(name: str, field: int, before: str = "") -> Change:
    return in_any(name, lambda found, at, rng: found.with_field(at, field, before + "9" * rng.randint(65, 300)))


def followed_by_another(found: Draft, rng: random.Random) -> Draft:
    return replace(found, segments=found.segments + rng.choice([registration, order])(rng).segments)


def broken_line(found: Draft, rng: random.Random) -> Draft:
    at = rng.choice(found.where("PID"))
    return found.with_field(at, 5, f"Exemple{rng.choice(['', '^'])}{rng.choice(chr(13) + chr(10))}Zoé")


def of_another_character_set(found: Draft, _: random.Random) -> Draft:
    return replace(found.with_field(found.where("PID")[0], 5, "Exemple^Zoé"), written_as="latin-1")


def itself(name: str, field: int) -> Change:
    return lambda found, _: found.with_field(found.where(name)[-1], field, found.segments[found.where("PID")[0]][3])


ANYWHERE: dict[str, Change] = {
    "no PID": lambda found, rng: found.without(rng.choice(found.where("PID"))),
    "PID-3 empty": empty("PID", 3),
    "PID-3 without an identifier": says("PID", 3, f"^^^{AUTHORITY}^PI", f'""^^^{AUTHORITY}^PI'),
    "PID-3 too long": longer("PID", 3),
    "MSH-7 empty": empty("MSH", 7),
    "MSH-7 not a time": says("MSH", 7, *NOT_TIMES),
    "MSH-9 of another type": says(
        "MSH", 9, "ADT^A17", "ADT^A99", "OML^O33", "ORM^O02", "ORU^R01", "ACK", "", "ADT", "^A01", "adt^a01"
    ),
    "MSH-10 empty": empty("MSH", 10),
    "MSH-11 not production": says("MSH", 11, "T", "D", "", '""', "PP", "p"),
    "MSH-12 not version 2": says("MSH", 12, "3.0", "", "25", "v2.5"),
    "MSH-18 unknown": says("MSH", 18, "8859/77", "KLINGON"),
    "MSH-2 not distinct": says("MSH", 2, "^^\\&", "|~\\&", "^~\\&#!", "ab\\&", ""),
    "a second message": followed_by_another,
    "a third patient": lambda found, rng: found.inserted(len(found.segments), pid(rng), pid(rng)),
    "a line that is no segment": lambda found, rng: found.inserted(
        rng.randint(1, len(found.segments)), rng.choice(["rest of a name", "P1D2|1", "pid|1||P1", "|||", "é|1", "AB|1"])
    ),
}
WITH_NAME: dict[str, Change] = {
    "a line break inside a field": broken_line,
    "bytes of another character set": of_another_character_set,
    "PID-5 empty": lambda found, rng: found.with_field(found.where("PID")[0], 5, rng.choice(["", '""', "^Zoé"])),
    "PID-5 too long": lambda found, rng: found.with_field(found.where("PID")[0], 5, "E" * rng.randint(500, 900)),
    "PID-7 not a date": lambda found, rng: found.with_field(found.where("PID")[0], 7, rng.choice(NOT_TIMES)),
    "a control character": lambda found, rng: found.with_field(
        found.where("PID")[0], rng.choice([3, 5]), f"Ex{rng.choice(CONTROLS)}emple^^^{AUTHORITY}"
    ),
}
WRONG: dict[str, dict[str, Change]] = {
    "ADT": {**ANYWHERE, **WITH_NAME},
    "A40": {
        **ANYWHERE,
        **WITH_NAME,
        "no MRG": without("MRG"),
        "MRG-1 empty": empty("MRG", 1),
        "MRG-1 too long": longer("MRG", 1),
        "merged into itself": itself("MRG", 1),
        "MRG before its PID": lambda found, _: replace(found, segments=(found.segments[0], found.segments[2], found.segments[1])),
    },
    "A24": {**ANYWHERE, **WITH_NAME, "linked to itself": itself("PID", 3)},
    "A37": {**ANYWHERE, "unlinked from itself": itself("PID", 3)},
    "OML": {
        **ANYWHERE,
        **WITH_NAME,
        "a second PID": lambda found, rng: found.inserted(rng.randint(2, len(found.segments)), pid(rng)),
        "an order that is neither placed nor called off": says("ORC", 1, "HD", "CR", "RP", "SC", "XX", "nw", "ca", ""),
        "no accession": lambda found, _: found.with_field(found.where("ORC")[0], 3, "").with_field(found.where("OBR")[0], 3, ""),
        "accession too long": longer("OBR", 3),
        "no OBR": without("OBR"),
        "OBR-4 empty": empty("OBR", 4),
        "no SPM before the first SAC": lambda found, _: found.without(found.where("SPM")[0]),
        "SPM-2 empty": empty("SPM", 2),
        "SPM-2 too long": longer("SPM", 2, "^"),
        "SPM-17 not a time": says("SPM", 17, *NOT_TIMES),
        "SAC-3 empty": empty("SAC", 3),
        "SAC-3 too long": longer("SAC", 3),
    },
}
WRONG["ORM"] = WRONG["OML"]


def with_more_fields(found: Draft, rng: random.Random) -> Draft:
    at = rng.randrange(1, len(found.segments))
    return found.with_field(at, 60, "local")


HARMLESS: tuple[Change, ...] = (
    lambda found, rng: found.inserted(rng.randint(1, len(found.segments)), "ZPT|1|local^x"),
    lambda found, rng: found.inserted(rng.randint(2, len(found.segments)), "CTD|1||free text, \\T\\ more"),
    lambda found, rng: found.inserted(1, "SFT|x", "EVN||20260301"),
    lambda found, rng: replace(found, ending=rng.choice(["\n", "\r\n", "\r\r"])),
    with_more_fields,
    lambda found, _: found.with_field(0, 13, "7"),
)


async def answered(frame: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The code of the answer, and what was published."""
    publisher = MemoryPublisher()
    answer = await Receiver(publisher, examples.NAMESPACE, ZoneInfo("Europe/Paris"), "utf-8").answer(frame)
    return answer.split(b"\rMSA|")[1][:2].decode(), [(one.topic, one.key, one.value) for one in publisher.records]


async def test_of_ten_thousand_messages_none_is_accepted_wrongly_and_none_otherwise_than_it_says() -> None:
    rng = random.Random(20261125)
    tried: Counter[tuple[str, str]] = Counter()
    for _ in range(ROUNDS):
        found = rng.choice([registration, order, order, merge, linking, unlinking])(rng)
        varied = found
        for change in rng.sample(HARMLESS, rng.randint(0, 2)):
            varied = change(varied, rng)
        if rng.random() < 0.2:
            code, events = await answered(varied.frame())
            assert (code, events) == ("AA", (await answered(found.frame()))[1]), varied.frame()
            tried[found.kind, ""] += 1
        name = rng.choice(list(WRONG[found.kind]))
        broken = WRONG[found.kind][name](varied, rng)
        code, events = await answered(broken.frame())
        assert (code in {"AE", "AR"}, events) == (True, []), (name, broken.frame())
        tried[found.kind, name] += 1
    expected = {(kind, name) for kind, changes in WRONG.items() for name in ("", *changes)}
    assert set(tried) == expected


@pytest.mark.parametrize("kind", ["OML^O21^OML_O21", "ORM^O01^ORM_O01"])
async def test_an_order_for_training_is_taken_where_the_platform_is_for_training(kind: str) -> None:
    made = draft(kind, random.Random(1), "PID|1||P1||Exemple", "ORC|NW||S26-1", "OBR|1|||1^x").with_field(0, 11, "T")
    for processing, code in (("P", "AR"), ("T", "AA")):
        publisher = MemoryPublisher()
        receiver = Receiver(publisher, examples.NAMESPACE, ZoneInfo("Europe/Paris"), "utf-8", processing)
        assert f"\rMSA|{code}|".encode() in await receiver.answer(made.frame())


async def test_the_identifier_and_its_authority_are_of_one_repeat() -> None:
    found = draft("ADT^A08^ADT_A01", random.Random(1), f"PID|1||ALT^^^OTHER^AN~^^^{AUTHORITY}^PI||Exemple")
    _, ((_, key, _),) = await answered(found.frame())
    _, ((_, other, _),) = await answered(found.with_field(1, 3, "ALT^^^OTHER^AN").frame())
    assert key == other
