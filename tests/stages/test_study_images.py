"""A study's images over DICOMweb, as the field's own clients read them: what is theirs, under the study's own names."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import httpx
import pydicom
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from dicomweb_client import DICOMwebClient
from dicomweb_client.session_utils import create_session_from_auth
from PIL import Image
from playwright.async_api import Page, async_playwright, expect
from pydicom.datadict import tag_for_keyword
from pydicom.encaps import generate_frames
from pydicom.uid import UID
from stages.bearer import Bearer
from stages.region import LATER, NAMES, Region, case, fact, subject, withdrawal
from stages.test_studies import Institute, institute_on
from wsidicom import WsiDicom, WsiDicomWebClient

from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, AccessRecorded
from casepath.deidentification.v1.release_pb2 import FactReleased, ReviewFact, ScoreFact, ScoreOutcome, SlideFact
from casepath.hub.v1.studies_pb2 import (
    RESEARCH_TABLE_IMAGE_OCCURRENCE,
    RESEARCH_TABLE_MEASUREMENT,
    RESEARCH_TABLE_PROCEDURE_OCCURRENCE,
    EndStudyRequest,
    Study,
)
from casepath.inference.v1.scoring_pb2 import Finding, Model
from casepath.portal.v1.reading_pb2 import VERDICT_ACCEPTED
from casepath.slides.v1.slide_pb2 import Instance
from chassis.access import Gate
from chassis.access_log import AccessLog
from chassis.accounts import AccountsFile, account, save_accounts
from chassis.http_server import HttpServer
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from deidentification.adapters.dicom_files import deidentify
from deidentification.dicom import Disguise
from deidentification.pseudonyms import Subject
from deidentification.scanner import Scanner
from embedded.programs import REPOSITORY
from hub.adapters.released import Released
from hub.studies.dicomweb import Dicomweb
from hub.studies.opening import open_workspace
from portal.adapters.study_service import study_service
from portal.login_pages import PasswordLogin
from portal.people import PasswordDoor
from portal.web import application
from portal_desk import desk_at
from slides.adapters.dicomizer import Conversion, convert
from tile_mosaic import MICRONS, SIDE, pixels, write_mosaic

PERSONS = 6
TILES = sorted((REPOSITORY / "services/inference/training/tiles/normal").glob("*.png"))
TABLES = (RESEARCH_TABLE_IMAGE_OCCURRENCE, RESEARCH_TABLE_PROCEDURE_OCCURRENCE, RESEARCH_TABLE_MEASUREMENT)
# A slide is of so many tiles on each side: four frames.
SIDE_TILES = 4
ORDERED = date(2025, 3, 4)
JPEG = "1.2.840.10008.1.2.4.50"


type Header = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Regional:
    """What hospitals released, and where."""

    region: Region
    store: Objects
    folder: Path

    def stored(self, sha256: str) -> pydicom.Dataset:
        (path,) = self.folder.rglob(sha256)
        return pydicom.dcmread(path)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    @property
    def names(self) -> set[str]:
        """All by which an image could be led back to the hospitals' project."""
        with self.region.warehouse.snapshot() as database:
            levels = "image_study_uid, image_series_uid, image_instance_uid"
            query = f"select {levels}, slide_source_value, scan_source_value, case_source_value from image_occurrence"
            found = {name for row in database.sql(query).fetchall() for name in row}
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in self.files()]
        uids = {uid for one in headers for uid in own_uids(one.to_json_dict())}
        specimens = {str(one.SpecimenDescriptionSequence[0].SpecimenIdentifier) for one in headers}
        return found | uids | specimens | {subject(one) for one in range(PERSONS)}


