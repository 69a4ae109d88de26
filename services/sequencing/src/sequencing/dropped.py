"""What a sequencer's files are: whose reads, from which lane, and which of them belong together. Pure."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Self

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_BASE_CALLS_ONLY,
    REJECTION_REASON_SAMPLE_SHEET,
    REJECTION_REASON_UNSPECIFIED,
    RejectionReason,
)
from sequencing.rejection import ReadsUnfit

SAMPLE_SHEET = "SampleSheet.csv"
SECTIONS = ("[bclconvert_data]", "[data]")
BASE_CALLS = (".bcl", ".bcl.gz", ".bcl.bgzf", ".cbcl")
# What BCL Convert and bcl2fastq call their files; index reads are I1 and I2.
IN_RUN_FOLDER = re.compile(r"(?P<id>.+)_S\d+(_L(?P<lane>\d{3}))?_(?P<read>[RI][12])_001\.fastq(\.gz)?")


class Kind(Enum):
    READS = "reads"
    VARIANTS = "variants"


@dataclass(frozen=True, slots=True)
class LaneFiles:
    """One read group's files: a pair in the order of its reads, or one file of alignments.

    Of variants the VCF and, where there is one, the table of outside calls.
    """

    files: tuple[Path, ...]
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sample's lanes; or a file whose name says nothing, with what is wrong where that is known."""

    lanes: tuple[LaneFiles, ...]
    accession: str = ""
    sample: str = ""
    wrong: RejectionReason = REJECTION_REASON_UNSPECIFIED
    kind: Kind = Kind.READS

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for lane in self.lanes for path in lane.files)


@dataclass(frozen=True, slots=True)
class Names:
    """How the names of files outside run folders carry accession, sample, lane and read (1 or 2)."""

    reads: re.Pattern[str]
    alignments: re.Pattern[str]
    variants: re.Pattern[str]
    outside_calls: re.Pattern[str]

    @classmethod
    def of(cls, *patterns: str) -> Self:
        return cls(*map(re.compile, patterns))

    def sample(self, name: str) -> tuple[str, str] | None:
        """Accession and sample of what comes in several files."""
        for pattern in (self.reads, self.variants, self.outside_calls):
            if match := pattern.fullmatch(name):
                return match["accession"], match["sample"]
        return None


@dataclass(slots=True)
class Found:
    """Inputs that are complete, and files whose mates have not come."""

    inputs: list[Dropped] = field(default_factory=list)
    alone: set[Path] = field(default_factory=set)


type SampleKey = tuple[Path, str, str]
type Lanes = dict[str, dict[str, Path]]
# Of each Sample_ID the accession and the specimen.
type Sheet = Mapping[str, tuple[str, str]]


def sample_sheet(text: str) -> Sheet:
    """An Illumina sample sheet, version 1 or 2. Raise ReadsUnfit where it has no samples.

    A sample's accession is its Sample_Project and its specimen the Sample_ID; where there is no project, the Sample_ID is both,
    "<accession>_<specimen>".
    """
    lines = text.lstrip("\ufeff").splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip(' ,"').lower() in SECTIONS]
    if not starts:
        raise ReadsUnfit(REJECTION_REASON_SAMPLE_SHEET)
    rows = csv.DictReader(line for line in until_next_section(lines[starts[0] + 1 :]) if line.strip(" ,"))
    if "Sample_ID" not in (rows.fieldnames or ()):
        raise ReadsUnfit(REJECTION_REASON_SAMPLE_SHEET)
    found = {}
    for row in rows:
        accession, _, specimen = row["Sample_ID"].partition("_")
        project = row.get("Sample_Project") or ""
        found[row["Sample_ID"]] = (project, row["Sample_ID"]) if project else (accession, specimen)
    return found


def until_next_section(lines: Sequence[str]) -> Sequence[str]:
    end = next((number for number, line in enumerate(lines) if line.startswith("[")), len(lines))
    return lines[:end]


