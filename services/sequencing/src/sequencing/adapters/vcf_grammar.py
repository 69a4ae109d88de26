"""Whether what is read of a VCF is written as VCF 4.3 says (section 1.6). htslib takes much that is not.

Of each record the columns, the genotypes, and that fields are what the header defines. The header's own lines are not judged, nor
what it does not define: nothing here is decided by them, and files of good callers err in them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from sequencing.adapters.text_lines import text_of
from sequencing.adapters.vcf_definitions import Definitions
from sequencing.pharmacogenomics.variant_file import NotVcf

BASES = "[ACGTNacgtn]+"
CONTIG = "[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*"
MATE = r"(?:\[[^\s\[\],]+\[|\][^\s\[\],]+\])"
ALTERNATE = rf"(?:{BASES}|\*|<[^<>\s,]+>|{BASES}{MATE}|{MATE}{BASES}|\.{MATE}|{MATE}\.|\.{BASES}|{BASES}\.)"
NAME = r"[^\s;,]+"
FILTER = rf"(?![0.](?:[;\t]|$)){NAME}"
# By column, with what is said where it is not so. HLA contigs of GRCh38 have colons, which VCF 4.1 and 4.2 forbid.
COLUMNS = (
    ("CHROM", re.compile(rf"{CONTIG}|<{CONTIG}>")),
    ("POS", re.compile(r"\d+")),
    ("ID", re.compile(r"[^\s;]+(?:;[^\s;]+)*")),
    ("REF", re.compile(BASES)),
    ("ALT", re.compile(rf"\.|{ALTERNATE}(?:,{ALTERNATE})*")),
    ("QUAL", re.compile(r"\.|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\+?[Ii]nf(?:inity)?|[Nn]a[Nn]")),
    ("FILTER", re.compile(rf"\.(?!;)|{FILTER}(?:;{FILTER})*")),
    ("INFO", re.compile(r"\S+")),
    ("FORMAT", re.compile(r"(?:1000G|[A-Za-z_][0-9A-Za-z_.]*)(?::[A-Za-z_][0-9A-Za-z_.]*)*")),
)
FIXED = 8
WHOLE = re.compile("".join(f"(?:{column.pattern})\t" for _, column in COLUMNS[:FIXED]))
# Ends of blocks and depths, by which a genotype is believed or not.
NOT_A_COUNT = re.compile(r"(?:^|;)(?:END|DP|MIN_DP)=(?!\d+(?:;|$))")
COUNTS = ("DP", "MIN_DP")
GENOTYPE = re.compile(r"(?:\d+|\.)(?:[/|](?:\d+|\.))*")
CONCRETE = re.compile(BASES)
UNIQUE = (2, 6)
# Records that are kept in mind to see that one says again what another said.
REMEMBERED, BEHIND = 100_000, 10_000

type Allele = tuple[int, str, str]


def check_grammar(path: Path) -> None:
    """Raise NotVcf with the record, and what of it is at fault."""
    with text_of(path) as lines:
        head, records = header(lines)
        if head and not head[-1].endswith("\n"):
            raise NotVcf("the last line has no end: the file may have been cut")
        Grammar(head).check(records)


def header(lines: Iterable[str]) -> tuple[list[str], Iterator[str]]:
    """The lines of the header, and what comes after them."""
    rest = iter(lines)
    head: list[str] = []
    for line in rest:
        if not line.startswith("#"):
            return head, chain([line], rest)
        head.append(line)
    return head, rest


class Grammar:
    """Checks records one after the other."""

    def __init__(self, head: Sequence[str]) -> None:
        self.definitions = Definitions(head)
        self.width = head[-1].count("\t") + 1 if head else 0
        self.format = ""
        self.keys: tuple[str, ...] = ()
        self.contig = ""
        self.seen: set[Allele] = set()

    def check(self, lines: Iterable[str]) -> None:
        for number, line in enumerate(lines, start=1):
            if not line.endswith("\n"):
                raise NotVcf("the last line has no end: the file may have been cut", number)
            fault = self.fault(line.rstrip("\r\n"))
            if fault:
                raise NotVcf(f"record {number}: {fault}", number)

    def fault(self, line: str) -> str:
        """What is wrong with a record; empty where nothing is."""
        cells = line.split("\t")
        if len(cells) != self.width:
            return "it has not as many columns as the header"
        if not WHOLE.match(line + "\t"):
            return column_fault(cells)
        alternates = 0 if cells[4] == "." else cells[4].count(",") + 1
        if NOT_A_COUNT.search(cells[7]):
            return "END or a depth in INFO is no count"
        return (
            unique_fault(cells)
            or self.definitions.info_fault(cells[7], alternates)
            or self.samples_fault(cells, alternates)
            or self.repeat_fault(cells)
        )

    def samples_fault(self, cells: Sequence[str], alternates: int) -> str:
        if len(cells) <= FIXED:
            return ""
        if cells[FIXED] != self.format:
            self.format, self.keys = cells[FIXED], tuple(cells[FIXED].split(":"))
            if not COLUMNS[FIXED][1].fullmatch(self.format) or "GT" in self.keys[1:] or len(set(self.keys)) < len(self.keys):
                return "FORMAT is not as VCF writes it"
        return next(filter(None, (self.sample_fault(call.split(":"), alternates) for call in cells[FIXED + 1 :])), "")

    def sample_fault(self, values: Sequence[str], alternates: int) -> str:
        if len(values) > len(self.keys):
            return "a sample has more fields than FORMAT"
        ploidy = 0
        if self.keys[0] == "GT":
            if not GENOTYPE.fullmatch(values[0]):
                return "a genotype is not as VCF writes it"
            copies = values[0].replace("|", "/").split("/")
            if any(one.isdigit() and int(one) > alternates for one in copies):
                return "a genotype names an allele that the record does not have"
            ploidy = len(copies) if values[0] != "." else 0
        for name, value in zip(self.keys, values, strict=False):
            if name in COUNTS and value != "." and not value.isdigit():
                return "a depth of a sample is no count"
        return self.definitions.sample_fault(self.keys, values, alternates, ploidy)

    def repeat_fault(self, cells: Sequence[str]) -> str:
        if cells[0] != self.contig:
            self.contig, self.seen = cells[0], set()
        position = int(cells[1])
        for alternate in cells[4].split(","):
            if CONCRETE.fullmatch(alternate):
                one = minimal(position, cells[3].upper(), alternate.upper())
                if one in self.seen:
                    return "it says again what one before it says"
                self.seen.add(one)
        if len(self.seen) > REMEMBERED:
            self.seen = {one for one in self.seen if one[0] > position - BEHIND}
        return ""


def minimal(position: int, reference: str, alternate: str) -> Allele:
    """An allele without the bases around it that both sides share."""
    while len(reference) > 1 and len(alternate) > 1 and reference[-1] == alternate[-1]:
        reference, alternate = reference[:-1], alternate[:-1]
    while len(reference) > 1 and len(alternate) > 1 and reference[0] == alternate[0]:
        position, reference, alternate = position + 1, reference[1:], alternate[1:]
    return position, reference, alternate


def column_fault(cells: Sequence[str]) -> str:
    for (name, column), cell in zip(COLUMNS, cells, strict=False):
        if not column.fullmatch(cell):
            return f"{name} is not as VCF writes it"
    return "it has too few columns"


def unique_fault(cells: Sequence[str]) -> str:
    for column in UNIQUE:
        if ";" in cells[column]:
            values = cells[column].split(";")
            if len(set(values)) < len(values):
                return f"{COLUMNS[column][0]} says the same twice"
    return ""
