"""From variants to the report of what they say of drugs, on real files, and its pages."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pysam
import pytest
import pytest_asyncio
from click.testing import CliRunner, Result
from google.protobuf.message import Message

import examples
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    WITHHOLDING_REASON_NOTHING_COVERED,
    WITHHOLDING_REASON_OTHER_REFERENCE,
    WITHHOLDING_REASON_UNREADABLE,
    PharmacogenomicReport,
    PharmacogenomicsReported,
    PharmacogenomicsWithheld,
    VariantsReceived,
)
from chassis.events import Event
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.publisher import MemoryPublisher
from chassis.worker import Received
from sequencing.interpreting import Interpreting
from sequencing.known_variants.annotating import Annotating
from sequencing.pharmacogenomics import definitions
from sequencing.pharmacogenomics.commands import pgx
from sequencing.pharmacogenomics.issuing import Issuing
from sequencing.pharmacogenomics.reissue import reissued
from sequencing.renewal import Renewal

SAMPLE = Path(__file__).parents[1] / "data/pgx/samples/NA18861.preprocessed.vcf"
OUTSIDE = "CYP2D6\t*4/*4\tPoor Metabolizer\t0.0\n"


@pytest.fixture(scope="module")
def process() -> Iterator[Isolated]:
    with Isolated() as one:
        yield one


@pytest_asyncio.fixture
async def issuing(tmp_path: Path, process: Isolated) -> Issuing:
    return await at(tmp_path, process)


async def at(folder: Path, process: Isolated) -> Issuing:
    objects = Objects.at(f"file://{folder / 'objects'}")
    orders = ShelvedOrders(objects, "sequencing", examples.NAMESPACE)
    await orders.shelf.put(examples.CASE, examples.order())
    return Issuing(objects, orders, process, folder)


async def received(issuing: Issuing, content: bytes, outside: str = "") -> VariantsReceived:
    variants = await issuing.objects.put(content)
    calls = await issuing.objects.put(outside.encode()) if outside else None
    return VariantsReceived(
        case_id=examples.CASE,
        patient_id=examples.PATIENT,
        sample_id="B1",
        run_id=examples.RUN,
        variants=variants,
        records=1,
        outside_calls=calls,
    )


async def heard(issuing: Issuing, data: Message) -> list[Event]:
    annotating = Annotating(issuing.objects, issuing.orders, issuing.process, (), issuing.scratch, issuing.scratch)
    route = next(route for route in Interpreting(issuing, annotating).routes() if route.topic.message is type(data))
    return list(await route.handle(Received(data, examples.envelope(route.topic.name))))


async def issued(issuing: Issuing, data: Message) -> Message:
    (event,) = await heard(issuing, data)
    found: Message = event.data
    return found


async def reported(issuing: Issuing, content: bytes = SAMPLE.read_bytes(), outside: str = "") -> PharmacogenomicsReported:
    found = await issued(issuing, await received(issuing, content, outside))
    assert isinstance(found, PharmacogenomicsReported)
    return found


async def said(issuing: Issuing, ref: ObjectRef) -> PharmacogenomicReport:
    return PharmacogenomicReport.FromString(await issuing.objects.get(ref))


async def test_a_file_of_variants_gives_genes_advice_and_pages_in_two_languages(issuing: Issuing) -> None:
    found = await reported(issuing, outside=OUTSIDE)
    genes = {one.gene: one for one in found.genes}
    assert list(genes["CYP2D6"].diplotypes) == ["*4/*4"]
    assert genes["CYP2D6"].outside
    assert not genes["HLA-B"].diplotypes
    assert "needs an HLA typer" in genes["HLA-B"].reason
    codeine = next(one for one in found.changed_drugs if one.name == "codeine")
    assert (codeine.name_fr, codeine.rxnorm) == ("codéine", "2670")
    report = await said(issuing, found.report)
    assert any(drug.name == "codeine" for one in report.advice if one.changes for drug in one.drugs)
    pages = {page.language: (await issuing.objects.get(page.html)).decode() for page in found.pages}
    assert "EXEMPLE Zoé" in pages["fr"]
    assert "<h3>codéine</h3>" in pages["fr"]
    assert "<h3>codeine</h3>" in pages["en"]
    for page in found.pages:
        assert (await issuing.objects.get(page.pdf)).startswith(b"%PDF-1.7")


async def test_the_same_variants_give_the_same_report_to_the_byte(issuing: Issuing, tmp_path: Path) -> None:
    first = await reported(issuing)
    assert await reported(issuing) == first
    assert await reported(await at(tmp_path / "elsewhere", issuing.process)) == first


async def test_a_newer_file_amends_and_a_repeat_of_the_older_does_not(issuing: Issuing) -> None:
    first = await reported(issuing)
    second = await reported(issuing, outside=OUTSIDE)
    assert second.amends == first.report_id
    assert "codeine" in [one.name for one in second.amended_drugs]
    assert await reported(issuing) == first
    third = await reported(issuing, outside=OUTSIDE.replace("*4/*4", "*5/*5"))
    assert third.amends == second.report_id


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SAMPLE.read_bytes().replace(b"assembly=GRCh38", b"length=1,assembly=GRCh38"), WITHHOLDING_REASON_OTHER_REFERENCE),
        (b"not a VCF", WITHHOLDING_REASON_UNREADABLE),
        (
            b"".join(line for line in SAMPLE.read_bytes().splitlines(keepends=True) if line[:1] == b"#"),
            WITHHOLDING_REASON_NOTHING_COVERED,
        ),
    ],
    ids=["other build", "no VCF", "nothing covered"],
)
async def test_variants_that_say_nothing_are_withheld_with_the_reason(issuing: Issuing, content: bytes, reason: int) -> None:
    found = await issued(issuing, await received(issuing, content))
    assert isinstance(found, PharmacogenomicsWithheld)
    assert found.reason == reason


async def test_what_is_called_here_is_read_by_its_index(issuing: Issuing, tmp_path: Path) -> None:
    """As much is told as of the whole file, though a genome's blocks are not walked."""
    plain = shutil.copy(SAMPLE, tmp_path / "calls.vcf")
    packed = pysam.tabix_index(str(plain), preset="vcf", keep_original=True)
    called = examples.variants_called()
    called.genomic_variants.CopyFrom(await issuing.objects.put(Path(packed)))
    called.genomic_variants_index.CopyFrom(await issuing.objects.put(Path(f"{packed}.tbi")))
    found = await issued(issuing, called)
    assert isinstance(found, PharmacogenomicsReported)
    assert list(found.genes) == list((await reported(issuing)).genes)