async def slide_of(person: int, folder: Path, store: Objects) -> FactReleased:
    """A slide of real tiles, as `slides` converts it and `deidentification` lets it out."""
    tiles = [pixels(TILES[(person + number) % len(TILES)]) for number in range(SIDE_TILES**2)]
    source = write_mosaic([tiles[at : at + SIDE_TILES] for at in range(0, len(tiles), SIDE_TILES)], folder / f"{person}.tiff")
    made = convert(
        Conversion((source,), folder / str(person), uuid5(NAMESPACE_OID, "h"), f"S{person}", "A1", microns_per_pixel=MICRONS)
    )
    disguise, instances = Disguise(Subject(NAMES, str(person))), []
    for one in made.instances:
        whole = pydicom.dcmread(one.path)
        whole.StudyDate = "20250306"
        whole.save_as(one.path)
        out = folder / f"{person}-{one.sop_instance_uid}.dcm"
        header = deidentify(one.path, out, disguise, Scanner.of([]))
        ref = await store.put(out, folder=f"released/warehouse/{subject(person)}/{NAMES.name('case', str(person))}")
        instances.append(
            Instance(
                sop_instance_uid=header.SOPInstanceUID,
                object=ref,
                transfer_syntax_uid=one.transfer_syntax_uid,
                total_columns=one.total_columns,
                total_rows=one.total_rows,
                microns_per_pixel=one.microns_per_pixel,
            )
        )
    said = fact(person)
    said.slide.CopyFrom(
        SlideFact(
            case_id=NAMES.name("case", str(person)),
            slide_id=NAMES.name("slide", "A1"),
            scan_id=NAMES.name("scan", str(person)),
            study_instance_uid=header.StudyInstanceUID,
            series_instance_uid=header.SeriesInstanceUID,
            instances=instances,
        )
    )
    return said


def pointed_at(person: int) -> list[FactReleased]:
    """What a model points at on the slide, the second tile of the first row, and that a pathologist accepts it."""
    scored, reviewed, finding = fact(person), fact(person), NAMES.name("finding", str(person))
    region = Finding(finding_id=finding, column=1, row=0, columns=1, rows=1, score=0.875)
    about = {"case_id": NAMES.name("case", str(person)), "slide_id": NAMES.name("slide", "A1")}
    scored.score.CopyFrom(
        ScoreFact(
            **about,
            scan_id=NAMES.name("scan", str(person)),
            job_id=NAMES.name("job", str(person)),
            model=Model(name="demo", version="1", sha256="0" * 64),
            scored=ScoreOutcome(score=0.875, regions=[region], tile_microns=SIDE * MICRONS),
        )
    )
    reviewed.review.CopyFrom(ReviewFact(**about, finding_id=finding, verdict=VERDICT_ACCEPTED))
    return [scored, reviewed]


async def regional(folder: Path) -> Regional:
    store, region = Objects.at(f"file://{folder / 'released'}"), Region(folder / "region")
    for person in range(PERSONS):
        region.gather([case(person), await slide_of(person, folder, store), *pointed_at(person)])
    region.snapshot("20260101T000000.000000Z")
    return Regional(region, store, folder / "released")


@pytest_asyncio.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> Regional:
    return await regional(tmp_path_factory.mktemp("regional"))


@dataclass(frozen=True, slots=True)
class Served:
    """The hub's studies and their images."""

    institute: Institute
    regional: Regional
    base: str

    async def study(self) -> Study:
        """Granted, with an extract of everybody."""
        study = await self.institute.approved(tables=TABLES)
        made = await self.institute.extract(study)
        assert (made.refused, made.rows["person"]) == ("", PERSONS)
        return study

    def address(self, study: Study) -> str:
        return f"{self.base}/studies/{study.study_id}/dicomweb"

    def token(self, who: str, role: str = "researcher") -> str:
        return self.institute.signer.token(who, [role], 600)

    async def blocking[R](self, study: Study, act: Callable[[DICOMwebClient], R]) -> R:
        """What a client does that blocks."""
        with create_session_from_auth(Bearer(self.token("leroy"))) as session:
            return await asyncio.to_thread(act, DICOMwebClient(self.address(study), session=session))

    async def asked(self, study: Study, path: str, who: str = "leroy", role: str = "researcher") -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"{self.address(study)}/{path}", headers={"Authorization": f"Bearer {self.token(who, role)}"})


@asynccontextmanager
async def served_at(found: Regional, folder: Path) -> AsyncIterator[Served]:
    async with institute_on(found.region, folder) as institute:
        web = Dicomweb(
            institute.studying, Released([found.store]), Gate.at(folder / "keys.json"), AccessLog(institute.told, "hub")
        )
        server, stop = HttpServer(web.app(), "127.0.0.1", 0), asyncio.Event()
        serving = asyncio.create_task(server.run(stop))
        yield Served(institute, found, f"http://127.0.0.1:{server.port}")
        stop.set()
        await serving


@pytest_asyncio.fixture
async def served(shared: Regional, tmp_path: Path) -> AsyncIterator[Served]:
    async with served_at(shared, tmp_path) as one:
        yield one


def value(row: Header, keyword: str) -> str:
    (found,) = row[f"{tag_for_keyword(keyword):08X}"]["Value"]
    return str(found)


