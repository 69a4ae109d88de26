"""A patient as a Bloom filter, so that a hub finds who was in two hospitals without knowing who it is. Pure.

Cryptographic long-term keys (Schnell, Bachteler, Reiher: "A novel error-tolerant anonymous linking code", 2011): parts of names,
of the birth date and of what else is known are hashed into one filter under a key that the hospitals share and the hub has not.
Folded once upon itself, which takes from the filter what frequencies of letters would tell (Schnell, Borgs: "XOR-folding for
hardening Bloom filter-based encryptions", 2016). It is the same however a name is accented, and nearly so where a letter differs.
"""

import hmac
from collections.abc import Iterator
from hashlib import sha256

from casepath.intake.v1.patient_pb2 import Patient, Sex
from deidentification.french_words import plain

BYTES = 128
BITS = BYTES * 8
UNFOLDED = 2 * BITS
# Positions of each part in the filter: what differs between many persons and is seldom wrong has more.
WEIGHTS = {"family": 12, "given": 12, "year": 20, "month": 14, "day": 14, "sex": 6, "place": 30}
EXACT_BYTES = 16


def encoding(patient: Patient, key: bytes) -> bytes:
    """128 bytes that say how alike two patients are; empty where too little is known of one: a family name and a birth date."""
    if not patient.family_name or len(patient.birth_date) != len("YYYY-MM-DD"):
        return b""
    bits = 0
    for field, part in parts(patient):
        first, second = hashes(key, field, part)
        for turn in range(WEIGHTS[field]):
            bits |= 1 << ((first + turn * second) % UNFOLDED)
    return ((bits >> BITS) ^ (bits & ((1 << BITS) - 1))).to_bytes(BYTES)


def parts(patient: Patient) -> Iterator[tuple[str, str]]:
    for part in bigrams(patient.family_name):
        yield "family", part
    for part in bigrams(patient.given_names[0] if patient.given_names else ""):
        yield "given", part
    year, month, day = patient.birth_date.split("-")
    yield from (("year", year), ("month", month), ("day", day))
    yield "sex", Sex.Name(patient.sex)
    if patient.birth_place:
        yield "place", patient.birth_place


def bigrams(name: str) -> list[str]:
    """Of the letters alone, with where the name begins and ends: "Le Goff" is "legoff"."""
    letters = f"_{''.join(letter for letter in plain(name) if letter.isalnum())}_"
    return [letters[at : at + 2] for at in range(len(letters) - 1)] if len(letters) > len("__") else []


def hashes(key: bytes, field: str, part: str) -> tuple[int, int]:
    """Two numbers of which all positions are made (double hashing); the second is odd, so that it reaches all."""
    digest = hmac.new(key, f"{field}|{part}".encode(), sha256).digest()
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:16]) | 1


def exact(patient: Patient, key: bytes) -> bytes:
    """Of the national identifier, where the identity is qualified: the same in every hospital. Empty where there is none."""
    if not patient.ins:
        return b""
    return hmac.new(key, f"ins|{patient.ins}".encode(), sha256).digest()[:EXACT_BYTES]
