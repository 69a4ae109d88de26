"""Where something comes in that others made, and what is tried there.

An input is `wrong` where it is known that it must be refused: it was cut, or it breaks a rule of its format as those who
collected it say. Of what was merely changed nobody knows, and either answer may be right.
"""

import asyncio
import gzip
import json
import logging
import math
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pydicom.data
import structlog
import tifffile
from stages.constructed_models import brightness, bundle
from stages.constructed_slides import FORMATS
from unit.intake.test_any_bytes import mutated
from unit.intake.test_fhir_bundles import bundle as transaction

import examples
from advice.cds_hooks import outcomes
from advice.prescriptions import asked
from casepath.topics import BY_NAME
from chassis.errors import Malformed, Misconfigured, Rejected
from chassis.events import check, opened
from chassis.json_text import json_of
from chassis.publisher import MemoryPublisher
from embedded import samples
from hub.cohorts import read_cohort
from inference.adapters.onnx_session import OnnxSession
from inference.bundle import load_model
from intake import fhir_bundles
from intake.receiving import Receiver
from malformed.damage import OF_BYTES, OF_TEXT, cut, damaged
from portal.cohort_form import cohort_of, lines_of
from portal.handlers import checked_geojson
from portal.language import translator
from sequencing.adapters.alignment_file import check_alignments
from sequencing.adapters.fastq import check_pairs
from sequencing.adapters.received_variants import check_variants
from sequencing.runs import wes
from slides.adapters.dicomizer import Conversion, convert

DATA = Path(__file__).parents[1] / "data"
LIGHT = np.full((1, 8, 8, 3), 250, np.uint8)
DAMAGED = 0.9
# Mistakes that a BAM file cannot have, or in how reads were aligned, which is not used: they are aligned anew.
MENDED = frozenset({"cigar.fail2", "rname.fail9", "rname.fail10", "rnext.fail9", "seq.fail1", "seq.fail2"})
DEEP = '"so deep"'
JUNK: list[Any] = [
    *(None, True, -1, 1e308, 10**400, math.nan, math.inf, "", "x" * 70_000, "\0", "\ud800", "so deep"),
    *("9999-99-99", "nan", "inf", "1e999", "NULL", [], {}, [[]], {"reference": 1}, "urn:uuid:0"),
]
HEAD = b"@SQ\tSN:20\tLN:9000\n@RG\tID:A\tSM:s\tLB:l\n"


@dataclass(frozen=True, slots=True)
class Input:
    """Files by name; `main` is the one that is opened."""

    files: Mapping[str, bytes]
    main: str
    wrong: bool = False

    def written(self, folder: Path) -> Path:
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / self.main


@dataclass(frozen=True, slots=True)
class Door:
    """`take` runs in a process of its own; it raises one of `refusals` for what it refuses."""

    name: str
    tried: str
    inputs: Callable[[Random], Iterator[Input]]
    take: Callable[[Input], None]
    refusals: tuple[type[Exception], ...] = (Rejected,)
    seconds: float = 60.0
    # Whether it is isolated in the service too, so that an input may end the process that reads it.
    isolated: bool = field(default=False)


def slide(path: Path) -> Callable[[Random], Iterator[Input]]:
    return lambda rng: changes({path.name: path.read_bytes()}, path.name, rng)


def constructed(rng: Random) -> Iterator[Input]:
    """One file of a slide of one of the formats that are constructed here."""
    with TemporaryDirectory() as folder:
        made = []
        for name, (make, suffix) in FORMATS.items():
            whole = Path(folder) / name
            whole.mkdir()
            main = make(whole / f"slide{suffix}")
            files = {str(path.relative_to(whole)): path.read_bytes() for path in sorted(whole.rglob("*")) if path.is_file()}
            made.append((files, main.name))
    while True:
        yield next(changes(*rng.choice(made), rng))


def changes(files: Mapping[str, bytes], main: str, rng: Random) -> Iterator[Input]:
    while True:
        victim = rng.choice([name for name, content in files.items() if content])
        yield Input({**files, victim: damaged(files[victim], rng, OF_BYTES)}, main)


def boundaries(path: Path) -> list[int]:
    """Where its directories and tiles begin and end."""
    with tifffile.TiffFile(path) as tiff:
        pages = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage)]
        places = {page.offset for page in pages}
        for page in pages:
            for start, length in zip(page.dataoffsets, page.databytecounts, strict=True):
                places |= {start, start + length}
    return sorted(place for place in places if 0 < place < path.stat().st_size)


def truncated(path: Path) -> Callable[[Random], Iterator[Input]]:
    def inputs(rng: Random) -> Iterator[Input]:
        content, places = path.read_bytes(), boundaries(path)
        while True:
            yield Input({path.name: content[: rng.choice(places)]}, path.name, wrong=True)

    return inputs