def own_uids(row: Header) -> set[str]:
    """Those that are not the standard's, in sequences too."""
    found = set()
    for element in row.values():
        for one in element.get("Value", []):
            if element["vr"] == "SQ":
                found |= own_uids(one)
            elif element["vr"] == "UI" and UID(one).is_private:
                found.add(one)
    return found


async def test_dicomweb_client_finds_each_persons_slide_as_the_rows_name_it(served: Served) -> None:
    study = await served.study()
    rows = await served.institute.rows(study, "select distinct person_id, case_id, slide_id, scan_id from image_occurrence")
    told = []
    for one in await served.blocking(study, lambda client: client.search_for_studies(fields=["StudyDescription"])):
        uid = value(one, "StudyInstanceUID")
        (series,) = await served.blocking(study, partial(DICOMwebClient.search_for_series, study_instance_uid=uid))
        person = value(one, "PatientID"), value(one, "StudyDescription")
        told.append((*person, value(series, "ContainerIdentifier"), value(series, "SeriesDescription")))
    assert sorted(told) == sorted(rows)
    assert len(told) == PERSONS


async def test_a_search_by_person_finds_their_slides_alone(served: Served) -> None:
    study = await served.study()
    ((person,),) = await served.institute.rows(study, "select min(person_id) from person")

    async def found(patient: str) -> list[Header]:
        searched = partial(DICOMwebClient.search_for_studies, search_filters={"PatientID": patient})
        return await served.blocking(study, searched)

    (mine,) = await found(person)
    assert value(mine, "PatientID") == person
    assert await found(subject(0)) == []
    assert len(await found(f"{person[:2]}*")) >= 1


async def test_no_header_leads_back_to_the_hospitals_project_nor_to_another_study(served: Served) -> None:
    told: list[list[Header]] = []
    for study in (await served.study(), await served.study()):
        headers = []
        for one in await served.blocking(study, DICOMwebClient.search_for_studies):
            headers += (await served.asked(study, f"studies/{value(one, 'StudyInstanceUID')}/metadata")).json()
        told.append(headers)
    names = served.regional.names
    assert len(names) > 4 * PERSONS
    for listed in map(json.dumps, told):
        assert len(listed) > 10_000
        assert not [name for name in names if name in listed]
    mine, others = ({uid for row in listed for uid in own_uids(row)} for listed in told)
    assert len(mine) > 3 * PERSONS
    assert not mine & others


async def test_an_image_is_moved_by_as_many_days_as_its_persons_rows(served: Served) -> None:
    study = await served.study()
    query = "select person_id, sha256, procedure_date from image_occurrence join procedure_occurrence using (person_id)"
    for person, sha256, ordered in await served.institute.rows(study, query):
        searched = partial(DICOMwebClient.search_for_studies, search_filters={"PatientID": person})
        (found,) = await served.blocking(study, searched)
        scanned = day(str(served.regional.stored(sha256).StudyDate)) - day(value(found, "StudyDate"))
        assert scanned == ORDERED - date.fromisoformat(ordered)
        assert 1 <= scanned.days <= 365


def day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()


async def test_frames_are_those_that_were_released_and_a_viewer_sees_their_pixels(served: Served) -> None:
    study = await served.study()

    def looked(client: DICOMwebClient) -> tuple[list[bytes], bytes]:
        one = client.search_for_studies()[0]
        uid = value(one, "StudyInstanceUID")
        (series,) = client.search_for_series(uid)
        instances = client.search_for_instances(uid, value(series, "SeriesInstanceUID"))
        (instance,) = [one for one in instances if value(one, "NumberOfFrames") == "4"]
        uids = uid, value(series, "SeriesInstanceUID"), value(instance, "SOPInstanceUID")
        frames = [bytes(one) for one in client.retrieve_instance_frames(*uids, [1, 4], media_types=(("image/jpeg", JPEG),))]
        with WsiDicom.open_web(WsiDicomWebClient(client), *uids[:2]) as slide:
            return frames, slide.read_region((100, 100), 0, (300, 300)).tobytes()

    frames, seen = await served.blocking(study, looked)
    stored = {}
    for path in served.regional.files():
        dataset = pydicom.dcmread(path)
        listed = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
        if len(listed) == 4:
            stored[listed[0], listed[3]] = path
    with WsiDicom.open(stored[frames[0], frames[1]]) as slide:
        assert slide.read_region((100, 100), 0, (300, 300)).tobytes() == seen


