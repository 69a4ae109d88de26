"""France's national health identity in messages (ANS, "Intégration de l'INS dans les standards"; IHE PAM France). Pure."""

from chassis.ins import AUTHORITIES

# PID-32: only an identity that was validated with the national service is qualified, and only then its INS may be used.
QUALIFIED = "VALI"
TYPE = "INS"
BIRTH_PLACE = "BDL"
LEGAL_NAME = "L"
CORSICA = {"A": 1_000_000, "B": 2_000_000}


def has_its_key(number: str) -> bool:
    """Whether the last two digits of a NIR are the key of the others: 97 less their remainder by 97, where letters are 0."""
    letter = number[6]
    body = int(number[:13].replace("A", "0").replace("B", "0")) - CORSICA.get(letter, 0)
    return int(number[13:]) == 97 - body % 97


def is_ins(number: str, authority: str) -> bool:
    digits = number[:6] + ("0" if number[6:7] in CORSICA else number[6:7]) + number[7:]
    return authority in AUTHORITIES and len(number) == 15 and digits.isascii() and digits.isdigit() and has_its_key(number)
