"""France's national health identity in a PID. The numbers are of nobody: they were made for this, with their keys."""

from uuid import UUID

import pytest

import examples
from casepath.intake.v1.patient_pb2 import Patient
from intake.handlers import patient_in
from intake.ins import has_its_key, is_ins
from intake.messages import Refused, decode

NIR, TEST = "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.10"
HEADER = "MSH|^~\\&|HIS|HOSP|CASEPATH|LAB|20260301120000+0000||ADT^A01^ADT_A01|C1|P|2.5.1|||||FR|UNICODE UTF-8"


def keyed(body: str) -> str:
    """A made-up number with its key, reckoned in another way than the code does it: digit by digit."""
    rest = 0
    for digit in body.replace("2A", "19").replace("2B", "18"):
        rest = (rest * 10 + int(digit)) % 97
    return f"{body}{97 - rest:02}"


WOMAN, CORSICAN = keyed("2700199999999"), keyed("170012A999999")


def person(identifiers: str, names: str = "Exemple^Zoé", place: str = "", status: str = "VALI") -> Patient:
    fields = {1: "1", 3: identifiers, 5: names, 7: "19700131", 8: "F", 11: place, 32: status}
    pid = "|".join(["PID", *(fields.get(number, "") for number in range(1, 33))])
    message = decode(f"{HEADER}\r{pid}\r".encode(), "utf-8")
    return patient_in(message, message.first("PID"), UUID(str(examples.NAMESPACE)))


@pytest.mark.parametrize("number", [WOMAN, CORSICAN, keyed("170012B999999")])
def test_a_number_has_its_key_and_no_other(number: str) -> None:
    assert has_its_key(number)
    assert not has_its_key(f"{number[:13]}{(int(number[13:]) + 1) % 100:02}")
    assert is_ins(number, NIR)
    assert not is_ins(number, "1.2.3")
    assert not is_ins(number[:-1], NIR)


def test_a_qualified_identity_brings_its_ins_beside_the_hospitals_number() -> None:
    found = person(f"P1^^^HOSP&1.2.250.1.999&ISO^PI~{WOMAN}^^^ASIP-SANTE-INS-NIR&{NIR}&ISO^INS")
    assert (found.identifier, found.ins, found.ins_authority) == ("P1", WOMAN, NIR)
    assert found.patient_id == examples.PATIENT


@pytest.mark.parametrize("status", ["", "PROV", "DOUB", "FICTI"])
def test_the_ins_of_an_identity_that_is_not_qualified_is_not_taken(status: str) -> None:
    found = person(f"P1^^^HOSP&1.2.250.1.999&ISO^PI~{WOMAN}^^^X&{NIR}&ISO^INS", status=status)
    assert (found.ins, found.ins_authority) == ("", "")


@pytest.mark.parametrize(
    "repetition", [f"{WOMAN[:-1]}0^^^X&{NIR}&ISO^INS", f"{WOMAN}^^^X&1.2.3&ISO^INS", f"{WOMAN}^^^X^INS", f"12^^^X&{NIR}&ISO^INS"]
)
def test_an_ins_that_is_none_is_refused(repetition: str) -> None:
    if repetition.startswith(WOMAN[:-1]) and repetition[14] == WOMAN[14]:
        repetition = repetition[:14] + "1" + repetition[15:]
    with pytest.raises(Refused, match="INS"):
        person(f"P1^^^HOSP&1.2.250.1.999&ISO^PI~{repetition}")


def test_the_name_at_birth_counts_where_it_is_said_which_that_is() -> None:
    named = person("P1^^^HOSP^PI", "Usage^Zoé^^^^^D~Naissance^Zoé^Anne^^^^L")
    assert (named.family_name, list(named.given_names)) == ("Naissance", ["Zoé", "Anne"])
    assert person("P1^^^HOSP^PI", "Usage^Zoé").family_name == "Usage"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("^^^^^^BDL^^63220", "63220"),
        ("1 rue X^^Y^^^^H~^^^^^^BDL^^2A004", "2A004"),
        ("^^^^^^BDL^^Paris", ""),
        ("^^^^^^H^^63220", ""),
    ],
)
def test_the_place_of_birth_is_insees_code(place: str, code: str) -> None:
    assert person("P1^^^HOSP^PI", place=place).birth_place == code


def test_the_test_numbers_are_taken_as_such() -> None:
    assert person(f"P1^^^HOSP^PI~{WOMAN}^^^ASIP-SANTE-INS-NIR&{TEST}&ISO^INS").ins_authority == TEST