async def instance_of(served: Served, study: Study) -> str:
    """The address of one of a study's images."""
    (one, *_) = (await served.asked(study, "studies")).json()
    (instance, *_) = (await served.asked(study, f"studies/{value(one, 'StudyInstanceUID')}/instances")).json()
    series = f"studies/{value(one, 'StudyInstanceUID')}/series/{value(instance, 'SeriesInstanceUID')}"
    return f"{series}/instances/{value(instance, 'SOPInstanceUID')}"


async def test_files_of_an_opened_workspace_have_the_studys_names_and_the_released_pixels(served: Served, tmp_path: Path) -> None:
    study = await served.study()
    store, into = served.institute.studying.store, tmp_path / "workspace"
    await open_workspace(store, study.study_id, Released([served.regional.store]), into, date.today())
    rows = await served.institute.rows(study, "select sha256, slide_id from image_occurrence")
    assert len(rows) == len(served.regional.files())
    for sha256, slide in rows:
        file = into / "images" / f"{sha256}.dcm"
        dataset, released = pydicom.dcmread(file), served.regional.stored(sha256)
        assert (dataset.ContainerIdentifier, dataset.PixelData) == (slide, released.PixelData)
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        content = file.read_bytes()
        assert not [name for name in served.regional.names if name.encode() in content]
    with WsiDicom.open(file) as opened:
        assert opened.size.width > 0


async def test_members_look_at_them_and_nobody_else(served: Served) -> None:
    study = await served.study()
    image = await instance_of(served, study)
    shown = await served.asked(study, f"{image}/frames/1/rendered")
    assert shown.headers["cache-control"] == "no-store"
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert picture.size == (512, 512)
    for path in ("studies", f"{image}/metadata", f"{image}/frames/1", f"{image}/frames/1/rendered", f"{image}/bulkdata/00282000"):
        for who, role in (("dupont", "researcher"), ("girard", "data-protection-officer"), ("martin", "pathologist")):
            assert (await served.asked(study, path, who, role)).status_code == 403
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{served.address(study)}/{path}")).status_code == 401
    told = [AccessRecorded.FromString(record.value) for record in served.institute.told.records]
    refused = [one for one in told if one.outcome == OUTCOME_REFUSED]
    assert {"dupont", "girard", "martin", ""} == {one.agent.user_id for one in refused}
    seen = [one for one in told if one.outcome != OUTCOME_REFUSED and "rendered" in one.operation]
    assert [(entry.kind, entry.identifier) for entry in seen[0].entries] == [("ResearchStudy", study.study_id)]


async def test_no_file_leaves_and_none_comes_in(served: Served) -> None:
    study = await served.study()
    image = await instance_of(served, study)
    assert (await served.asked(study, image)).status_code == 404
    headers = {"Authorization": f"Bearer {served.token('leroy')}"}
    async with httpx.AsyncClient(headers=headers) as client:
        assert (await client.post(f"{served.address(study)}/studies", content=b"")).status_code == 405


async def test_an_image_of_another_study_is_not_there_and_neither_is_one_that_was_not_asked_for(served: Served) -> None:
    study, other = await served.study(), await served.study()
    image = await instance_of(served, other)
    assert (await served.asked(study, f"{image}/frames/1")).status_code == 404
    rows = await served.institute.approved(tables=[RESEARCH_TABLE_PROCEDURE_OCCURRENCE])
    assert (await served.asked(rows, "studies")).status_code == 400
    await served.institute.extract(rows)
    assert (await served.asked(rows, "studies")).json() == []


async def test_who_withdraws_is_not_seen_any_more_and_nothing_is_once_the_study_ends(tmp_path: Path) -> None:
    found = await regional(tmp_path)
    async with served_at(found, tmp_path) as served:
        study = await served.study()
        query = "select distinct person_id from image_occurrence"
        before = {one for (one,) in await served.institute.rows(study, query)}
        assert len((await served.asked(study, "studies")).json()) == PERSONS
        found.region.gather([withdrawal(0, LATER)])
        found.region.snapshot("20260102T000000.000000Z")
        await served.institute.studying.keep()
        shown = {value(one, "PatientID") for one in (await served.asked(study, "studies")).json()}
        assert len(shown) == PERSONS - 1
        assert shown < before
        image = await instance_of(served, study)
        assert (await served.asked(study, f"{image}/frames/1")).status_code == 200
        await served.institute.ask("leroy", "EndStudy", EndStudyRequest(study_id=study.study_id))
        assert (await served.asked(study, f"{image}/frames/1")).status_code == 400


