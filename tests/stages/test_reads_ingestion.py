import json
import os
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pysam
import pytest
import pytest_asyncio
from pysam import samtools

import examples
from casepath.sequencing.v1.pharmacogenomics_pb2 import VariantsReceived
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_DAMAGED_ALIGNMENTS,
    REJECTION_REASON_DAMAGED_VARIANTS,
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_NOT_ONE_SAMPLE,
    REJECTION_REASON_OTHER_BUILD,
    REJECTION_REASON_OUTSIDE_CALLS,
    REJECTION_REASON_UNSORTED_VARIANTS,
    ReadsReceived,
    ReadsRejected,
)
from chassis.drop_folder import DropArea, DropFolder
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ListedOrders
from chassis.publisher import MemoryPublisher
from embedded import samples
from sequencing.dropped import Names, grouped
from sequencing.ingestion import Ingestion
from sequencing.references import of_file
from sequencing.settings import SequencingSettings

FIELDS = SequencingSettings.model_fields
NAMES = Names.of(*(FIELDS[f"{kind}_name"].default for kind in ("reads", "alignments", "variants", "outside_calls")))


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest_asyncio.fixture
async def ingestion(tmp_path: Path, publisher: MemoryPublisher) -> AsyncIterator[Ingestion]:
    with Isolated() as isolated:
        yield Ingestion(
            DropArea.at(tmp_path / "sequencer"),
            NAMES,
            of_file(Path(shutil.copy(samples.REFERENCE, tmp_path))),
            examples.NAMESPACE,
            ListedOrders([examples.order()]),
            Objects.at(f"file://{tmp_path / 'objects'}"),
            publisher,
            isolated,
        )


async def drop(ingestion: Ingestion, sample: str, contents: tuple[bytes, bytes]) -> None:
    for number, content in enumerate(contents, start=1):
        (ingestion.area.incoming / f"{examples.ACCESSION}_{sample}_R{number}.fastq.gz").write_bytes(content)
    for dropped in ingestion.grouped(sorted(ingestion.area.incoming.iterdir())):
        await ingestion.take(dropped)


def real() -> tuple[bytes, bytes]:
    return samples.READS[0].read_bytes(), samples.READS[1].read_bytes()


def published(publisher: MemoryPublisher) -> list[str]:
    return [record.topic for record in publisher.records]


@pytest.mark.parametrize("name", ["S1_B1_R1.fastq.gz", "S1_B1_1.fq.gz", "S1_B1_R1.fastq"])
def test_a_pair_is_found_by_its_names_whatever_their_style(name: str) -> None:
    first, second = Path(name), Path(re.sub(r"1(?=\.)", "2", name))
    found = grouped([second, first], NAMES, {})
    assert not found.alone
    (dropped,) = found.inputs
    assert (dropped.files, dropped.accession, dropped.sample) == ((first, second), "S1", "B1")


def test_a_read_waits_for_its_mate() -> None:
    halves = [Path("S1_B1_R1.fastq.gz"), Path("S1_B2_R2.fastq.gz")]
    found = grouped(halves, NAMES, {})
    assert (found.inputs, found.alone) == ([], set(halves))