@pytest.fixture
def newer_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Turns this process, and those that begin later, to tables in which guidance for codeine says otherwise."""
    cached = (definitions.tables, definitions.tables_sha256)

    def turn() -> None:
        folder = tmp_path / "tables"
        shutil.copytree(definitions.tables(), folder)
        path = folder / "guidelines/CPIC_codeine_and_CYP2D6.json"
        path.write_text(path.read_text().replace("Avoid codeine use", "Avoid all use of codeine"))
        monkeypatch.setenv("CASEPATH_PHARMACOGENE_TABLES", str(folder))
        for function in cached:
            function.cache_clear()

    yield turn
    for function in cached:
        function.cache_clear()


def listed(issuing: Issuing) -> Result:
    """What an operator sees beforehand."""
    store = f"file://{issuing.objects.folder}"
    return CliRunner().invoke(pgx, ["affected", "--objects", store, "--namespace", str(examples.NAMESPACE), "--keys-off"])


async def test_reports_that_would_say_otherwise_are_issued_again_and_no_others(
    issuing: Issuing, newer_tables: Callable[[], None]
) -> None:
    """Of two samples, one has an outside call of codeine's gene."""
    with_gene, publisher, stop = await reported(issuing, outside=OUTSIDE), MemoryPublisher(), asyncio.Event()
    without = await received(issuing, SAMPLE.read_bytes())
    without.sample_id = "B2"
    await issued(issuing, without)
    await Renewal([partial(reissued, issuing)], publisher).all(stop)
    assert not publisher.records
    newer_tables()
    told = await asyncio.to_thread(listed, issuing)
    assert told.exit_code == 0, told.output
    assert told.stdout == f"{examples.CASE}  codeine\n"
    with Isolated() as issuing.process:
        await Renewal([partial(reissued, issuing)], publisher).all(stop)
        await Renewal([partial(reissued, issuing)], publisher).all(stop)
    (record,) = publisher.records
    again = PharmacogenomicsReported.FromString(record.value)
    assert (again.sample_id, again.amends) == ("B1", with_gene.report_id)
    assert [one.name for one in again.amended_drugs] == ["codeine"]


async def test_of_variants_that_are_another_patients_nothing_is_said_again_and_of_others_of_the_sample_it_is(
    issuing: Issuing, newer_tables: Callable[[], None]
) -> None:
    """The report was issued, and its withdrawal did not come here yet."""
    source, publisher = await received(issuing, SAMPLE.read_bytes(), OUTSIDE), MemoryPublisher()
    await issued(issuing, source)
    said = examples.variants_disowned()
    said.variants_sha256[:] = [source.variants.sha256]
    await issuing.disowned.keep(said)
    assert await heard(issuing, source) == []
    newer_tables()
    with Isolated() as issuing.process:
        await Renewal([partial(reissued, issuing)], publisher).all(asyncio.Event())
        assert not publisher.records
        other = await received(issuing, SAMPLE.read_bytes().replace(b"VCFv4.2\n", b"VCFv4.2\n##again=1\n"))
        assert other.variants.sha256 != source.variants.sha256
        assert isinstance(await issued(issuing, other), PharmacogenomicsReported)


async def test_a_report_that_was_withdrawn_is_amended_by_no_newer_table(
    issuing: Issuing, newer_tables: Callable[[], None]
) -> None:
    with_gene, publisher = await reported(issuing, outside=OUTSIDE), MemoryPublisher()
    said = examples.genomics_withdrawn()
    said.report_id = with_gene.report_id
    assert await heard(issuing, said) == []
    newer_tables()
    with Isolated() as issuing.process:
        await Renewal([partial(reissued, issuing)], publisher).all(asyncio.Event())
    assert not publisher.records
