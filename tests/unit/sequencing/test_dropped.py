from pathlib import Path

import pytest

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.sequencing_pb2 import REJECTION_REASON_BASE_CALLS_ONLY, REJECTION_REASON_SAMPLE_SHEET
from sequencing.dropped import Names, Sheet, grouped, named_alone, sample_sheet
from sequencing.handlers import alignment_groups, fit
from sequencing.rejection import ReadsUnfit
from sequencing.settings import SequencingSettings

FIELDS = SequencingSettings.model_fields
NAMES = Names.of(*(FIELDS[f"{kind}_name"].default for kind in ("reads", "alignments", "variants", "outside_calls")))
RUN = Path("/incoming/241125_A00123_0042_BHXYZ")
VERSION_1 = """[Header]
Date,2026-11-25
[Data]
Lane,Sample_ID,Sample_Name,Sample_Project,index
1,B1,blood,S26-1,ACGT
2,B1,blood,S26-1,ACGT
1,S26-2_T1,,,TTTT
"""
VERSION_2 = (
    "\ufeff[Header],,\nFileFormatVersion,2,\n[BCLConvert_Settings],,\n[BCLConvert_Data],,\nSample_ID,index,\nS26-2_T1,TTTT,\n"
)


def reads(*names: str) -> list[Path]:
    return [RUN / "Data" / name for name in names]


def test_a_sheet_of_either_version_says_whose_reads_are_whose() -> None:
    assert sample_sheet(VERSION_1) == {"B1": ("S26-1", "B1"), "S26-2_T1": ("S26-2", "T1")}
    assert sample_sheet(VERSION_2) == {"S26-2_T1": ("S26-2", "T1")}


@pytest.mark.parametrize("text", ["", "[Header]\nDate,2026\n", "[Data]\n", "[Data]\nSample,index\nB1,ACGT\n"])
def test_a_sheet_without_samples_is_refused(text: str) -> None:
    with pytest.raises(ReadsUnfit) as caught:
        sample_sheet(text)
    assert caught.value.reason == REJECTION_REASON_SAMPLE_SHEET


def test_lanes_of_a_run_folder_are_one_sample_in_the_order_of_lanes() -> None:
    files = reads(*(f"B1_S1_L00{lane}_R{read}_001.fastq.gz" for read in (2, 1) for lane in (2, 1)))
    found = grouped(files, NAMES, {RUN: sample_sheet(VERSION_1)})
    (dropped,) = found.inputs
    assert (dropped.accession, dropped.sample) == ("S26-1", "B1")
    assert [(lane.lane, [path.name[-15:-13] for path in lane.files]) for lane in dropped.lanes] == [
        ("001", ["R1", "R2"]),
        ("002", ["R1", "R2"]),
    ]


def test_index_reads_and_reads_of_no_sample_of_the_sheet_stay_where_they_are() -> None:
    files = reads("B1_S1_L001_I1_001.fastq.gz", "Undetermined_S0_L001_R1_001.fastq.gz", "Undetermined_S0_L001_R2_001.fastq.gz")
    assert grouped(files, NAMES, {RUN: sample_sheet(VERSION_1)}).inputs == []


def test_a_lane_without_its_mate_holds_the_whole_sample() -> None:
    files = reads("B1_S1_L001_R1_001.fastq.gz", "B1_S1_L001_R2_001.fastq.gz", "B1_S1_L002_R1_001.fastq.gz")
    found = grouped(files, NAMES, {RUN: sample_sheet(VERSION_1)})
    assert (found.inputs, found.alone) == ([], set(files))


def test_base_calls_without_reads_are_said_to_be_just_that() -> None:
    files = [RUN / "Data/Intensities/BaseCalls/L001/C1.1/L001_1.cbcl"]
    (dropped,) = grouped(files, NAMES, {RUN: sample_sheet(VERSION_2)}).inputs
    assert dropped.wrong == REJECTION_REASON_BASE_CALLS_ONLY


def test_a_sheet_that_is_wrong_is_the_inputs_fault() -> None:
    (dropped,) = grouped([], NAMES, {RUN: ReadsUnfit(REJECTION_REASON_SAMPLE_SHEET)}).inputs
    assert (dropped.wrong, dropped.files) == (REJECTION_REASON_SAMPLE_SHEET, (RUN / "SampleSheet.csv",))


def test_what_leaves_a_run_folder_takes_its_identity_along_in_its_name() -> None:
    files = reads("B1_S1_L001_R1_001.fastq.gz", "B1_S1_L001_R2_001.fastq.gz")
    sheet: dict[Path, Sheet | ReadsUnfit] = {RUN: sample_sheet(VERSION_1)}
    (dropped,) = grouped(files, NAMES, sheet).inputs
    renamed = [named_alone(path, dropped) for path in files]
    assert renamed[0].name == "S26-1_B1_S1_L001_R1_001.fastq.gz"
    for again in (grouped(renamed, NAMES, sheet), grouped([Path("/incoming") / path.name for path in renamed], NAMES, {})):
        assert [(one.accession, one.sample) for one in again.inputs] == [("S26-1", "B1")]


@pytest.mark.parametrize("name", ["S26-1_B1.bam", "S26-1_B1.cram"])
def test_a_file_of_alignments_is_an_input_of_its_own(name: str) -> None:
    (dropped,) = grouped([Path(name)], NAMES, {}).inputs
    assert (dropped.accession, dropped.sample, dropped.files) == ("S26-1", "B1", (Path(name),))


SPECIMENS = [("B1", "B1"), ("B 1/é", "B-1--"), ("-x", "S-x"), ("é1", "S-1"), ("x" * 64, "x" * 56)]


@pytest.mark.parametrize(("sample", "expected"), SPECIMENS)
def test_any_specimen_makes_a_read_groups_name(sample: str, expected: str) -> None:
    assert fit(sample) == expected


def test_read_groups_keep_their_names_where_these_are_fit_and_unique() -> None:
    file = ObjectRef(path="p", sha256="a" * 64, size=1)
    named = [("L1", "lib"), ("L1", "lib"), ("a name with spaces", "")]
    found = alignment_groups(file, named, "B1")
    assert [(group.id, group.library, group.group_in_file) for group in found] == [
        ("L1", "lib", "L1"),
        ("B1.2", "lib", "L1"),
        ("B1.3", "B1", "a name with spaces"),
    ]
    (alone,) = alignment_groups(file, [], "B1")
    assert (alone.id, alone.group_in_file) == ("B1", "")
