"""Whether fields are what the header of a VCF defines them to be (VCF 4.3, section 1.4.2): how many values, of which type."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb

DEFINED = re.compile(r"##(INFO|FORMAT)=<ID=([^,>]+),Number=([^,>]+),Type=([^,>]+)")
INTEGER = re.compile(r"-?\d+|\.")
FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:[Ii]nf(?:inity)?|[Nn]a[Nn])|\.")
CHARACTER = re.compile(".")
COUNT = re.compile(r"\d+|\.")
SHARE = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\.")
ALLELE = re.compile(r"\S+")
CIGAR = re.compile(r"(?:\d+[MIDNSHPX=])+|\.")
TYPES = {
    "Integer": INTEGER,
    "Float": FLOAT,
    "Character": CHARACTER,
    "count": COUNT,
    "share": SHARE,
    "CIGAR": CIGAR,
    "allele": ALLELE,
}
MISSING = "."
FLAG = "Flag"
# A flag may be written out.
FLAGS = ("0", "1")


@dataclass(frozen=True, slots=True)
class Field:
    """`number` is a count, or one of A, R, G and "."."""

    number: str
    type: str

    def fault(self, value: str, alternates: int, ploidy: int) -> str:
        """What is wrong with a value, of a record with so many alternates and a sample of that ploidy; empty where nothing is."""
        if value == MISSING:
            return ""
        values = value.split(",")
        wanted = expected(self.number, alternates, ploidy)
        # One text may have commas.
        if wanted is not None and len(values) != wanted and (self.number, self.type) != ("1", "String"):
            return f"has {len(values)} values where the header asks for {wanted}"
        kind = TYPES.get(self.type)
        if kind is not None and not all(map(kind.fullmatch, values)):
            return f"is not {self.type}, as the header defines it"
        return ""


# What the specification says of names that it reserves (tables 1 and 2), where a header does not define them.
RESERVED_INFO = {
    **{name: Field("1", "count") for name in ("AN", "DP", "END", "MQ0", "NS")},
    **{name: Field("0", FLAG) for name in ("DB", "H2", "H3", "SOMATIC", "VALIDATED", "1000G")},
    "AA": Field("1", "allele"),
    "AC": Field("A", "count"),
    "AF": Field("A", "share"),
    "BQ": Field("1", "Float"),
    "CIGAR": Field("A", "CIGAR"),
}
RESERVED_SAMPLES = {
    "AD": Field("R", "count"),
    "DP": Field("1", "count"),
    "GL": Field("G", "Float"),
    "GP": Field("G", "Float"),
    "PL": Field("G", "Integer"),
}


@cache
def expected(number: str, alternates: int, ploidy: int) -> int | None:
    """How many values; None for any, or where there is no alternate, or no ploidy (0), to count by."""
    if number.isdigit():
        return int(number)
    if not alternates:
        return None
    if number == "A":
        return alternates
    if number == "R":
        return alternates + 1
    if number == "G" and ploidy:
        return comb(alternates + ploidy, ploidy)
    return None


class Definitions:
    """Of a header's INFO and FORMAT lines, and of the specification. What neither defines is not judged."""

    def __init__(self, header: Iterable[str]) -> None:
        self.info = dict(RESERVED_INFO)
        self.samples = dict(RESERVED_SAMPLES)
        for line in header:
            found = DEFINED.match(line)
            if found:
                kind, name, number, type_ = found.groups()
                (self.info if kind == "INFO" else self.samples)[name] = Field(number, type_)

    def info_fault(self, info: str, alternates: int) -> str:
        if info == MISSING:
            return ""
        seen: set[str] = set()
        for one in info.split(";"):
            name, has_value, value = one.partition("=")
            if name in seen:
                return f"INFO {name} is there twice"
            seen.add(name)
            field = self.info.get(name)
            if field is None:
                continue
            if field.type == FLAG:
                if has_value and value not in FLAGS:
                    return f"INFO {name} is a flag, and has a value"
            elif not has_value:
                return f"INFO {name} has no value"
            elif fault := field.fault(value, alternates, 0):
                return f"INFO {name} {fault}"
        return ""

    def sample_fault(self, keys: Sequence[str], values: Sequence[str], alternates: int, ploidy: int) -> str:
        """`values` may be fewer: the last may be left out."""
        for name, value in zip(keys, values, strict=False):
            field = self.samples.get(name)
            if field is not None and name != "GT" and (fault := field.fault(value, alternates, ploidy)):
                return f"{name} of a sample {fault}"
        return ""