def foreign_dicom(_: Random) -> Iterator[Input]:
    """What pydicom tests itself with: images of other kinds, and files that are broken."""
    for path in sorted(Path(str(pydicom.data.get_testdata_file("CT_small.dcm"))).parent.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            yield Input({"slide.dcm": path.read_bytes()}, "slide.dcm", wrong=True)


def convert_slide(one: Input) -> None:
    with TemporaryDirectory() as folder:
        main = one.written(Path(folder) / "in")
        convert(Conversion((main,), Path(folder) / "out", UUID(int=1), "n", "A1", microns_per_pixel=0.25))


def reads(rng: Random) -> Iterator[Input]:
    lines = [gzip.decompress(path.read_bytes()).split(b"\n")[:2000] for path in samples.READS]
    whole = [b"\n".join(one) + b"\n" for one in lines]
    while True:
        files, wrong = {}, False
        for number, content in enumerate(whole, start=1):
            where = rng.choice(["content", "stream", "cut", "nowhere"])
            packed = gzip.compress(damaged(content, rng, OF_TEXT) if where == "content" else content, 1)
            if where == "stream":
                packed = damaged(packed, rng, OF_TEXT)
            if where == "cut":
                shorter = bytearray(packed)
                cut(shorter, rng)
                packed, wrong = bytes(shorter), True
            files[f"r{number}.fastq.gz"] = packed
        yield Input(files, "r1.fastq.gz", wrong)


def broken_records(_: Random) -> Iterator[Input]:
    """The mistakes that Biopython collects (Tests/Quality/error_*), each in the second of three records of the first file."""
    good = [(f"@r{number}", "ACGTACGTAC", "+", "IIIIIIIIII") for number in range(3)]
    title, bases, plus, scores = good[1]
    broken: list[tuple[str, ...]] = [
        (title, bases, "+other", scores),
        (title, bases, plus, scores, scores),
        (title, bases, bases, plus, scores),
        (title, bases, plus, scores + "I"),
        (title, bases, plus, scores[:-1]),
        (title, bases, plus),
        (title, bases),
        (title,),
        (title, bases, scores),
        (title[1:], bases, plus, scores),
        ("", title, bases, plus, scores),
        *((title, bases, plus, f"III{chr(code)}IIIIII") for code in (0, 9, 11, 27, 31, 32, 127)),
        *((title, f"ACG{chr(code)}ACGTAC", plus, scores) for code in (0, 9, 11, 27, 31, 32, 127)),
    ]
    for record in broken:
        lines = [line for one in (good[0], record, good[2]) for line in one]
        first, second = ("\n".join(one).encode() + b"\n" for one in (lines, [line for one in good for line in one]))
        yield Input({"r1.fastq.gz": gzip.compress(first), "r2.fastq.gz": gzip.compress(second)}, "r1.fastq.gz", wrong=True)


def take_reads(one: Input) -> None:
    with TemporaryDirectory() as folder:
        one.written(Path(folder))
        check_pairs((Path(folder) / "r1.fastq.gz", Path(folder) / "r2.fastq.gz"))


def packed(archive: Path, under: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for member in sorted(opened.getmembers(), key=lambda one: one.name):
            content = opened.extractfile(member) if member.isfile() and under in member.name else None
            if content is not None:
                yield member.name, content.read()


def broken_alignments(_: Random) -> Iterator[Input]:
    """As they are, which is as text, and as BAM where htslib makes one of it that still is wrong."""
    for name, content in packed(DATA / "sequencing" / "hts-specs-sam.tar.xz", "/failed/"):
        yield Input({"reads.bam": content}, "reads.bam", wrong=True)
        with suppress(OSError, ValueError, NotImplementedError):
            yield Input({"reads.bam": as_bam(content)}, "reads.bam", wrong=Path(name).stem not in MENDED)


def alignments(rng: Random) -> Iterator[Input]:
    """A BAM file, its header or records changed before it is packed, and its blocks after."""
    bases, scores = "ACGT" * 25, "I" * 100
    lines = [f"r{number}\t4\t*\t0\t0\t*\t*\t0\t0\t{bases}\t{scores}\tRG:Z:A\n".encode() for number in range(200)]
    whole = HEAD + b"".join(lines)
    while True:
        if rng.random() < 0.5:
            with suppress(OSError, ValueError, NotImplementedError):
                yield Input({"reads.bam": as_bam(damaged(whole, rng, OF_TEXT))}, "reads.bam")
            continue
        content = as_bam(whole)
        if rng.random() < 0.5:
            shorter = bytearray(content)
            cut(shorter, rng)
            yield Input({"reads.bam": bytes(shorter)}, "reads.bam", wrong=True)
        else:
            yield Input({"reads.bam": damaged(content, rng, OF_BYTES)}, "reads.bam")


def as_bam(sam: bytes) -> bytes:
    import pysam

    with TemporaryDirectory() as folder:
        text, packed_ = Path(folder) / "reads.sam", Path(folder) / "reads.bam"
        text.write_bytes(sam)
        with pysam.AlignmentFile(str(text), check_sq=False) as source, pysam.AlignmentFile(str(packed_), "wb", source) as out:
            for read in source:
                out.write(read)
        return packed_.read_bytes()


def take_alignments(one: Input) -> None:
    with TemporaryDirectory() as folder:
        check_alignments((one.written(Path(folder)), samples.REFERENCE))


def broken_variants(_: Random) -> Iterator[Input]:
    for _name, content in packed(DATA / "sequencing" / "hts-specs-vcf.tar.xz", "/failed/"):
        yield Input({"sample.vcf": content}, "sample.vcf", wrong=True)


def variants(rng: Random) -> Iterator[Input]:
    whole = samples.GENOTYPES.read_bytes()
    while True:
        yield Input({"sample.vcf": damaged(whole, rng, OF_TEXT)}, "sample.vcf")


def take_variants(one: Input) -> None:
    with TemporaryDirectory() as folder:
        check_variants((one.written(Path(folder)),))


def messages(rng: Random) -> Iterator[Input]:
    while True:
        yield Input({"message": mutated(rng)}, "message")


def take_message(one: Input) -> None:
    """Refused is what the sender is told to be; taken, what is published."""

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    async def answered() -> tuple[str, bool]:
        publisher = MemoryPublisher()
        receiver = Receiver(publisher, examples.NAMESPACE, ZoneInfo("Europe/Paris"), "utf-8")
        answer = await receiver.answer(one.files[one.main])
        return answer.split(b"\rMSA|")[1][:2].decode(), bool(publisher.records)

    code, published = asyncio.run(answered())
    if published != (code == "AA"):
        raise AssertionError("what was answered is not what was done")
    if code != "AA":
        raise Rejected(code)


def elements(whole: object, rng: Random) -> bytes:
    """JSON of which one element is left out, or is something else; or its text is changed."""
    found: Any = json.loads(json.dumps(whole))
    element: Any = found
    while True:
        key: Any = rng.choice(list(element) if isinstance(element, dict) else range(len(element)))
        if isinstance(element[key], dict | list) and element[key] and rng.random() < DAMAGED:
            element = element[key]
            continue
        if rng.random() < 0.3:
            del element[key]
        else:
            element[key] = rng.choice(JUNK)
        break
    content = json.dumps(found).encode().replace(DEEP.encode(), b"[" * 100_000)
    return content if rng.random() < DAMAGED else damaged(content, rng, OF_TEXT)


def json_like(whole: Callable[[], object]) -> Callable[[Random], Iterator[Input]]:
    def inputs(rng: Random) -> Iterator[Input]:
        while True:
            yield Input({"said.json": elements(whole(), rng)}, "said.json")

    return inputs


def take_transaction(one: Input) -> None:
    try:
        for event in fhir_bundles.events(fhir_bundles.read(one.files[one.main]), examples.NAMESPACE):
            check(event.data)
    except fhir_bundles.NotTaken as error:
        raise Rejected(str(error)) from None


def question() -> dict[str, Any]:
    """What a prescribing system asks, and what it says of the answer."""
    drug = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "32968"}], "text": "Clopidogrel"}
    order = {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": drug}
    referring = {"resourceType": "MedicationRequest", "id": "2", "medicationReference": {"reference": "#m", "display": "m"}}
    contained = {"contained": [{"id": "m", "code": drug, "ingredient": [{"itemCodeableConcept": drug}]}]}
    return {
        "hook": "order-sign",
        "hookInstance": "1",
        "context": {
            "userId": "Practitioner/1",
            "patientId": str(UUID(int=1)),
            "selections": ["MedicationRequest/1"],
            "draftOrders": {
                "resourceType": "Bundle",
                "entry": [{"resource": order}, {"resource": {**referring, **contained}}],
            },
        },
        "prefetch": {"patient": {"identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "1"}]}},
        "feedback": [{"outcome": "overridden", "overrideReason": {"reason": {"code": "other"}}}],
    }


def take_question(one: Input) -> None:
    body = json_of(one.files[one.main], "the request is not JSON")
    asked(body, "order-sign", examples.NAMESPACE)
    outcomes(body)


def form(one: Input) -> dict[str, Any]:
    said = json_of(one.files[one.main], "the form cannot be read")
    if not isinstance(said, dict):
        raise Rejected("no form")
    return said


def run_request() -> dict[str, Any]:
    return {
        "workflow_params": {"reads": [["r1.fq", "r2.fq"]], "reference": "GRCh38", "sample": "s", "engine": "bcftools"},
        "tags": {"project": "p", "purpose": "q"},
        "workflow_engine_parameters": {"targets": "all", "reference": "GRCh38"},
    }


def take_run(one: Input) -> None:
    """Both kinds of a request; its fields are JSON each, as a form has them."""
    said = form(one)
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
    of_workflow = {"workflow_type": wes.SNAKEMAKE, "workflow_type_version": wes.SNAKEMAKE_VERSION, "workflow_url": "Snakefile"}
    wes.workflow_header_of({**fields, **of_workflow}, ["Snakefile"])
    wes.header_of({**fields, "workflow_type": wes.TYPE, "workflow_type_version": wes.TYPE_VERSION, "workflow_url": wes.WORKFLOW})


def cohort() -> dict[str, str]:
    return {
        "sex": "female",
        "born_from": "1950",
        "born_to": "1980",
        "table-1": "measurement",
        "code-1": "8480-6",
        "least-1": "1,5",
        "most-1": "3",
        "table-2": "note",
        "word-2": "carcinome",
    }


def take_cohort(one: Input) -> None:
    made = cohort_of({name: str(value) for name, value in form(one).items()})
    read_cohort(made)
    list(lines_of(made, translator("fr")))


def drawn() -> dict[str, Any]:
    ring = [[1, 1], [5, 1], [5, 5], [1, 1]]
    shapes = [("Point", [1, 1]), ("LineString", ring), ("Polygon", [ring])]
    features = [{"type": "Feature", "geometry": {"type": kind, "coordinates": places}} for kind, places in shapes]
    return {"type": "FeatureCollection", "features": features}


def take_annotations(one: Input) -> None:
    checked_geojson(json_of(one.files[one.main], "annotations are JSON"), 100, 100)


def records(rng: Random) -> Iterator[Input]:
    """A message of any topic as Kafka would have it."""
    names = sorted(examples.BY_TOPIC)
    while True:
        name = rng.choice(names)
        content = examples.BY_TOPIC[name].SerializeToString()
        yield Input({name: damaged(content, rng, OF_BYTES)}, name)


def take_record(one: Input) -> None:
    opened(BY_NAME[one.main].message, one.files[one.main])


def models(rng: Random) -> Iterator[Input]:
    whole = brightness()
    while True:
        yield Input({"model.onnx": damaged(whole, rng, OF_BYTES)}, "model.onnx")


def take_model(one: Input) -> None:
    with TemporaryDirectory() as folder:
        session = OnnxSession(load_model(bundle(Path(folder), "brightness", one.files[one.main])), "cpu", 1)
        answers = session.run({session.inputs[0].name: LIGHT})
    if not all(math.isfinite(float(value)) for values in answers.values() for value in values.ravel()[:1]):
        raise Rejected("no number")


SVS, DICOM = samples.SLIDE, DATA / "slides" / "lossless-jpeg2000.dcm"
DOORS = [
    Door("slides", "Aperio SVS, cut where a directory or tile begins or ends", truncated(SVS), convert_slide, isolated=True),
    Door("slides", "Aperio SVS (JPEG), changed", slide(SVS), convert_slide, isolated=True),
    Door(
        "slides", "Aperio SVS (JPEG 2000), changed", slide(DATA / "slides" / "jpeg2000-no-mpp.svs"), convert_slide, isolated=True
    ),
    Door("slides", "nine other formats, a file of them changed", constructed, convert_slide, isolated=True),
    Door("slides", "DICOM, changed", slide(DICOM), convert_slide, isolated=True),
    Door("slides", "DICOM: pydicom's test files", foreign_dicom, convert_slide, isolated=True),
    Door("reads", "FASTQ pairs, changed or cut, before or after gzip", reads, take_reads, isolated=True),
    Door("reads", "FASTQ: the mistakes that Biopython collects", broken_records, take_reads, isolated=True),
    Door("reads", "SAM: hts-specs' failed, and as BAM", broken_alignments, take_alignments, isolated=True),
    Door("reads", "BAM, changed or cut, before or after it is packed", alignments, take_alignments, isolated=True),
    Door("variants", "VCF: hts-specs' failed", broken_variants, take_variants, isolated=True),
    Door("variants", "VCF, changed", variants, take_variants, isolated=True),
    Door("messages", "HL7 v2, changed", messages, take_message),
    Door("transactions", "FHIR, changed", json_like(transaction), take_transaction),
    Door("questions", "CDS Hooks, changed", json_like(question), take_question),
    Door("runs", "WES 1.1, changed", json_like(run_request), take_run),
    Door("cohorts", "a form of the portal, changed", json_like(cohort), take_cohort),
    Door("annotations", "GeoJSON, changed", json_like(drawn), take_annotations),
    Door("topics", "protobuf of every topic, changed", records, take_record),
    Door("models", "ONNX, changed", models, take_model, (Rejected, Misconfigured, Malformed), isolated=True),
]
