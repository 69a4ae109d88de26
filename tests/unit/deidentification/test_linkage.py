"""Encodings by which a hub finds who was in two hospitals."""

from two_hospitals import registered

from casepath.intake.v1.patient_pb2 import SEX_FEMALE, Patient
from deidentification.linkage import BYTES, encoding, exact
from hub.linking import ALIKE, Encoded, linked

KEY, OTHER = b"k" * 32, b"o" * 32


def patient(family: str = "Le Goff", given: str = "Éléonore", born: str = "1961-10-23", ins: str = "") -> Patient:
    return Patient(family_name=family, given_names=[given], birth_date=born, sex=SEX_FEMALE, ins=ins)


def alike(one: bytes, other: bytes) -> float:
    bits = [int.from_bytes(each) for each in (one, other)]
    return 2 * (bits[0] & bits[1]).bit_count() / (bits[0].bit_count() + bits[1].bit_count())


def test_the_same_person_is_the_same_however_a_name_is_accented_or_spaced() -> None:
    assert encoding(patient(), KEY) == encoding(patient("LEGOFF", "Eleonore"), KEY)
    assert len(encoding(patient(), KEY)) == BYTES


def test_a_letter_or_a_day_that_differs_is_nearly_the_same_and_another_person_is_not() -> None:
    mine = encoding(patient(), KEY)
    assert alike(mine, encoding(patient("Le Gof"), KEY)) > ALIKE
    assert alike(mine, encoding(patient(born="1961-10-24"), KEY)) > ALIKE
    assert alike(mine, encoding(patient("Martin", "Jeanne", "1984-02-11"), KEY)) < 0.5


def test_without_the_key_nobody_can_tell_whose_it_is() -> None:
    assert alike(encoding(patient(), KEY), encoding(patient(), OTHER)) < 0.5
    assert b"goff" not in encoding(patient(), KEY).lower()


def test_of_whom_too_little_is_known_nothing_is_said() -> None:
    assert encoding(patient(born="1961"), KEY) == encoding(patient(family=""), KEY) == b""


def test_a_national_identifier_is_the_same_everywhere_and_none_is_none() -> None:
    assert exact(patient(ins="261102912345671"), KEY) == exact(patient("Autre", ins="261102912345671"), KEY) != b""
    assert exact(patient(), KEY) == b""


def test_most_of_who_was_in_two_hospitals_is_found_and_hardly_anybody_else() -> None:
    """Bounds under what docs/benchmarks.md has."""
    everybody = list(registered(1500, seed=3))
    patients = [Encoded(number, "p", one.hospital, encoding(one.patient, KEY)) for number, one in enumerate(everybody)]
    found = linked(patients)
    pairs = {frozenset(number for number, of in found.items() if of == first) for first in found.values()}
    of_person: dict[int, set[int]] = {}
    for number, one in enumerate(everybody):
        of_person.setdefault(one.person, set()).add(number)
    true = {frozenset(numbers) for numbers in of_person.values() if len(numbers) == 2}
    assert len(true) > 300
    assert len(pairs & true) > 0.95 * len(true)
    assert len(pairs & true) > 0.98 * len(pairs)


def test_two_patients_of_one_hospital_or_of_two_projects_are_never_one() -> None:
    filter_ = encoding(patient(), KEY)
    assert linked([Encoded(1, "p", "angers", filter_), Encoded(2, "p", "angers", filter_)]) == {}
    assert linked([Encoded(1, "p", "angers", filter_), Encoded(2, "q", "brest", filter_)]) == {}
    three = [Encoded(1, "p", "angers", filter_), Encoded(2, "p", "angers", filter_), Encoded(3, "p", "brest", filter_)]
    assert linked(three) in ({1: 1, 3: 1}, {2: 2, 3: 2})


def test_the_national_identifier_counts_where_names_differ() -> None:
    mine, other = patient(ins="261102912345671"), patient("Autrement", "Jeanne", ins="261102912345671")
    patients = [
        Encoded(n, "p", h, encoding(one, KEY), exact(one, KEY)) for n, h, one in ((5, "angers", mine), (4, "brest", other))
    ]
    assert linked(patients) == {5: 4, 4: 4}
