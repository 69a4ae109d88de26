"""Whether two statements can be of one person. Pure.

The traits are those by which France tells identities apart (ANS, référentiel national d'identitovigilance, strict traits), as
far as a PID has them: family name, first given name, birth date, sex, place of birth, and the INS itself. What one of two does
not say is no difference.
"""

import unicodedata

from casepath.intake.v1.identity_pb2 import (
    TRAIT_BIRTH_DATE,
    TRAIT_BIRTH_PLACE,
    TRAIT_FAMILY_NAME,
    TRAIT_GIVEN_NAME,
    TRAIT_INS,
    TRAIT_SEX,
    Trait,
)
from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE, Patient

# A registration that differs in one trait corrects it; one that differs in more is of somebody else.
CORRECTED = 1


def differences(known: Patient, stated: Patient) -> list[Trait]:
    found: list[Trait] = []
    if both(plain(known.family_name), plain(stated.family_name)):
        found.append(TRAIT_FAMILY_NAME)
    if both(first(known), first(stated)):
        found.append(TRAIT_GIVEN_NAME)
    if not (known.birth_date.startswith(stated.birth_date) or stated.birth_date.startswith(known.birth_date)):
        found.append(TRAIT_BIRTH_DATE)
    if {known.sex, stated.sex} == {SEX_FEMALE, SEX_MALE}:
        found.append(TRAIT_SEX)
    if both(known.birth_place, stated.birth_place):
        found.append(TRAIT_BIRTH_PLACE)
    if both(known.ins, stated.ins):
        found.append(TRAIT_INS)
    return found


def of_registration(known: Patient, stated: Patient) -> list[Trait]:
    """Those for which a registration has to wait. The hospital's system may correct a trait; another INS is another person."""
    found = differences(known, stated)
    return found if len(found) > CORRECTED or TRAIT_INS in found else []


def of_order(known: Patient, stated: Patient) -> list[Trait]:
    """Those for which an order has to wait: all but a family name alone, since people marry."""
    found = differences(known, stated)
    return [] if found == [TRAIT_FAMILY_NAME] else found


def both(known: str, stated: str) -> bool:
    """Whether both are said, and differ."""
    return bool(known and stated and known != stated)


def first(patient: Patient) -> str:
    return plain(patient.given_names[0]) if patient.given_names else ""


def plain(name: str) -> str:
    """Without case, accents, hyphens and spaces."""
    return "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if one.isalnum())