def grouped(paths: Sequence[Path], names: Names, sheets: Mapping[Path, Sheet | ReadsUnfit]) -> Found:
    """`sheets` say whose reads are whose in their run folders; each has its samples, or what is wrong with it."""
    found = Found()
    samples: dict[SampleKey, Lanes] = defaultdict(lambda: defaultdict(dict))
    called: dict[SampleKey, list[Path]] = defaultdict(list)
    outside: dict[SampleKey, Path] = {}
    for folder, sheet in sheets.items():
        inside = [path for path in paths if folder in path.parents]
        if isinstance(sheet, ReadsUnfit):
            found.inputs += [Dropped((LaneFiles((folder / SAMPLE_SHEET,)),), wrong=sheet.reason)]
        else:
            of_run_folder(folder, inside, sheet, samples, found)
    for path in paths:
        if any(folder in path.parents for folder in sheets):
            continue
        if match := names.variants.fullmatch(path.name):
            called[path.parent, match["accession"], match["sample"]].append(path)
        elif match := names.outside_calls.fullmatch(path.name):
            outside[path.parent, match["accession"], match["sample"]] = path
        else:
            of_name(path, names, samples, found)
    of_variants(called, outside, found)
    for (_, accession, sample), lanes in samples.items():
        if all(reads.keys() == {"1", "2"} for reads in lanes.values()):
            pairs = [LaneFiles((reads["1"], reads["2"]), lane) for lane, reads in sorted(lanes.items())]
            found.inputs.append(Dropped(tuple(pairs), accession, sample))
        else:
            found.alone |= {path for reads in lanes.values() for path in reads.values()}
    return found


def of_run_folder(folder: Path, paths: Sequence[Path], sheet: Sheet, samples: dict[SampleKey, Lanes], found: Found) -> None:
    """Reads of samples that the sheet names, or whose names say it as names outside run folders do.

    Others, index reads and what is not FASTQ stay where they are.
    """
    reads = [(path, match) for path in paths if (match := IN_RUN_FOLDER.fullmatch(path.name))]
    if not reads and any(path.name.endswith(BASE_CALLS) for path in paths):
        sheet_alone = LaneFiles((folder / SAMPLE_SHEET,))
        found.inputs.append(Dropped((sheet_alone,), wrong=REJECTION_REASON_BASE_CALLS_ONLY))
    for path, match in reads:
        accession, _, specimen = match["id"].partition("_")
        identity = sheet.get(match["id"], (accession, specimen))
        if identity[1] and match["read"].startswith("R"):
            samples[folder, *identity][match["lane"] or ""][match["read"][1]] = path


def of_variants(called: Mapping[SampleKey, list[Path]], outside: Mapping[SampleKey, Path], found: Found) -> None:
    """Each file of variants; a sample's gVCF last, since it tells more, and outside calls with the last."""
    for key, paths in called.items():
        ordered = sorted(paths, key=lambda path: (".g.vcf" in path.name, path.name))
        for path in ordered:
            files = (path, outside[key]) if key in outside and path is ordered[-1] else (path,)
            found.inputs.append(Dropped((LaneFiles(files),), key[1], key[2], kind=Kind.VARIANTS))
    found.alone |= {path for key, path in outside.items() if key not in called}


def named_alone(path: Path, dropped: Dropped) -> Path:
    """The file under a name that says whose it is without a sample sheet."""
    match = IN_RUN_FOLDER.fullmatch(path.name)
    if match is None or not dropped.sample:
        return path
    return path.with_name(f"{dropped.accession}_{dropped.sample}{path.name.removeprefix(match['id'])}")


def of_name(path: Path, names: Names, samples: dict[SampleKey, Lanes], found: Found) -> None:
    if reads := names.reads.fullmatch(path.name):
        samples[path.parent, reads["accession"], reads["sample"]][reads["lane"] or ""][reads["read"]] = path
    elif alignments := names.alignments.fullmatch(path.name):
        found.inputs.append(Dropped((LaneFiles((path,)),), alignments["accession"], alignments["sample"]))
    else:
        found.inputs.append(Dropped((LaneFiles((path,)),)))