async def test_an_image_that_cannot_be_read_is_refused_and_keeps_no_other_from_being_seen(tmp_path: Path) -> None:
    found = await regional(tmp_path)
    async with served_at(found, tmp_path) as served:
        study = await served.study()
        names = await served.institute.studying.store.names(study.study_id)
        broken = found.files()[0].parent
        for path in broken.iterdir():
            header = pydicom.dcmread(path, stop_before_pixels=True)
            path.write_bytes(bytes(path.stat().st_size))
        of = {"studies": header.StudyInstanceUID, "series": header.SeriesInstanceUID, "instances": header.SOPInstanceUID}
        address = "/".join(f"{level}/{names.uid(uid)}" for level, uid in of.items())
        refused = await served.asked(study, f"{address}/metadata")
        assert (refused.status_code, "cannot be read" in refused.json()["error"]) == (400, True)
        assert len((await served.asked(study, "studies")).json()) == PERSONS - 1


@asynccontextmanager
async def portal_at(served: Served, folder: Path) -> AsyncIterator[str]:
    """A portal before the hub, where leroy has a password."""
    accounts = folder / "accounts.json"
    save_accounts(accounts, [account("leroy", "Dominique Leroy", ["researcher"], "right")])
    door, objects = PasswordDoor(AccountsFile(accounts).now), Objects.at(f"file://{folder / 'portal'}")
    studies = study_service(served.institute.address, None)
    signer = served.institute.signer
    async with desk_at(objects, MemoryPublisher(), door, signer, served.base, studies=studies) as desk:
        app = application(desk, PasswordLogin(door, desk.accesses), "secret", https_only=False)
        server, stop = HttpServer(app, "127.0.0.1", 0), asyncio.Event()
        serving = asyncio.create_task(server.run(stop))
        yield f"http://127.0.0.1:{server.port}"
        stop.set()
        await serving
    await studies.close()


async def test_a_researcher_finds_a_persons_slide_and_looks_at_it_by_keyboard(served: Served, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: make setup-test installs it"
    study = await served.study()
    ((person,),) = await served.institute.rows(study, "select max(person_id) from person")
    async with portal_at(served, tmp_path) as base, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await (await browser.new_context(locale="fr", viewport={"width": 1200, "height": 800})).new_page()
        errors: list[str] = []
        tiles: list[dict[str, str]] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda answer: tiles.append(answer.headers) if "/tiles/" in answer.url else None)
        await page.goto(f"{base}/login")
        await page.get_by_label("Nom").fill("leroy")
        await page.get_by_label("Mot de passe").fill("right")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{base}/research")
        await page.goto(f"{base}/studies/{study.study_id}")
        await page.get_by_role("link", name="Images").click()
        await expect(page.locator("tbody tr")).to_have_count(PERSONS)
        assert await barriers(page) == ""
        await page.get_by_label("Personne").fill(person)
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await expect(page.locator("tbody")).to_contain_text(person)
        await page.locator("tbody a").focus()
        await page.keyboard.press("Enter")
        # The scale says that the slide is open, and how large it is.
        scale = page.locator(".scalebar span").first
        await expect(scale).to_contain_text("µm")
        whole = await scale.inner_text()
        box = page.locator(".pane").first.locator("polygon.finding")
        await expect(page.locator(".pane").first).to_contain_text("0,88 · Accepté")
        await expect(box).to_have_count(1)
        await page.keyboard.press("f")
        await expect(box).to_have_count(0)
        await page.keyboard.press("+")
        await page.keyboard.press("+")
        await expect(scale).not_to_have_text(whole)
        await page.keyboard.press("s")
        await expect(page.locator(".pane").nth(1)).to_be_visible()
        await page.keyboard.press("d")
        await expect(page.get_by_role("status")).to_contain_text("Mesure")
        await page.keyboard.press(" ")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press(" ")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Distance")
        assert await barriers(page) == ""
        assert (errors, {(one["content-type"], one["cache-control"]) for one in tiles}) == ([], {("image/jpeg", "no-store")})
        for wrong in ("images/1%3Fx", "images/1%2F2", "tiles/1/2/x/1", "images/9.9"):
            answer = await page.context.request.get(f"{base}/studies/{study.study_id}/{wrong}")
            assert answer.status in (400, 404), wrong
        await browser.close()


async def barriers(page: Page) -> str:
    found = await Axe().run(page)
    return found.generate_report() if found.violations_count else ""
