"""What pathologists said in care, as a model: released facts, a study, its opened workspace, a candidate, the registry's gate."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import pytest
import pytest_asyncio
from click.testing import CliRunner
from stages.region import NAMES, Region, case, fact
from stages.slide_reading import reading_at
from stages.test_model_registry import on_one_core
from stages.test_studies import Institute, institute_on

from casepath.deidentification.v1.release_pb2 import FactReleased, ReviewFact, ScoreFact, ScoreOutcome, SlideFact
from casepath.hub.v1.studies_pb2 import RESEARCH_TABLE_IMAGE_OCCURRENCE, RESEARCH_TABLE_MEASUREMENT
from casepath.inference.v1.scoring_pb2 import STAGE_CANARY, STAGE_PRODUCTION, STAGE_SHADOW, Finding, Model
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import VERDICT_ACCEPTED, VERDICT_CORRECTED, VERDICT_REJECTED, Verdict
from casepath.slides.v1.slide_pb2 import Instance
from chassis.errors import Malformed, Misconfigured
from chassis.objects import Objects
from embedded.programs import REPOSITORY
from hub.adapters.released import Released
from hub.studies.opening import open_workspace
from inference.adapters.sealed_cohort import cut_tiles
from inference.bundle import load_bundle
from inference.commands import model
from inference.research_commands import research
from slides.adapters.dicomizer import Conversion, convert
from tile_mosaic import MICRONS, SIDE, pixels, write_mosaic

BUNDLE = REPOSITORY / "services/inference/models/camelyon16-tile-demo"
TILES = REPOSITORY / "services/inference/training/tiles"
COLUMNS, ROWS = 2, 2
# The first have tiles that the model was trained on, the others tiles of a slide that it was not; more of that slide judge.
TRAINED_ON, PERSONS = 8, 12
EACH = 2
MODEL = Model(name="camelyon16-tile-demo", version="1", sha256="0" * 64)


def tiles_of(name: str, held: bool) -> list[Path]:
    return [path for path in sorted((TILES / name).glob("*.png")) if path.name.startswith("tumor_073") == held]


def mosaic(person: int) -> list[tuple[Path, bool]]:
    """Tiles of one made slide: real ones, half of them tumour."""
    held, number = person >= TRAINED_ON, person % TRAINED_ON
    names = ("tumor", "normal")
    return [(path, name == "tumor") for name in names for path in tiles_of(name, held)[EACH * number : EACH * (number + 1)]]


def evaluation_set(folder: Path) -> Path:
    """Tiles of the slide that the model was not trained on, of nobody in the cohort."""
    for name in ("tumor", "normal"):
        (folder / name).mkdir(parents=True)
        for path in tiles_of(name, True)[EACH * (PERSONS - TRAINED_ON) :]:
            shutil.copy(path, folder / name)
    return folder


def slide_of(person: int, folder: Path) -> Path:
    """The tiles, side by side."""
    tiles = [pixels(path) for path, _ in mosaic(person)]
    rows = [tiles[first : first + COLUMNS] for first in range(0, COLUMNS * ROWS, COLUMNS)]
    return write_mosaic(rows, folder / f"{person}.tiff")


def named(kind: str, *parts: object) -> str:
    return str(uuid5(NAMESPACE_OID, f"{kind}|{parts}"))


async def facts_of(person: int, folder: Path, store: Objects, verdicts: list[Verdict]) -> list[FactReleased]:
    """The case, its slide, what a model points at, and what a pathologist said of each."""
    out = folder / f"slide-{person}"
    source = slide_of(person, folder)
    identity = uuid5(NAMESPACE_OID, "hospital")
    made = convert(Conversion((source,), out, identity, str(person), "A1", microns_per_pixel=MICRONS))
    # Every case has a slide of this name.
    of_case, slide = NAMES.name("case", str(person)), named("slide", "A1")
    instances = []
    for one in made.instances:
        ref = await store.put(one.path, folder=f"released/warehouse/{NAMES.name('patient', str(person))}/{of_case}")
        instances.append(
            Instance(
                sop_instance_uid=one.sop_instance_uid,
                object=ObjectRef(path=ref.path, sha256=ref.sha256, size=ref.size),
                transfer_syntax_uid=one.transfer_syntax_uid,
                total_columns=one.total_columns,
                total_rows=one.total_rows,
                microns_per_pixel=one.microns_per_pixel,
            )
        )
    read, scored = fact(person), fact(person)
    read.slide.CopyFrom(SlideFact(case_id=of_case, slide_id=slide, scan_id=named("scan", person), instances=instances))
    regions = [
        Finding(finding_id=named("finding", person, number), column=number % COLUMNS, row=number // COLUMNS, columns=1, rows=1)
        for number in range(COLUMNS * ROWS)
    ]
    outcome = ScoreOutcome(score=0.9, regions=regions, tile_microns=SIDE * MICRONS)
    scored.score.CopyFrom(
        ScoreFact(
            case_id=of_case,
            slide_id=slide,
            scan_id=named("scan", person),
            job_id=named("job", person),
            model=MODEL,
            scored=outcome,
        )
    )
    reviews = []
    for region, verdict in zip(regions, verdicts, strict=True):
        said = fact(person)
        said.review.CopyFrom(ReviewFact(case_id=of_case, slide_id=slide, finding_id=region.finding_id, verdict=verdict))
        reviews.append(said)
    return [case(person), read, scored, *reviews]


def truth(person: int) -> list[Verdict]:
    return [VERDICT_ACCEPTED if tumour else VERDICT_REJECTED for _, tumour in mosaic(person)]


@dataclass(frozen=True, slots=True)
class Cohort:
    region: Region
    released: Objects


@pytest_asyncio.fixture(scope="module")
async def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    folder = tmp_path_factory.mktemp("care")
    released, region = Objects.at(f"file://{folder / 'released'}"), Region(folder / "region")
    for person in range(PERSONS):
        region.gather(await facts_of(person, folder, released, truth(person)))
    region.snapshot("20260101T000000.000000Z")
    return Cohort(region, released)


@pytest_asyncio.fixture
async def institute(cohort: Cohort, tmp_path: Path) -> AsyncIterator[Institute]:
    async with institute_on(cohort.region, tmp_path) as one:
        yield one


async def opened(institute: Institute, cohort: Cohort, text: str, into: Path) -> Path:
    """The workspace of a study on some of the patients, that was granted and extracted."""
    study = await institute.approved(cohort=text, tables=[RESEARCH_TABLE_MEASUREMENT, RESEARCH_TABLE_IMAGE_OCCURRENCE])
    made = await institute.extract(study)
    assert not made.refused
    await open_workspace(institute.studying.store, study.study_id, Released([cohort.released]), into, institute.studying.today())
    return into


@pytest_asyncio.fixture
async def workspace(institute: Institute, cohort: Cohort, tmp_path: Path) -> Path:
    """Opened, of a study that was granted."""
    study = await institute.approved(tables=[RESEARCH_TABLE_MEASUREMENT, RESEARCH_TABLE_IMAGE_OCCURRENCE])
    made = await institute.extract(study)
    assert (made.refused, made.rows["person"]) == ("", PERSONS)
    into = tmp_path / "workspace"
    images = await open_workspace(
        institute.studying.store, study.study_id, Released([cohort.released]), into, institute.studying.today()
    )
    assert images == made.rows["image_occurrence"]
    return into


def trained(workspace: Path, out: Path, *more: str) -> dict[str, object]:
    arguments = [str(workspace), "--base", str(BUNDLE), "--model-version", "2", "--out", str(out), "--json", *more]
    run = CliRunner().invoke(research, ["train", *arguments], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    found: dict[str, object] = json.loads(run.output)
    return found


def trusted_key(folder: Path) -> None:
    """Whose signatures a registry in this folder takes."""
    (folder / "trusted").mkdir()
    made = CliRunner().invoke(model, ["key", str(folder / "key.pem"), str(folder / "trusted/site.pem")])
    assert made.exit_code == 0, made.output


def sign(bundle: Path, folder: Path) -> None:
    signed = CliRunner().invoke(model, ["sign", str(bundle), "--key", str(folder / "key.pem")])
    assert signed.exit_code == 0, signed.output


async def test_tiles_are_those_that_pathologists_judged(workspace: Path, tmp_path: Path) -> None:
    counted = cut_tiles(workspace, load_bundle(BUNDLE).manifest, tmp_path / "tiles")
    assert counted == {"accepted": EACH * PERSONS, "rejected": EACH * PERSONS}
    real = {label: [pixels(path) for path in files] for label, files in judged_tiles().items()}
    for label in ("tumor", "normal"):
        cut = sorted((tmp_path / "tiles" / label).iterdir())
        assert len(cut) == EACH * PERSONS
        # JPEG was in between: of all real tiles the nearest is one of the same class, and near.
        for path in cut:
            mine = pixels(path).astype(np.float32)
            assert min(float(np.abs(mine - one).mean()) for one in real[label]) < 4


def judged_tiles() -> dict[str, list[Path]]:
    every = [one for person in range(PERSONS) for one in mosaic(person)]
    return {"tumor": [path for path, tumour in every if tumour], "normal": [path for path, tumour in every if not tumour]}


async def test_nothing_of_a_workspace_names_a_person_as_the_hospitals_project_does(workspace: Path) -> None:
    names = [NAMES.name(kind, str(person)) for kind in ("patient", "case") for person in range(PERSONS)]
    names += [named(kind, person) for kind in ("slide", "scan", "job") for person in range(PERSONS)]
    everything = (workspace / "study.duckdb").read_bytes()
    assert not [one for one in names if one.encode() in everything or one[:13].encode() in everything]
    assert all(path.suffix == ".dcm" and len(path.stem) == 64 for path in (workspace / "images").iterdir())


async def test_a_candidate_is_made_the_same_each_time_and_says_how_it_does(workspace: Path, tmp_path: Path) -> None:
    told = trained(workspace, tmp_path / "candidate", "--study", "MR-004 no. 2026-118")
    again = trained(workspace, tmp_path / "again")
    assert told["tiles"] == 2 * EACH * PERSONS
    assert told["persons"] == PERSONS
    assert told["auc_left_out"] == again["auc_left_out"]
    first, second = load_bundle(tmp_path / "candidate"), load_bundle(tmp_path / "again")
    assert first.sha256 == second.sha256 != load_bundle(BUNDLE).sha256
    assert first.manifest.training_slides > load_bundle(BUNDLE).manifest.training_slides
    assert "MR-004" in (tmp_path / "candidate/README.md").read_text()


async def test_a_candidate_goes_by_the_registrys_gate_and_a_poisoned_one_does_not(
    cohort: Cohort, workspace: Path, tmp_path: Path
) -> None:
    trained(workspace, tmp_path / "candidate")
    region = Region(tmp_path / "poisoned")
    for person in range(PERSONS):
        opposite = [VERDICT_REJECTED if one == VERDICT_ACCEPTED else VERDICT_ACCEPTED for one in truth(person)]
        region.gather(await facts_of(person, tmp_path, cohort.released, opposite))
    region.snapshot("20260101T000000.000000Z")
    (tmp_path / "other").mkdir()
    async with institute_on(region, tmp_path / "other") as institute:
        await opened(institute, cohort, "{}", tmp_path / "wrong")
    out = tmp_path / "wrong-candidate"
    arguments = [str(tmp_path / "wrong"), "--base", str(BUNDLE), "--model-version", "3", "--out", str(out)]
    assert CliRunner().invoke(research, ["train", *arguments], catch_exceptions=False).exit_code == 0
    objects = Objects.at(f"file://{tmp_path / 'registry'}")
    trusted_key(tmp_path)
    judges = evaluation_set(tmp_path / "evaluation")
    async with reading_at(tmp_path, BUNDLE, objects, on_one_core, evaluation_tiles=judges) as reading:
        for folder, version, passes in ((tmp_path / "candidate", "2", True), (out, "3", False)):
            sign(folder, tmp_path)
            await reading.governance.publish(folder, "robert")
            evaluated = await reading.governance.evaluate(MODEL.name, version)
            assert evaluated.passed == passes, evaluated.reason


async def test_twice_around_a_candidate_reaches_care_where_it_is_no_worse_and_not_where_it_is(
    institute: Institute, cohort: Cohort, tmp_path: Path
) -> None:
    """Each time of the verdicts on other patients, beginning with the bundle in production then."""
    trusted_key(tmp_path)
    judges, objects = evaluation_set(tmp_path / "evaluation"), Objects.at(f"file://{tmp_path / 'registry'}")
    async with reading_at(tmp_path, BUNDLE, objects, on_one_core, evaluation_tiles=judges) as reading:
        governance, base = reading.governance, BUNDLE
        await governance.evaluate(MODEL.name, "1")
        for version, text, better in (("2", '{"born_to": 1945}', True), ("3", '{"born_from": 1946}', False)):
            workspace = await opened(institute, cohort, text, tmp_path / f"workspace {version}")
            out = tmp_path / f"candidate {version}"
            arguments = [str(workspace), "--base", str(base), "--model-version", version, "--out", str(out)]
            assert CliRunner().invoke(research, ["train", *arguments], catch_exceptions=False).exit_code == 0
            assert load_bundle(out).manifest.about["made_from"].startswith(load_bundle(base).version)
            sign(out, tmp_path)
            await governance.publish(out, "robert")
            await governance.promote(MODEL.name, version, STAGE_SHADOW, 0, "looks", "dubois")
            after = await governance.evaluate(MODEL.name, version)
            assert after.passed == better, after.reason
            if better:
                await governance.promote(MODEL.name, version, STAGE_CANARY, 20, "reads some", "dubois")
                await governance.promote(MODEL.name, version, STAGE_PRODUCTION, 0, "is no worse", "dubois")
                base = out
            else:
                with pytest.raises(Malformed, match="did not pass"):
                    await governance.promote(MODEL.name, version, STAGE_PRODUCTION, 0, "reads", "dubois")
        line = await reading.models.store.line(MODEL.name)
        assert line.production is not None
        assert line.production.model.version == "2"


def verdicts_of(kind: str) -> Iterator[list[Verdict]]:
    for person in range(PERSONS):
        match kind:
            case "one class":
                yield [VERDICT_ACCEPTED] * (COLUMNS * ROWS)
            case "corrected":
                yield [VERDICT_CORRECTED] * (COLUMNS * ROWS)
            case "one person's":
                yield truth(person) if person == 0 else [VERDICT_ACCEPTED] * (COLUMNS * ROWS)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("one class", "48 accepted and 0 rejected"),
        ("corrected", "0 accepted and 0 rejected"),
        ("one person's", "at least 10 of each class"),
    ],
)
async def test_what_nothing_can_be_learnt_from_is_refused(cohort: Cohort, tmp_path: Path, kind: str, told: str) -> None:
    region = Region(tmp_path / "region")
    for person, verdicts in enumerate(verdicts_of(kind)):
        region.gather(await facts_of(person, tmp_path, cohort.released, verdicts))
    region.snapshot("20260101T000000.000000Z")
    async with institute_on(region, tmp_path) as institute:
        await opened(institute, cohort, "{}", tmp_path / "workspace")
    arguments = [str(tmp_path / "workspace"), "--base", str(BUNDLE), "--model-version", "2", "--out", str(tmp_path / "out")]
    with pytest.raises(Malformed, match=told):
        CliRunner().invoke(research, ["train", *arguments], catch_exceptions=False)
    assert not (tmp_path / "out").exists()


async def test_a_study_that_was_not_granted_is_not_opened(institute: Institute, cohort: Cohort, tmp_path: Path) -> None:
    study = await institute.requested()
    store, today = institute.studying.store, institute.studying.today()
    with pytest.raises(Malformed, match="not approved"):
        await open_workspace(store, study.study_id, Released([cohort.released]), tmp_path / "workspace", today)


async def test_a_study_without_images_trains_nothing(institute: Institute, cohort: Cohort, tmp_path: Path) -> None:
    study = await institute.approved(tables=[RESEARCH_TABLE_MEASUREMENT])
    await institute.extract(study)
    store, today = institute.studying.store, institute.studying.today()
    assert await open_workspace(store, study.study_id, Released([cohort.released]), tmp_path / "workspace", today) == 0
    with pytest.raises(Misconfigured, match="no images"):
        cut_tiles(tmp_path / "workspace", load_bundle(BUNDLE).manifest, tmp_path / "tiles")