async def test_reads_of_an_order_are_stored_and_announced(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    await drop(ingestion, "B1", real())
    (record,) = publisher.records
    data = ReadsReceived.FromString(record.value)
    assert (data.case_id, data.sample_id, data.pairs) == (examples.CASE, "B1", 12184)
    (group,) = data.read_groups
    assert await ingestion.objects.get(group.reads_1) == real()[0]
    assert list(ingestion.area.incoming.iterdir()) == []
    assert len(list(ingestion.area.filed.rglob("*.gz"))) == 2


async def test_the_same_reads_dropped_again_give_the_same_event(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    for _ in range(2):
        await drop(ingestion, "B1", real())
    ids = {dict(record.headers)["ce_id"] for record in publisher.records}
    assert len(publisher.records) == 2
    assert len(ids) == 1


async def test_bad_reads_are_set_aside_with_record_and_line(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    first, second = real()
    await drop(ingestion, "B1", (first[: len(first) // 2], second))
    data = ReadsRejected.FromString(publisher.records[0].value)
    assert data.file == 1
    assert data.record > 1
    (reason,) = ingestion.area.quarantine.root.glob("*/reason.json")
    said = json.loads(reason.read_text())
    assert said["reason"] == "TRUNCATED_GZIP"
    assert f"record {data.record}" in said["detail"]
    assert (reason.parent / f"{examples.ACCESSION}_B1_R1.fastq.gz").exists()


async def test_reads_without_an_order_wait_and_join_it_when_it_comes(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    ingestion.orders = ListedOrders([])
    await drop(ingestion, "B1", real())
    assert published(publisher) == ["sequencing.reads.rejected.v1"]
    assert await ingestion.resume() == 0
    ingestion.orders = ListedOrders([examples.order()])
    assert await ingestion.resume() == 1
    for dropped in ingestion.grouped(sorted(ingestion.area.incoming.iterdir())):
        await ingestion.take(dropped)
    assert published(publisher)[-1] == "sequencing.reads.received.v1"


async def test_reads_of_what_was_called_off_are_not_analysed_unless_it_is_ordered_again(ingestion: Ingestion) -> None:
    off = examples.order()
    off.services[1].called_off = True
    ingestion.orders = ListedOrders([off])
    await drop(ingestion, "B1", real())
    (held,) = ingestion.area.quarantine.held()
    assert held.reason == "ORDER_CALLED_OFF"
    assert await ingestion.resume() == 0
    ingestion.orders = ListedOrders([examples.order()])
    assert await ingestion.resume() == 1


async def test_bad_reads_that_somebody_mends_in_place_are_taken_up_again(
    ingestion: Ingestion, publisher: MemoryPublisher
) -> None:
    first, second = real()
    await drop(ingestion, "B1", (first[:1000], second))
    assert await ingestion.resume() == 0
    (held,) = ingestion.area.quarantine.held()
    held.files[0].write_bytes(first)
    os.utime(held.files[0], (time.time() + 5, time.time() + 5))
    assert await ingestion.resume() == 1
    for dropped in ingestion.grouped(sorted(ingestion.area.incoming.iterdir())):
        await ingestion.take(dropped)
    assert published(publisher)[-1] == "sequencing.reads.received.v1"


async def test_a_run_folder_is_taken_through_its_sample_sheet_and_waits_for_its_order(
    ingestion: Ingestion, publisher: MemoryPublisher
) -> None:
    run = ingestion.area.incoming / "261125_A00123_0042"
    reads = run / "Data" / "Intensities"
    reads.mkdir(parents=True)
    (run / "SampleSheet.csv").write_text(f"[Data]\nSample_ID,Sample_Project\nB1,{examples.ACCESSION}\n")
    (run / "RunInfo.xml").write_text("<RunInfo/>")
    for number, content in enumerate(real(), start=1):
        for lane in (1, 2):
            (reads / f"B1_S1_L00{lane}_R{number}_001.fastq.gz").write_bytes(content)
    orders, ingestion.orders = ingestion.orders, ListedOrders([])
    drop = DropFolder(ingestion.area.incoming, ingestion.accepts, 0.0, ingestion.unit)
    for dropped in ingestion.grouped(await drop.stable()):
        await ingestion.take(dropped)
    assert published(publisher) == ["sequencing.reads.rejected.v1"]
    ingestion.orders = orders
    assert await ingestion.resume() == 1
    for dropped in ingestion.grouped(await drop.stable()):
        await ingestion.take(dropped)
    data = ReadsReceived.FromString(publisher.records[-1].value)
    assert [group.id for group in data.read_groups] == ["B1.L001", "B1.L002"]
    assert (data.case_id, data.pairs) == (examples.CASE, 2 * 12184)
    assert {path.name for path in ingestion.area.incoming.rglob("*") if path.is_file()} == {"SampleSheet.csv", "RunInfo.xml"}


async def test_alignments_are_taken_with_their_read_groups(
    ingestion: Ingestion, publisher: MemoryPublisher, tmp_path: Path
) -> None:
    sam = tmp_path / "one.sam"
    sam.write_text("@HD\tVN:1.6\n@RG\tID:L7\tSM:x\tLB:lib\nr1\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\tRG:Z:L7\n")
    for name, damage in ((f"{examples.ACCESSION}_B1.bam", 0), (f"{examples.ACCESSION}_B2.bam", 40)):
        file = ingestion.area.incoming / name
        samtools.view("-b", "-o", str(file), str(sam), catch_stdout=False)
        file.write_bytes(file.read_bytes()[: -damage or None])
        (dropped,) = ingestion.grouped([file])
        await ingestion.take(replace(dropped, sample="B1"))
    received, rejected = publisher.records
    (group,) = ReadsReceived.FromString(received.value).read_groups
    assert (group.id, group.library, group.group_in_file) == ("L7", "lib", "L7")
    assert ReadsRejected.FromString(rejected.value).reason == REJECTION_REASON_DAMAGED_ALIGNMENTS


async def test_a_file_whose_name_says_nothing_is_set_aside(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    (ingestion.area.incoming / "reads.fastq.gz").write_bytes(b"x")
    (dropped,) = ingestion.grouped(sorted(ingestion.area.incoming.iterdir()))
    await ingestion.take(dropped)
    assert published(publisher) == ["sequencing.reads.rejected.v1"]
    assert await ingestion.resume() == 0


VARIANTS = (Path(__file__).parents[1] / "data/pgx/samples/NA18861.preprocessed.vcf").read_bytes()
HEAD, COLUMNS, RECORDS = re.split(rb"(#CHROM.*\n)", VARIANTS)
FIRST, SECOND, *_ = RECORDS.splitlines(keepends=True)


async def drop_variants(ingestion: Ingestion, content: bytes, name: str = "B1.vcf", outside: str = "") -> None:
    (ingestion.area.incoming / f"{examples.ACCESSION}_{name}").write_bytes(content)
    if outside:
        (ingestion.area.incoming / f"{examples.ACCESSION}_B1.outside.tsv").write_text(outside)
    for dropped in ingestion.grouped(sorted(ingestion.area.incoming.iterdir())):
        await ingestion.take(dropped)


def packed(folder: Path, content: bytes) -> bytes:
    """In blocks, as bgzip writes them."""
    with pysam.BGZFile(str(folder / "packed"), "wb") as file:
        file.write(content)
    return (folder / "packed").read_bytes()


@pytest.mark.parametrize("name", ["B1.vcf", "B1.g.vcf"])
async def test_variants_that_others_called_are_taken_with_calls_of_other_methods(
    ingestion: Ingestion, publisher: MemoryPublisher, name: str
) -> None:
    await drop_variants(ingestion, VARIANTS, name, "CYP2D6\t*4/*4\n")
    (record,) = publisher.records
    received = VariantsReceived.FromString(record.value)
    assert (received.sample_id, received.records) == ("B1", RECORDS.count(b"\n"))
    assert await ingestion.objects.get(received.variants) == VARIANTS
    assert await ingestion.objects.get(received.outside_calls) == b"CYP2D6\t*4/*4\n"
    assert not list(ingestion.area.incoming.iterdir())


async def test_calls_of_other_methods_wait_for_the_variants(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    table = ingestion.area.incoming / f"{examples.ACCESSION}_B1.outside.tsv"
    table.write_text("CYP2D6\t*4/*4\n")
    assert ingestion.grouped([table]) == []
    assert ingestion.unit(table) == ingestion.unit(table.with_name(f"{examples.ACCESSION}_B1.vcf"))


def several(content: bytes) -> bytes:
    return content.replace(b"\tFORMAT\t", b"\tFORMAT\tother\t")


@pytest.mark.parametrize(
    ("content", "reason", "place"),
    [
        (RECORDS, REJECTION_REASON_DAMAGED_VARIANTS, 0),
        (b"", REJECTION_REASON_DAMAGED_VARIANTS, 0),
        (HEAD + COLUMNS + FIRST + b"chr1\tx\n", REJECTION_REASON_DAMAGED_VARIANTS, 2),
        (HEAD + COLUMNS, REJECTION_REASON_EMPTY, 0),
        (HEAD + several(COLUMNS) + FIRST.rstrip() + b"\t0/0\n", REJECTION_REASON_NOT_ONE_SAMPLE, 0),
        (HEAD + COLUMNS + SECOND + FIRST, REJECTION_REASON_UNSORTED_VARIANTS, 2),
        (VARIANTS.replace(b"ID=chr1,", b"ID=chr1,length=249250621,"), REJECTION_REASON_OTHER_BUILD, 0),
    ],
    ids=["no header", "empty", "no record", "no variant", "two samples", "unsorted", "hg19"],
)
async def test_variants_that_are_not_fit_are_set_aside_with_the_place(
    ingestion: Ingestion, publisher: MemoryPublisher, content: bytes, reason: int, place: int
) -> None:
    await drop_variants(ingestion, content)
    (record,) = publisher.records
    rejected = ReadsRejected.FromString(record.value)
    assert (rejected.reason, rejected.record) == (reason, place)
    assert len(list((ingestion.area.incoming.parent / "quarantine").rglob("*.vcf"))) == 1


async def test_variants_that_were_cut_off_are_set_aside(ingestion: Ingestion, publisher: MemoryPublisher, tmp_path: Path) -> None:
    whole = packed(tmp_path, VARIANTS)
    for content in (whole[: len(whole) // 2], whole[:-28]):
        publisher.records.clear()
        await drop_variants(ingestion, content, "B1.vcf.gz")
        (record,) = publisher.records
        assert ReadsRejected.FromString(record.value).reason == REJECTION_REASON_DAMAGED_VARIANTS
    publisher.records.clear()
    await drop_variants(ingestion, whole, "B1.vcf.gz")
    assert published(publisher) == ["sequencing.variants.received.v1"]


async def test_a_table_of_other_methods_that_is_none_is_set_aside_with_its_line(
    ingestion: Ingestion, publisher: MemoryPublisher
) -> None:
    await drop_variants(ingestion, VARIANTS, outside="#gene\tdiplotype\nCYP2D6\n")
    (record,) = publisher.records
    rejected = ReadsRejected.FromString(record.value)
    assert (rejected.reason, rejected.file, rejected.line) == (REJECTION_REASON_OUTSIDE_CALLS, 2, 2)
