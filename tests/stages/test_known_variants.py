"""Variants looked up in snapshots of knowledge bases: three real records of ClinVar, on windows of the genome around them."""

import asyncio
import gzip
import json
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner

import examples
from casepath.portal.v1.reading_pb2 import VariantsDisowned
from casepath.sequencing.v1.known_variants_pb2 import KnownVariant, KnownVariants, VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    WITHHOLDING_REASON_OTHER_REFERENCE,
    WITHHOLDING_REASON_QUALITY,
    WITHHOLDING_REASON_UNREADABLE,
    PharmacogenomicsWithheld,
    VariantSource,
)
from casepath.sequencing.v1.sequencing_pb2 import QUALITY_SHORTFALL_Q30, VariantsCalled
from chassis.errors import Malformed, Misconfigured, Unavailable
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.publisher import MemoryPublisher
from chassis.worker import Received
from sequencing.commands import variants
from sequencing.interpreting import Interpreting
from sequencing.known_variants.annotating import Annotated, Annotating, Lookup, annotate
from sequencing.known_variants.lookup import Found, looked_up
from sequencing.known_variants.page import page
from sequencing.known_variants.snapshots import Loaded, Loading, load, snapshots_in
from sequencing.pharmacogenomics.issuing import Issuing
from sequencing.pharmacogenomics.page import Subject, subject_of
from sequencing.references import Reference, References, of_file
from sequencing.renewal import Renewal

EXCERPT = Path(__file__).parents[1] / "data/known_variants/clinvar_20260905.excerpt.vcf"
# The reference around MTHFR c.665, CFTR codon 508, EGFR codon 858 and TP53 codon 175, as the forward strand has it.
MTHFR, BEFORE_MTHFR = "GAAAAGCTGCGTGATGATGAAATCGGCTCCCGCAGACACCTTCTCCTTC", "GATGAAATCG"
CFTR, BEFORE_CFTR = "CCTGGATTATGCCTGGCACCATTAAAGAAAATATCATCTTTGGTGTTTCCTATGATGAATATAGATACAGAAG", "AAAGAAAATATC"
EGFR, BEFORE_EGFR = "AAGATCACAGATTTTGGGCTGGCCAAACTGCTGGGTGCGGAAGAG", "GATTTTGGGC"
TP53, BEFORE_TP53 = "TATCTGAGCAGCGCTCATGGTGGGGGCAGCGCCTCACAACCTCCGTC", "GGTGGGGGCAG"
GENOME = {"1": MTHFR, "7": CFTR + EGFR, "17": TP53}
AT_MTHFR = MTHFR.index(BEFORE_MTHFR) + len(BEFORE_MTHFR) + 1
AT_CFTR = CFTR.index(BEFORE_CFTR) + len(BEFORE_CFTR) + 1
AT_EGFR = len(CFTR) + EGFR.index(BEFORE_EGFR) + len(BEFORE_EGFR) + 1
AT_TP53 = TP53.index(BEFORE_TP53) + len(BEFORE_TP53) + 1
PLACES = {"1": AT_MTHFR, "7": AT_CFTR, "17": AT_TP53}
# In the form that CIViC's writer gives; of evidence 2997 what CIViC says, the second invented.
CIVIC_FIELDS = (
    "Allele|SYMBOL|CIViC Variant Name|CIViC Entity Type|CIViC Entity ID|CIViC Entity URL|CIViC Entity Variant Origin"
    "|CIViC Entity Status|CIViC Entity Significance|CIViC Entity Direction|CIViC Entity Disease|CIViC Entity Therapies"
    "|CIViC Evidence Level"
)
EVIDENCE = (
    "G|EGFR|L858R|evidence|2997|https://civicdb.org/links/evidence/2997|SOMATIC"
    "|accepted|SENSITIVITYRESPONSE|SUPPORTS|Lung_Non-small_Cell_Carcinoma|Afatinib|A"
)


def fasta(folder: Path, genome: dict[str, str], name: str = "windows", prefix: str = "") -> Reference:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.fa"
    file.write_text("".join(f">{prefix}{contig}\n{bases}\n" for contig, bases in genome.items()))
    return of_file(file)


