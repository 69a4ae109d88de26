"""Diagnoses in code, as somebody types them: which system a code is of is told by its shape. Pure."""

import re
from collections.abc import Sequence

from casepath.intake.v1.order_pb2 import Code
from chassis.errors import Malformed

MOST = 20
# ADICAP's obligatory zone (specimen, technique, organ, lesion); WHO's ICD-10, as in France's CIM-10 with its extensions; the
# morphology of ICD-O-3; a concept of SNOMED CT.
SHAPES = (
    ("ADICAP", re.compile(r"[A-Z]{4}(?=[A-Z0-9]*[0-9])[A-Z0-9]{4}")),
    ("I10", re.compile(r"[A-Z][0-9]{2}(\.?[0-9]{1,3}(\+[0-9]{1,2})?)?")),
    ("ICDO3", re.compile(r"[0-9]{4}/[0-9]")),
    ("SCT", re.compile(r"[1-9][0-9]{5,17}")),
)


def read_codes(text: str) -> list[Code]:
    """Each once, in order. Raise Malformed naming what is no code, or where they are too many."""
    found = {(one.system, one.code): one for one in map(code_of, text.upper().replace(",", " ").replace(";", " ").split())}
    if len(found) > MOST:
        raise Malformed(f"a report has at most {MOST} diagnoses in code")
    return list(found.values())


def code_of(word: str) -> Code:
    for system, shape in SHAPES:
        if shape.fullmatch(word):
            return Code(code=dotted(word) if system == "I10" else word, system=system)
    raise Malformed(f"{word[:64]} is no code of ADICAP (BHGSA7A0), CIM-10 (C50.9), CIM-O-3 (8500/3) or SNOMED CT")


def dotted(code: str) -> str:
    """C509 is C50.9."""
    return code if len(code) == 3 or "." in code else f"{code[:3]}.{code[3:]}"


def typed(codes: Sequence[Code]) -> str:
    """As they would be typed."""
    return " ".join(one.code for one in codes)
