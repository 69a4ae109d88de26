"""Made patients of two hospitals, some of both, with the errors that registrations have."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from faker import Faker

from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE, Patient

# Of who is in both: how often something is written in another way there.
ERRORS = 0.4


@dataclass(frozen=True, slots=True)
class Registered:
    hospital: str
    # Who it is, which nobody is told.
    person: int
    patient: Patient


def registered(persons: int, seed: int, in_both: float = 0.3) -> Iterator[Registered]:
    """Each person in one hospital or the other; of them the share `in_both` in both, as the other one wrote them."""
    faker = Faker("fr_FR")
    faker.seed_instance(seed)
    dice = random.Random(seed)
    for person in range(persons):
        patient = made(faker, dice)
        first, second = dice.sample(("angers", "brest"), 2)
        yield Registered(first, person, patient)
        if dice.random() < in_both:
            yield Registered(second, person, written_otherwise(patient, faker, dice))


def made(faker: Faker, dice: random.Random) -> Patient:
    female = dice.random() < 0.5
    return Patient(
        family_name=faker.last_name(),
        given_names=[faker.first_name_female() if female else faker.first_name_male()],
        birth_date=faker.date_of_birth(minimum_age=1, maximum_age=95).isoformat(),
        sex=SEX_FEMALE if female else SEX_MALE,
        birth_place=f"{dice.randrange(1, 96):02}{dice.randrange(1, 400):03}" if dice.random() < 0.7 else "",
    )


def written_otherwise(patient: Patient, faker: Faker, dice: random.Random) -> Patient:
    other = Patient()
    other.CopyFrom(patient)
    other.family_name = other.family_name.upper()
    while dice.random() < ERRORS:
        kind = dice.randrange(6)
        year, month, day = other.birth_date.split("-")
        if kind == 0:
            other.family_name = misspelt(other.family_name, dice)
        elif kind == 1:
            other.given_names[0] = misspelt(other.given_names[0], dice)
        elif kind == 2 and int(day) <= 12:
            other.birth_date = f"{year}-{day}-{month}"
        elif kind == 3:
            other.birth_date = f"{year}-{month}-{dice.randrange(1, 29):02}"
        elif kind == 4:
            other.birth_place = ""
        elif kind == 5 and other.sex == SEX_FEMALE and dice.random() < 0.2:
            other.family_name = faker.last_name()
    return other


def misspelt(name: str, dice: random.Random) -> str:
    at = dice.randrange(len(name))
    return dice.choice(
        (name[:at] + name[at + 1 :], name[:at] + dice.choice("aeinrst") + name[at:], f"{name} {dice.choice(('Le', 'de'))}")
    )