def excerpt(folder: Path) -> Path:
    """ClinVar's records where the windows have them, and one that is benign, invented."""
    file = folder / "clinvar.vcf.gz"
    lines = []
    for line in EXCERPT.read_text().splitlines(keepends=True):
        cells = line.split("\t")
        if not line.startswith("#"):
            cells[1] = str(PLACES[cells[0]])
        lines.append("\t".join(cells))
    lines.append("7\t3\t900000001\tT\tC\t.\t.\tCLNSIG=Benign/Likely_benign;CLNREVSTAT=criteria_provided,_single_submitter\n")
    lines.append("7\t4\t900000002\tG\t.\t.\t.\tCLNSIG=not_provided\n")
    lines.append("NT_187633.1\t4\t900000003\tG\tA\t.\t.\tCLNSIG=Pathogenic\n")
    with gzip.open(file, "wt") as out:
        out.writelines(lines)
    return file


def civic(folder: Path) -> Path:
    file = folder / "civic.vcf"
    submitted = EVIDENCE.replace("2997", "999999").replace("accepted", "submitted")
    file.write_text(
        "##fileformat=VCFv4.2\n##fileDate=20261101\n##source=CIViCpy_v5.0.0\n"
        '##INFO=<ID=GN,Number=1,Type=String,Description="HGNC Gene Symbol">\n'
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from CIViC. Format: {CIVIC_FIELDS}">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"7\t{AT_EGFR}\t33\tT\tG\t.\t.\tGN=EGFR;CSQ={EVIDENCE},{submitted}\n"
    )
    return file


def sample(folder: Path, *rows: tuple[object, ...], prefix: str = "", contigs: str = "") -> Path:
    """A file of one sample; a row is contig, position, REF, ALT, FILTER, genotype."""
    file = folder / "sample.vcf"
    lines = "".join(f"{prefix}{c}\t{at}\t.\t{ref}\t{alt}\t.\t{kept}\t.\tGT\t{gt}\n" for c, at, ref, alt, kept, gt in rows)
    named = contigs or "".join(f"##contig=<ID={prefix}{name},length={len(bases)}>\n" for name, bases in GENOME.items())
    kinds = '##FILTER=<ID=low,Description="low">\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    file.write_text(f"##fileformat=VCFv4.2\n{named}{kinds}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n{lines}")
    return file


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    return fasta(tmp_path, GENOME)


@pytest.fixture
def loading(tmp_path: Path, reference: Reference) -> Loading:
    return load(excerpt(tmp_path), reference, tmp_path / "indexes", (), tmp_path / "snapshots")


@pytest.fixture
def loaded(tmp_path: Path, reference: Reference, loading: Loading) -> list[Loaded]:
    load(civic(tmp_path), reference, tmp_path / "indexes", (), tmp_path / "snapshots")
    return snapshots_in(tmp_path / "snapshots", References({reference.name: reference}))


def look_up(file: Path, loaded: list[Loaded], tmp_path: Path) -> Found:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return looked_up(file, loaded, tmp_path / "indexes", scratch)


def said(found: Found) -> dict[str, KnownVariant]:
    return {one.statements[0].accession: one for one in found.variants}


# The deletion of CFTR as an aligner may have it, one base to the right; of TP53 two alternates at once.
MINE = (
    ("1", AT_MTHFR, "G", "A", "PASS", "1|1"),
    ("7", 3, "T", "C", ".", "0/1"),
    ("7", AT_CFTR + 2, "CTTT", "T", "PASS", "0/1"),
    ("7", AT_EGFR, "T", "G", "PASS", "0/1"),
    ("17", AT_TP53, "C", "G,T", "PASS", "1/2"),
)


def test_a_snapshot_has_the_day_and_the_records_that_can_be_looked_up(loading: Loading) -> None:
    about = json.loads((loading.folder / "snapshot.json").read_text())
    assert loading.folder.name == "clinvar-windows-2026-09-05"
    assert (about["source"], about["release"], about["records"]) == ("ClinVar", "2026-09-05", "4")
    assert (loading.elsewhere, loading.unusable, loading.of_other_genes) == (1, 1, 0)


def test_a_snapshot_is_not_changed_once_it_is_loaded(tmp_path: Path, reference: Reference, loading: Loading) -> None:
    with pytest.raises(Misconfigured, match="is not changed"):
        load(excerpt(tmp_path), reference, tmp_path / "indexes", (), tmp_path / "snapshots")
    (loading.folder / "variants.vcf.gz").write_bytes(b"other")
    with pytest.raises(Misconfigured, match="is not what was loaded"):
        snapshots_in(tmp_path / "snapshots", References({reference.name: reference}))


def test_a_download_of_another_reference_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    other = fasta(tmp_path, {name: bases[::-1] for name, bases in GENOME.items()})
    with pytest.raises(Malformed, match="have other bases than windows"):
        load(excerpt(tmp_path), other, tmp_path / "indexes", (), tmp_path / "snapshots")
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_only_the_genes_that_a_laboratory_may_report_are_loaded(tmp_path: Path, reference: Reference) -> None:
    found = load(excerpt(tmp_path), reference, tmp_path / "indexes", ["CFTR"], tmp_path / "snapshots")
    assert (found.about.records, found.of_other_genes, list(found.about.genes)) == (1, 4, ["CFTR"])
    loaded = snapshots_in(tmp_path / "snapshots", References({reference.name: reference}))
    assert set(said(look_up(sample(tmp_path, *MINE), loaded, tmp_path))) == {"VCV000007105"}


def test_alleles_are_found_however_the_file_writes_them(tmp_path: Path, loaded: list[Loaded]) -> None:
    found = look_up(sample(tmp_path, *MINE, prefix="chr"), loaded, tmp_path)
    known = said(found)
    assert found.looked_up == 6
    assert list(known) == ["VCV000003520", "VCV900000001", "VCV000007105", "EID2997", "VCV000012374"]
    deletion, substituted = known["VCV000007105"], known["VCV000012374"]
    assert (deletion.position, deletion.reference_bases, deletion.alternate_bases) == (AT_CFTR, "ATCT", "A")
    assert (deletion.genotype, known["VCV000003520"].genotype) == ("0/1", "1|1")
    assert [(one.significance, one.review) for one in substituted.statements] == [
        ("Pathogenic", "reviewed by expert panel"),
        ("Oncogenic", "criteria provided, single submitter"),
        ("Tier I - Strong", "criteria provided, single submitter"),
    ]
    assert {one.release for one in substituted.statements} == {"2026-09-05"}


def test_what_is_not_accepted_filtered_or_not_called_is_not_told(tmp_path: Path, loaded: list[Loaded]) -> None:
    rows = (
        ("1", AT_MTHFR, "G", "A", "low", "0/1"),
        ("7", AT_CFTR, "ATCT", "A", "PASS", "./."),
        ("7", AT_EGFR, "T", "G", "PASS", "0/1"),
        ("17", AT_TP53, "C", "T", "PASS", "0/0"),
    )
    found = look_up(sample(tmp_path, *rows), loaded, tmp_path)
    assert [one.accession for known in found.variants for one in known.statements] == ["EID2997"]
    (evidence,) = said(found)["EID2997"].statements
    assert (list(evidence.therapies), list(evidence.conditions), evidence.review) == (
        ["Afatinib"],
        ["Lung Non-small Cell Carcinoma"],
        "A",
    )


def test_of_two_references_the_one_that_the_file_is_on_answers(tmp_path: Path, loaded: list[Loaded]) -> None:
    longer = fasta(tmp_path / "longer", {name: bases + "ACGT" for name, bases in GENOME.items()})
    reversed_ = fasta(tmp_path / "reversed", {name: bases[::-1] for name, bases in GENOME.items()})
    no_lengths = "##contig=<ID=1>\n##contig=<ID=7>\n##contig=<ID=17>\n"
    for other, contigs in ((longer, ""), (reversed_, ""), (reversed_, no_lengths)):
        snapshots = [replace(loaded[0], reference=other), *loaded]
        found = look_up(sample(tmp_path, *MINE, contigs=contigs), snapshots, tmp_path)
        assert [one.reference for one in found.snapshots] == ["windows", "windows"]
        assert len(found.variants) == 5


def test_the_page_shows_what_is_notable_and_counts_the_rest(tmp_path: Path, loaded: list[Loaded]) -> None:
    found = look_up(sample(tmp_path, *MINE), loaded, tmp_path)
    english, french = (page(found, Subject("B1"), language) for language in ("en", "fr"))
    assert "6 variants looked up, 5 known, 4 shown below." in english
    assert "Of 1 more the sources say benign" in english
    assert "VCV900000001" not in english
    assert "ClinVar 2026-09-05" in english
    assert "What is not here is not thereby harmless" in english
    assert "pas pour autant sans danger" in french
    assert "les deux copies" in french


@pytest.fixture(scope="module")
def process() -> Iterator[Isolated]:
    with Isolated() as one:
        yield one


@pytest_asyncio.fixture
async def annotating(tmp_path: Path, process: Isolated, loaded: list[Loaded]) -> Annotating:
    objects = Objects.at(f"file://{tmp_path / 'objects'}")
    orders = ShelvedOrders(objects, "sequencing", examples.NAMESPACE)
    await orders.shelf.put(examples.CASE, examples.order())
    return Annotating(objects, orders, process, loaded, tmp_path / "indexes", tmp_path)


async def told(annotating: Annotating, content: bytes) -> VariantsAnnotated:
    source = VariantSource(
        case_id=examples.CASE, patient_id=examples.PATIENT, sample_id="B1", variants=await annotating.objects.put(content)
    )
    (event,) = await annotating.annotated(source)
    assert isinstance(event.data, VariantsAnnotated)
    return event.data


async def test_a_file_of_variants_gives_statements_and_pages_once(annotating: Annotating, tmp_path: Path) -> None:
    content = sample(tmp_path, *MINE).read_bytes()
    first = await told(annotating, content)
    assert (first.looked_up, first.known, first.notable) == (6, 5, 4)
    assert [(one.source, one.release) for one in first.snapshots] == [("CIViC", "2026-11-01"), ("ClinVar", "2026-09-05")]
    kept = KnownVariants.FromString(await annotating.objects.get(first.variants))
    assert len(kept.variants) == 5
    assert [one.language for one in first.pages] == ["en", "fr"]
    assert (await annotating.objects.get(first.pages[0].pdf)).startswith(b"%PDF-1.7")
    assert await told(annotating, content) == first


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no VCF", WITHHOLDING_REASON_UNREADABLE),
        (
            b"##fileformat=VCFv4.2\n##contig=<ID=7,length=99>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n",
            WITHHOLDING_REASON_OTHER_REFERENCE,
        ),
        (
            b"##fileformat=VCFv4.2\n##contig=<ID=7>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=x>\n"
            b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n7\t3\t.\tA\tC\t.\t.\t.\tGT\t0/1\n",
            WITHHOLDING_REASON_OTHER_REFERENCE,
        ),
        (
            b"##fileformat=VCFv4.2\n##contig=<ID=7>\n##contig=<ID=8>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=x>\n"
            b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n8\t3\t.\tA\tC\t.\t.\t.\tGT\t0/1\n",
            WITHHOLDING_REASON_OTHER_REFERENCE,
        ),
    ],
    ids=["no VCF", "other lengths", "other bases", "nothing that shows"],
)
async def test_what_cannot_be_looked_up_is_said_to_be_so(annotating: Annotating, content: bytes, reason: int) -> None:
    found = await told(annotating, content)
    assert found.withheld == reason
    assert not found.pages


def annotate_on_a_full_disk(lookup: Lookup) -> Annotated:
    """Files of this process may not grow beyond a little, as where there is no space."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
    return annotate(lookup)


async def test_a_full_disk_is_the_machines_fault_and_not_the_variants(tmp_path: Path, loaded: list[Loaded]) -> None:
    subject = subject_of(examples.order(), "B1")
    lookup = Lookup(sample(tmp_path, *MINE), tuple(loaded), tmp_path / "indexes", tmp_path, subject)
    with Isolated() as cramped, pytest.raises(Unavailable, match="is there room"):
        await cramped.run(annotate_on_a_full_disk, lookup, 60)
    with Isolated() as roomy:
        assert (await roomy.run(annotate, lookup, 60)).known == 5


async def test_a_newer_release_has_each_sample_looked_up_again_and_says_how_many_are_spoken_of_otherwise(
    annotating: Annotating, tmp_path: Path, reference: Reference
) -> None:
    first, publisher, stop = await told(annotating, sample(tmp_path, *MINE).read_bytes()), MemoryPublisher(), asyncio.Event()
    await Renewal([annotating.renewed], publisher).all(stop)
    assert publisher.records == []
    newer = tmp_path / "newer.vcf"
    with gzip.open(excerpt(tmp_path), "rt") as lines:
        text = lines.read().replace("##fileDate=2026-09-05", "##fileDate=2026-11-21")
    newer.write_text(text.replace("CLNREVSTAT=reviewed_by_expert_panel;CLNSIG=drug_response", "CLNSIG=Benign"))
    load(newer, reference, tmp_path / "indexes", (), tmp_path / "later")
    annotating.snapshots = tuple(snapshots_in(tmp_path / "later", References({reference.name: reference})))
    for _ in range(2):
        await Renewal([annotating.renewed], publisher).all(stop)
    (record,) = publisher.records
    again = VariantsAnnotated.FromString(record.value)
    # Of MTHFR's variant another significance, and of EGFR's nothing: CIViC was not loaded again.
    assert (again.amends, again.changed) == (first.annotation_id, 2)
    assert [(one.source, one.release) for one in again.snapshots] == [("ClinVar", "2026-11-21")]
    assert await told(annotating, sample(tmp_path, *MINE).read_bytes()) == again


async def test_variants_of_another_patient_are_not_looked_up_again(annotating: Annotating, tmp_path: Path) -> None:
    found, publisher = await told(annotating, sample(tmp_path, *MINE).read_bytes()), MemoryPublisher()
    said = VariantsDisowned(case_id=examples.CASE, sample_id="B1", variants_sha256=[found.variants_sha256])
    await annotating.disowned.keep(said)
    annotating.snapshots = annotating.snapshots[:1]
    await Renewal([annotating.renewed], publisher).all(asyncio.Event())
    assert publisher.records == []


async def test_reads_below_the_thresholds_are_not_interpreted(annotating: Annotating) -> None:
    called = examples.BY_TOPIC["sequencing.variants.called.v1"]
    assert isinstance(called, VariantsCalled)
    poor = VariantsCalled()
    poor.CopyFrom(called)
    poor.shortfalls.append(QUALITY_SHORTFALL_Q30)
    issuing = Issuing(annotating.objects, annotating.orders, annotating.process, annotating.scratch)
    route = Interpreting(issuing, annotating).routes()[0]
    drugs, known = await route.handle(Received(poor, examples.envelope(route.topic.name)))
    assert isinstance(drugs.data, PharmacogenomicsWithheld)
    assert isinstance(known.data, VariantsAnnotated)
    assert known.data.withheld == WITHHOLDING_REASON_QUALITY


def test_the_command_loads_and_looks_up(tmp_path: Path, reference: Reference) -> None:
    folder, genes = tmp_path / "snapshots", tmp_path / "genes.txt"
    genes.write_text("TP53\nCFTR\n")
    on = ["--reference", str(reference.fasta)]
    loaded = CliRunner().invoke(variants, ["snapshot", str(excerpt(tmp_path)), *on, "--genes", str(genes), "--into", str(folder)])
    assert "ClinVar 2026-09-05 on windows: 2 records" in loaded.output
    file = str(sample(tmp_path, *MINE))
    asked = CliRunner().invoke(variants, ["annotate", file, *on, "--snapshots", str(folder), "--out", str(tmp_path / "p.html")])
    assert "6 variants looked up, 2 known" in asked.output
    assert "ClinVar 2026-09-05 VCV000007105: Pathogenic (CFTR-related disorder" in asked.output
    assert "VCV000012374" in (tmp_path / "p.html").read_text()
