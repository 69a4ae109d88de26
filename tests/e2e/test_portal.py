"""Reading a case in a real browser: by keyboard alone, in two languages, without a barrier."""

import json
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from casepath.cases.v1.cases_pb2 import Case
from casepath.portal.v1.reading_pb2 import VERDICT_ACCEPTED, VERDICT_CORRECTED
from chassis.access import Signer
from conftest import Platform
from e2e.conftest import MILLISECONDS, Done, Portal, begin, ended, new_visit, once
from e2e.test_advice import asked
from e2e.test_advice import order as prescription
from e2e.test_results import taken
from embedded import samples
from embedded.hospital import genotype, scan, send
from hub.adapters.warehouse import Warehouse
from portal.adapters.case_service import CaseService
from portal.presenting import tile_address
from waiting import eventually, eventually_async

# LOINC: a genetic analysis report.
GENES = "51969-4"


@pytest_asyncio.fixture
async def cases(platform: Platform) -> AsyncIterator[CaseService]:
    service = CaseService(platform.cases, platform.identity("portal"))
    yield service
    await service.close()


async def find(page: Page, accession: str) -> None:
    """Search for a case by keyboard and open it."""
    await page.keyboard.press("/")
    await page.keyboard.type(accession)
    await expect(page.locator("tr[data-case]")).to_have_count(1)
    await expect(page.locator("tr[data-case]")).to_contain_text(accession)
    await page.keyboard.press("Escape")
    await expect(page.locator("tr[data-case] a")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/cases/"))


async def read(page: Page) -> None:
    """From the case to the slide, until its tiles are there."""
    async with page.expect_response(lambda answer: "/tiles/" in answer.url and answer.ok):
        await page.keyboard.press("r")
    await page.wait_for_url(re.compile("/read$"))
    await expect(page.locator(".scalebar span").first).to_contain_text("m")


async def holding(cases: CaseService, case_id: str, type_: str, count: int = 1) -> Case:
    while True:
        case = await cases.get(case_id)
        if sum(moment.type == type_ for moment in case.timeline) >= count:
            return case


async def test_a_case_is_read_from_list_to_signature_by_keyboard_alone(
    platform: Platform, portal: Portal, page: Page, cases: CaseService
) -> None:
    visit = new_visit(platform)
    await begin(platform, visit)
    await ended(platform, visit)
    await portal.enter(page)
    await find(page, visit.accession)
    await read(page)
    await expect(page.get_by_role("region", name="Clinical information")).to_contain_text("Métastase ?")
    await page.keyboard.press("n")
    await expect(page.locator("li[data-finding][data-current]")).to_have_count(1)
    await page.keyboard.press("a")
    await expect(page.locator("li.accepted")).to_have_count(1)
    await page.keyboard.press("n")
    await page.keyboard.press("c")
    await page.keyboard.type("Reactive changes")
    await page.keyboard.press("Enter")
    await expect(page.locator("li.corrected")).to_contain_text("Reactive changes")
    await page.keyboard.press("Escape")
    await page.keyboard.press("t")
    await page.keyboard.type("No tumour.\nReactive lymph node.")
    await expect(page.locator("#drafted")).to_contain_text("Draft kept")
    await page.reload()
    await expect(page.locator("#report-text")).to_have_value("No tumour.\nReactive lymph node.")
    await page.locator("#report-text").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.type("bhgsa7a0 D36.0")
    await expect(page.locator("#report-codes")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.type("not my password")
    await page.keyboard.press("Enter")
    await expect(page.locator("#report-problem")).to_contain_text("password is wrong")
    await page.locator("input[name=password]").fill(portal.passwords["martin"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".signed")).to_contain_text("Signed by Dr Alix Martin")

    await expect(page.locator(".signed")).to_contain_text("ADICAP BHGSA7A0, CIM-10 D36.0")
    await expect(page.locator("#report-codes")).to_have_value("BHGSA7A0 D36.0")
    await page.locator("#report-codes").fill("reactive")
    await page.locator("#report-text").fill("HER2 negative.")
    await page.locator("#report > form input[name=password]").fill(portal.passwords["martin"])
    await page.keyboard.press("Enter")
    await expect(page.locator("#report-problem")).to_contain_text("REACTIVE is no code")
    await page.locator("#report-codes").fill("R59.0")
    await page.locator("#report > form input[name=password]").fill(portal.passwords["martin"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".signed")).to_have_count(2)

    case = await holding(cases, visit.case_id, "portal.report.signed.v1", 2)
    assert [report.number for report in case.reports] == [1, 2]
    assert sorted(review.verdict for review in case.reports[0].reviews) == [VERDICT_ACCEPTED, VERDICT_CORRECTED]
    assert case.reader.user_id == case.assignee.user_id == "martin"
    filed = await filed_report(platform, cases, visit.case_id, "appended")
    assert filed["conclusion"].count("Dr Alix Martin") == 2
    assert "HER2 negative." in filed["conclusion"]
    assert len(filed["result"]) == 1
    assert [one["coding"][0]["code"] for one in filed["conclusionCode"]] == ["R59.0"]


async def filed_report(
    platform: Platform, cases: CaseService, case_id: str, status: str, code: str = "11526-1"
) -> dict[str, Any]:
    """The case's one report of this sort in the record, once it has come to this."""

    async def found() -> dict[str, Any]:
        reports = await filed_reports(platform, cases, case_id, code)
        return next((one for one in reports if one["status"] == status and len(reports) == 1), {})

    return await eventually_async(found)


async def filed_reports(platform: Platform, cases: CaseService, case_id: str, code: str) -> list[dict[str, Any]]:
    """Those of this sort in the record."""
    patient = (await cases.get(case_id)).order.patient.patient_id
    base = f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    async with httpx.AsyncClient(base_url=base, headers={"Cache-Control": "no-cache"}) as fhir:
        wanted = {"code": f"http://loinc.org|{code}", "patient": patient}
        answer = (await fhir.get("/DiagnosticReport", params=wanted)).raise_for_status().json()
    return [one["resource"] for one in answer.get("entry", [])]


async def test_a_report_that_was_signed_in_error_is_withdrawn_everywhere_and_another_is_signed(
    platform: Platform, portal: Portal, page: Page, cases: CaseService
) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    scan(visit, samples.SLIDE, platform.home.scanner)
    await once(platform, visit, lambda case: bool(case.slides) and case.slides[0].HasField("scored"))
    await portal.enter(page)
    await find(page, visit.accession)
    await read(page)

    async def sign(text: str) -> None:
        await page.locator("#report-text").fill(text)
        await page.locator("[name=acknowledged]").check()
        await page.locator("#report > form [name=password]").fill(portal.passwords["martin"])
        await page.keyboard.press("Enter")

    await sign("Carcinoma.")
    await expect(page.locator(".signed")).to_have_count(1)
    await filed_report(platform, cases, visit.case_id, "final")
    await page.locator(".withdrawing summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Signed on another patient's case.")
    await page.keyboard.press("Tab")
    await page.keyboard.type(portal.passwords["martin"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".signed.withdrawn")).to_have_count(2)
    await expect(page.locator(".signed.withdrawn").first).to_contain_text("withdrawn")
    withdrawn = await filed_report(platform, cases, visit.case_id, "entered-in-error")
    assert "another patient's case" in withdrawn["conclusion"]
    assert "Carcinoma" not in withdrawn["conclusion"]
    (told,) = await eventually(lambda: taken(platform, visit.accession, "C"))
    assert [(str(one[5]), str(one[11])) for one in told.segments("OBX")] == [
        ("", "D"),
        ("Signed on another patient's case.", "C"),
    ]

    await sign("Benign naevus.")
    await expect(page.locator(".signed:not(.withdrawn)")).to_have_count(1)
    corrected = await filed_report(platform, cases, visit.case_id, "corrected")
    assert corrected["id"] == withdrawn["id"]
    assert corrected["conclusion"].startswith("Benign naevus.")


async def test_pixels_are_measured_in_micrometres(portal: Portal, page: Page, done: Done) -> None:
    await portal.enter(page)
    await find(page, done.visit.accession)
    await read(page)
    bar = page.locator(".scalebar span").first
    length = float((await bar.inner_text()).split()[0])
    width = float(await bar.evaluate("bar => bar.getBoundingClientRect().width"))
    for key in ("d", "Space", "ArrowRight", "Space"):
        await page.keyboard.press(key)
    said = await page.locator("#said").inner_text()
    measured = float(said.removeprefix("Distance: ").split()[0])
    # One step of the arrow key moves by 120 pixels of the screen.
    assert measured == pytest.approx(120 * length / width, rel=0.03)
    await page.keyboard.press("Enter")
    assert await page.locator(".marks polyline.measure").count() == 1


async def test_annotations_are_saved_for_everybody_as_geojson(
    portal: Portal, page: Page, context: BrowserContext, done: Done
) -> None:
    await portal.enter(page)
    await find(page, done.visit.accession)
    await read(page)
    for key in ("b", "Space", "ArrowRight", "ArrowDown", "Space"):
        await page.keyboard.press(key)
    await page.keyboard.type("Mitosis")
    await page.locator("[data-save]").click()
    await expect(page.locator("#said")).to_have_text("Annotations saved.")
    address = await page.locator("[data-download]").get_attribute("href")
    saved = json.loads(await (await context.request.get(f"{portal.base}{address}")).text())
    (feature,) = saved["features"]
    assert feature["properties"]["classification"]["name"] == "Mitosis"
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]
    await page.reload()
    await expect(page.locator("#annotations input")).to_have_value("Mitosis")


async def test_the_heatmap_the_rotation_and_a_second_view_answer_to_keys(portal: Portal, page: Page, done: Done) -> None:
    await portal.enter(page)
    await find(page, done.visit.accession)
    await read(page)
    async with page.expect_response(re.compile("/tiles/")):
        await page.keyboard.press("+")
    await page.keyboard.press("h")
    await expect(page.locator('[data-tool="heatmap"]')).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("[")
    assert await page.locator("[data-opacity]").input_value() == "50"
    await page.keyboard.press("r")
    await page.keyboard.press("s")
    await expect(page.locator("#pane-1 canvas").first).to_be_visible()
    bars = page.locator(".scalebar span")
    await expect(bars.nth(1)).to_have_text(await bars.nth(0).inner_text())
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()


async def test_a_biologist_signs_what_the_genome_says_of_medicines_and_takes_it_back_from_everywhere(
    platform: Platform, portal: Portal, page: Page, cases: CaseService, prescriber: Signer, tmp_path: Path
) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    genotype(visit, samples.GENOTYPES, samples.OUTSIDE_CALLS, platform.home.sequencer)
    await once(platform, visit, lambda case: any(one.HasField("reported") for one in case.samples))
    await portal.enter(page, "lefebvre")
    await page.goto(f"{portal.base}/cases/{visit.case_id}")
    signing = page.locator(".treatment form[action$='/sign']")
    await signing.locator("[name=comment]").fill("Adapt the dose; repeat in six months.")
    await signing.locator("[name=password]").fill("wrong")
    await signing.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("password is wrong")
    await page.goto(f"{portal.base}/cases/{visit.case_id}")
    await signing.locator("[name=comment]").fill("Adapt the dose; repeat in six months.")
    await signing.locator("[name=password]").fill(portal.passwords["lefebvre"])
    await page.keyboard.press("Enter")
    await expect(page.locator(".treatment .signed")).to_contain_text("Dr Maxime Lefebvre")
    await expect(signing).to_have_count(0)
    assert (await Axe().run(page)).violations_count == 0
    await holding(cases, visit.case_id, "portal.genomics.signed.v1")
    final = await filed_report(platform, cases, visit.case_id, "final", GENES)
    assert "repeat in six months" in final["conclusion"]
    (sent,) = await eventually(lambda: taken(platform, visit.accession, "F"))
    assert {str(one[11]) for one in sent.segments("OBX")} == {"F"}

    prescribed = {"patientId": visit.patient_id, "draftOrders": prescription("warfarine")}
    assert asked(platform, prescriber, "order-sign", prescribed)
    withdrawing = page.locator(".treatment .withdrawing")
    await withdrawing.locator("summary").focus()
    await page.keyboard.press("Enter")
    await withdrawing.locator("[name=reason]").fill("The sample is another patient's.")
    await withdrawing.locator("[name=password]").fill(portal.passwords["lefebvre"])
    assert (await Axe().run(page)).violations_count == 0
    await page.keyboard.press("Enter")
    await expect(page.locator(".treatment")).to_contain_text("says nothing of the patient's genome")
    await expect(page.locator(".treatment q")).to_have_text("The sample is another patient's.")
    withdrawn = await filed_report(platform, cases, visit.case_id, "entered-in-error", GENES)
    assert (withdrawn["id"], "warfarin" in withdrawn["conclusion"]) == (final["id"], False)
    (deleted,) = await eventually(lambda: taken(platform, visit.accession, "C"))
    assert [str(one[11]) for one in deleted.segments("OBX")] == ["D", "D", "D", "D", "C"]
    await eventually(lambda: not asked(platform, prescriber, "order-sign", prescribed))

    again = tmp_path / "again.vcf"
    again.write_text(samples.GENOTYPES.read_text().replace("VCFv4.2\n", "VCFv4.2\n##again=1\n", 1))
    genotype(visit, again, samples.OUTSIDE_CALLS, platform.home.sequencer)
    await filed_report(platform, cases, visit.case_id, "preliminary", GENES)
    await eventually(lambda: asked(platform, prescriber, "order-sign", prescribed))
    await page.goto(f"{portal.base}/cases/{visit.case_id}")
    disowning = page.locator(".withdrawing", has_text="These variants are another patient's")
    await disowning.locator("summary").focus()
    await page.keyboard.press("Enter")
    await disowning.locator("[name=reason]").fill("Tubes were swapped on the run.")
    await disowning.locator("[name=password]").fill(portal.passwords["lefebvre"])
    assert (await Axe().run(page)).violations_count == 0
    await page.keyboard.press("Enter")
    await expect(page.locator(".treatment q")).to_have_text(["Tubes were swapped on the run."] * 2)
    await expect(disowning).to_have_count(0)
    await eventually(lambda: not asked(platform, prescriber, "order-sign", prescribed))

    async def in_error() -> bool:
        found = await filed_reports(platform, cases, visit.case_id, GENES)
        return len(found) == 2 and all("Tubes were swapped" in one["conclusion"] for one in found)

    await eventually_async(in_error)
    found = await filed_reports(platform, cases, visit.case_id, GENES)
    assert {one["status"] for one in found} == {"entered-in-error"}


async def test_a_new_case_appears_in_an_open_worklist(platform: Platform, portal: Portal, page: Page) -> None:
    await portal.enter(page)
    visit = new_visit(platform)
    await page.locator("[name=sort]").select_option("newest")
    await page.locator("#search").fill(visit.accession)
    await expect(page.locator(".empty")).to_be_visible()
    await send(platform.ports["mllp"], [visit.order()])
    await expect(page.locator("tr[data-case]")).to_contain_text(visit.accession)
    await expect(page.locator("tr[data-case]")).to_contain_text("Waiting for scan")


async def test_what_is_called_off_leaves_the_worklist_and_is_revoked_in_the_record(
    platform: Platform, portal: Portal, page: Page, cases: CaseService
) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    await once(platform, visit, lambda case: bool(case.filed) and case.HasField("order"))
    called_off = visit.order().replace("ORC|NW", "ORC|CA").replace(f"{visit.stamp}-2|P", f"{visit.stamp}-3|P")
    await send(platform.ports["mllp"], [called_off])
    await once(platform, visit, lambda case: all(one.called_off for one in case.order.services))
    await holding(cases, visit.case_id, "records.entries.filed.v1", 2)
    await portal.enter(page)
    await page.locator("[name=state][value=waiting_for_scan]").check()
    await page.locator("#search").fill(visit.accession)
    await expect(page.locator(".empty")).to_be_visible()
    await page.locator("[name=state][value=waiting_for_scan]").uncheck()
    await expect(page.locator("tr[data-case]")).to_contain_text("Called off")
    asked = {"subject": f"Patient/{visit.patient_id}"}
    base = f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    async with httpx.AsyncClient(base_url=base, headers={"Cache-Control": "no-cache"}) as fhir:
        found = (await fhir.get("/ServiceRequest", params=asked)).json()["entry"]
    assert [one["resource"]["status"] for one in found] == ["revoked"] * 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_no_page_has_a_barrier(browser: Browser, portal: Portal, done: Done, language: str, scheme: str) -> None:
    context = await browser.new_context(locale=language, color_scheme=scheme, viewport={"width": 1500, "height": 950})  # type: ignore[arg-type]
    page = await context.new_page()
    axe = Axe()
    await page.goto(portal.base)
    await expect(page.locator("html")).to_have_attribute("lang", language)
    barriers = {"login": (await axe.run(page)).generate_report() if (await axe.run(page)).violations_count else ""}
    await portal.enter(page)
    for name, path in (
        ("worklist", "/"),
        ("case", f"/cases/{done.visit.case_id}"),
        ("reading", f"/cases/{done.visit.case_id}/read"),
    ):
        await page.goto(portal.base + path)
        await page.wait_for_load_state("load")
        found = await axe.run(page)
        barriers[name] = found.generate_report() if found.violations_count else ""
    await context.close()
    assert {name: report for name, report in barriers.items() if report} == {}


def shut(done: Done) -> list[str]:
    """What is behind a case's page."""
    case, ingested = f"/cases/{done.visit.case_id}", done.case.slides[0].ingested
    return [
        f"{case}/read",
        f"{case}/viewer",
        f"{case}/slides/A1/annotations",
        f"{case}/slides/A1/heatmap",
        f"{tile_address(ingested, ingested.instances[0])}/1",
    ]


async def test_who_is_of_another_unit_opens_a_case_for_a_reason_that_all_see(
    platform: Platform, portal: Portal, page: Page, cases: CaseService, done: Done
) -> None:
    """Also by whoever asks for pixels or findings and not for the page."""
    number = f"P{done.visit.stamp}"
    await portal.enter(page, "moreau")
    await expect(page.locator(".empty")).to_be_visible()
    for path in shut(done):
        answer = await page.request.get(portal.base + path)
        assert answer.status == 403, path
        assert number not in await answer.text()
    await page.keyboard.press("/")
    await page.keyboard.type("Camille")
    await expect(page.locator(".empty")).to_be_visible()
    await page.locator("#search").fill(done.visit.accession)
    await page.get_by_role("link", name="Open it for a reason").click()
    await expect(page.locator("h1")).to_have_text("Case of another unit")
    await expect(page.locator("main")).not_to_contain_text(number)
    assert (await Axe().run(page)).violations_count == 0
    await expect(page.locator("[name=reason]")).to_be_focused()
    await page.keyboard.type("Frozen section, the surgeon asks")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text(number)
    await expect(page.locator("main")).to_contain_text("Dr Camille Moreau")
    for path in shut(done):
        assert (await page.request.get(portal.base + path)).ok, path
    case = await holding(cases, done.visit.case_id, "portal.glass.broken.v1")
    assert [(one.by.user_id, one.reason) for one in case.openings] == [("moreau", "Frozen section, the surgeon asks")]
    base = f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    async with httpx.AsyncClient(base_url=base, headers={"Cache-Control": "no-cache"}) as fhir:
        for operation in ("portal.glass.broken.v1", "GET /cases/{case_id}"):
            while not (told := [one for one in await audit_events(fhir, operation) if one.get("purposeOfEvent")]):
                pass
            assert told[0]["outcomeDesc"] == "Frozen section, the surgeon asks"
        refused = await audit_events(fhir, "GET /cases/{case_id}/viewer")
        assert [one for one in refused if one["outcome"] == "4"]


async def test_an_auditor_sees_who_opened_a_case_and_who_was_refused(portal: Portal, page: Page, done: Done) -> None:
    """After the tests above, in which somebody of another unit was refused, and gave a reason then."""
    await portal.enter(page, "fournier")
    await expect(page.locator("h1")).to_have_text("Who saw what")
    shown = page.locator("table.ledger tbody tr").filter(has_text=done.visit.accession)
    await expect(shown.filter(has_text="Dr Camille Moreau").first).to_contain_text("Frozen section, the surgeon asks")
    await page.locator("[name=kind]").select_option("refused")
    await page.locator("[name=accession]").fill(done.visit.accession)
    await page.keyboard.press("Enter")
    await expect(page.locator("table.ledger tbody tr").first).to_contain_text("refused")
    await expect(page.locator("main")).not_to_contain_text(f"P{done.visit.stamp}")
    assert (await Axe().run(page)).violations_count == 0
    await page.locator("[name=kind]").select_option("all")
    await page.locator("[name=whole_patient]").check()
    await page.locator("[name=user]").fill("records")
    await page.keyboard.press("Enter")
    await expect(page.locator("table.ledger tbody tr").first).to_contain_text("records.entries.filed.v1")
    assert done.visit.accession not in page.url
    assert (await page.request.get(f"{portal.base}/cases/{done.visit.case_id}")).status == 403


async def test_only_an_auditor_sees_the_ledger(portal: Portal) -> None:
    async with httpx.AsyncClient(base_url=portal.base, headers={"Origin": portal.base}) as martin:
        await martin.post("/login", data={"name": "martin", "password": portal.passwords["martin"]})
        assert (await martin.get("/ledger")).status_code == 403
        assert (await martin.post("/ledger", data={"kind": "all"})).status_code == 403


async def audit_events(fhir: httpx.AsyncClient, operation: str) -> list[dict[str, Any]]:
    """Of the account of another unit."""
    asked = {"subtype": f"urn:casepath:operation|{operation}", "_count": "200", "_sort": "-date"}
    found = [one["resource"] for one in (await fhir.get("/AuditEvent", params=asked)).json().get("entry", [])]
    return [one for one in found if one["agent"][0].get("who", {}).get("identifier", {}).get("value") == "moreau"]


async def test_who_is_not_logged_in_sees_nothing(platform: Platform, portal: Portal, done: Done) -> None:
    case = f"/cases/{done.visit.case_id}"
    async with httpx.AsyncClient(base_url=portal.base) as stranger:
        for path in ("/", case, *shut(done)):
            answer = await stranger.get(path)
            assert answer.status_code == 401, path
            assert f"P{done.visit.stamp}" not in answer.text
        redirected = await stranger.get("/", headers={"Accept": "text/html"})
        assert redirected.headers["location"] == "/login"


async def test_a_technician_looks_but_does_not_sign(platform: Platform, portal: Portal, done: Done) -> None:
    async with httpx.AsyncClient(base_url=portal.base, headers={"Origin": portal.base}) as petit:
        await petit.post("/login", data={"name": "petit", "password": portal.passwords["petit"]})
        assert (await petit.get(f"/cases/{done.visit.case_id}")).status_code == 200
        for act in ("begin", "sign", "draft"):
            assert (await petit.post(f"/cases/{done.visit.case_id}/{act}", data={"text": "x"})).status_code == 403


async def test_nothing_of_the_patient_is_in_an_address(portal: Portal, page: Page, done: Done) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    await portal.enter(page)
    await page.keyboard.press("/")
    async with page.expect_response(re.compile("/worklist/rows")):
        await page.keyboard.type("Camille")
    await expect(page.locator("tr[data-case]").first).to_contain_text("Camille")
    await page.locator("tr[data-case]", has_text=done.visit.accession).locator("a").click()
    await page.wait_for_url(re.compile("/cases/"))
    await read(page)
    private = ["Camille", done.visit.accession, done.case.order.patient.identifier]
    assert seen
    assert not [url for url in seen for word in private if word in url]


async def test_the_treatment_page_opens_from_the_case_in_the_readers_language(page: Page, portal: Portal, done: Done) -> None:
    await portal.enter(page)
    await find(page, done.visit.accession)
    link = page.get_by_role("link", name="Open the treatment page", exact=True)
    await expect(link).to_have_count(1)
    await expect(page.locator(".treatment")).to_contain_text("warfarin")
    await expect(page.locator(".treatment")).to_contain_text("Not called, and not taken for normal: CACNA1S")
    await expect(page.get_by_text("covers none of its genes. This says nothing of the patient's genome.")).to_have_count(1)
    address = await page.get_by_role("link", name="Open the treatment page (PDF)").get_attribute("href")
    pdf = await page.context.request.get(f"{portal.base}{address}")
    assert (pdf.headers["content-type"], (await pdf.body())[:5]) == ("application/pdf", b"%PDF-")
    await link.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Genes and medicines")
    await expect(page.locator("header")).to_contain_text("DÉMO Camille Anne")
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    await page.context.add_cookies([{"name": "language", "value": "fr", "url": portal.base}])
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Gènes et médicaments")
    await expect(page.get_by_role("heading", name="warfarine")).to_have_count(1)


async def test_what_is_known_of_variants_opens_from_the_case_in_the_readers_language(
    page: Page, portal: Portal, done: Done
) -> None:
    await portal.enter(page)
    await find(page, done.visit.accession)
    await expect(page.get_by_text("variants not looked up: no snapshot is on their reference.")).to_have_count(1)
    known = page.locator(".known")
    await expect(known).to_contain_text("ClinVar 2026-09-05 know 2 of these variants; 1 are more than benign.")
    address = await known.get_by_role("link", name="Open what is known (PDF)").get_attribute("href")
    pdf = await page.context.request.get(f"{portal.base}{address}")
    assert (pdf.headers["content-type"], (await pdf.body())[:5]) == ("application/pdf", b"%PDF-")
    await known.get_by_role("link", name="Open what is known", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What is known of these variants")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody")).to_contain_text("VCV900000002, ClinVar 2026-09-05")
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    await page.context.add_cookies([{"name": "language", "value": "fr", "url": portal.base}])
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ce que l'on sait de ces variants")


async def test_the_quality_of_a_sequencing_opens_from_the_case(page: Page, portal: Portal, done: Done) -> None:
    await portal.enter(page)
    await find(page, done.visit.accession)
    await page.get_by_role("link", name="Quality of the sequencing").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quality of a sequencing")
    await expect(page.locator("header")).to_contain_text("Within the laboratory's thresholds.")
    await expect(page.locator("tr", has_text="SNPs").first).to_contain_text("347")
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


async def test_a_doubtful_identity_waits_and_nothing_of_it_is_filed_until_somebody_decides(
    platform: Platform, portal: Portal, page: Page, cases: CaseService
) -> None:
    visit, port = new_visit(platform), platform.ports["mllp"]
    await send(port, [visit.registration(), visit.order()])
    before = await once(platform, visit, lambda case: case.HasField("order"))
    # The same accession under another patient's number, and the same number with another birth date.
    other = (
        visit.order()
        .replace(f"PID|1||P{visit.stamp}^", f"PID|1||Q{visit.stamp}^")
        .replace(f"{visit.stamp}-2|P", f"{visit.stamp}-8|P")
    )
    born = visit.order().replace("|19640229|", "|19800101|").replace(f"{visit.stamp}-2|P", f"{visit.stamp}-9|P")
    await send(port, [other, born])
    await portal.enter(page, "garnier")
    await page.wait_for_url(re.compile("/identities$"))
    waiting = page.get_by_role("region", name=f"Order, accession {visit.accession}")

    async def both_wait() -> bool:
        await page.reload()
        return await waiting.count() == 2

    await eventually_async(both_wait)
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert (await cases.get(visit.case_id)).order.patient == before.order.patient
    born_otherwise = waiting.filter(has=page.locator("tr.differs", has_text="1980-01-01"))
    await born_otherwise.get_by_label("What you checked").fill("The ward says it is a typing error.")
    await born_otherwise.get_by_role("button", name="It is not this patient: refuse it").click()
    await expect(waiting).to_have_count(1)
    await expect(waiting).to_contain_text("The accession is already another patient's.")
    await waiting.get_by_label("What you checked").focus()
    await page.keyboard.type("The laboratory had labelled it wrongly.")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="It is right: take it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(waiting).to_have_count(0)
    after = await once(platform, visit, lambda case: case.order.patient.identifier == f"Q{visit.stamp}")
    assert after.order.patient.birth_date == "1964-02-29"
    assert sum(moment.type == "intake.order.placed.v1" for moment in after.timeline) == 2
    await page.context.add_cookies([{"name": "language", "value": "fr", "url": portal.base}])
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Identités douteuses")


async def test_who_does_not_decide_identities_does_not_see_them(platform: Platform, portal: Portal) -> None:
    async with httpx.AsyncClient(base_url=portal.base, headers={"Origin": portal.base}) as client:
        await client.post("/login", data={"name": "martin", "password": portal.passwords["martin"]})
        assert (await client.get("/identities")).status_code == 403
        await client.post("/login", data={"name": "garnier", "password": portal.passwords["garnier"]})
        assert (await client.get("/identities")).status_code == 200
        assert (await client.get("/")).status_code == 403


async def test_a_researcher_sends_the_folder_of_a_workflow_and_takes_what_it_left(
    page: Page, portal: Portal, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.txt").write_text("six")
    (folder / "Snakefile").write_text(
        "rule all:\n    input: 'data/a.txt'\n    output: 'results/a.txt'\n"
        "    shell: 'cat {input} > {output}; echo {config[x]} >> {output}'\n"
    )
    await portal.enter(page, "leroy")
    await page.get_by_label("Folder with the Snakefile").set_input_files(folder)
    await page.get_by_label("Configuration (JSON)").fill('{"x": 7}')
    await page.get_by_role("button", name="Send and run").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Run Snakefile")
    await expect(page.locator("#run")).to_contain_text("complete", timeout=90_000)
    left = await page.context.request.get(f"{page.url}/files/results/a.txt")
    assert await left.text() == "six7\n"
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


async def test_a_researcher_sends_reads_and_follows_the_run_to_its_variants(page: Page, portal: Portal) -> None:
    await portal.enter(page, "leroy")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Research")
    await page.get_by_label("Sample").fill("cell-line-2")
    await page.get_by_label("Reads (FASTQ)").set_input_files(samples.READS)
    await page.get_by_role("button", name="Send and call variants").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Run cell-line-2")
    await expect(page.locator("#run")).to_contain_text("complete", timeout=90_000)
    variants = await page.context.request.get(f"{page.url}/files/variants.vcf.gz")
    assert (await variants.body())[:2] == b"\x1f\x8b"
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    await page.get_by_role("link", name="Research").first.click()
    await expect(page.locator("tbody tr").first).to_contain_text("cell-line-2")
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    refused = await page.goto(portal.base)
    assert refused is not None
    assert refused.status == 403


async def entered(browser: Browser, portal: Portal, name: str, language: str = "en-GB") -> Page:
    """Somebody else, in a browser of their own."""
    context = await browser.new_context(viewport={"width": 1500, "height": 950}, locale=language)
    page = await context.new_page()
    page.set_default_timeout(MILLISECONDS)
    await portal.enter(page, name)
    return page


async def barriers(page: Page) -> str:
    found = await Axe().run(page)
    return found.generate_report() if found.violations_count else ""


async def test_a_study_is_asked_for_granted_by_two_offices_and_given_no_few_persons(
    browser: Browser, page: Page, portal: Portal, platform: Platform, done: Done
) -> None:
    hub = Warehouse(*platform.hub)
    await eventually(hub.projects, 60)
    await portal.enter(page, "leroy")
    await page.goto(f"{portal.base}/studies")
    await expect(page.locator("#counted")).to_contain_text("persons")
    # Nobody was: how many other tests' patients the platform has is not known.
    await page.get_by_label("Born from").fill("2190")
    async with page.expect_response(re.compile("/studies/count")):
        await page.keyboard.press("Tab")
    await expect(page.locator("#counted")).to_contain_text("Fewer than 10 persons")
    await page.get_by_label("Title").fill("DPYD and toxicity")
    await page.get_by_label("Purpose").fill("Whether dose reductions by genotype lower severe toxicity.")
    await page.get_by_label("Declared under").fill("MR-004 no. 2026-118")
    await page.get_by_label("Last day").fill((date.today() + timedelta(days=90)).isoformat())
    await page.get_by_role("textbox", name="Measurements (scores, genes)").fill("Diplotypes are there, and nowhere else.")
    assert await barriers(page) == ""
    await page.get_by_role("button", name="Ask for it").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("waits for decisions")
    address = page.url
    # Of an office in French, and by keyboard.
    officer = await entered(browser, portal, "girard", "fr")
    await officer.goto(address)
    await officer.get_by_label("Motif").fill("Conforme à la MR-004.")
    await officer.get_by_role("button", name="Accorder").focus()
    await officer.keyboard.press("Enter")
    await expect(officer.get_by_text("Conforme à la MR-004.")).to_be_visible()
    assert await barriers(officer) == ""
    committee = await entered(browser, portal, "bonnet")
    await expect(committee.get_by_role("heading", level=1)).to_have_text("Studies")
    await committee.get_by_role("link", name="DPYD and toxicity").first.click()
    await committee.get_by_label("Why").fill("A sound question.")
    await committee.get_by_role("button", name="Grant").click()
    await expect(committee.get_by_role("heading", level=1)).to_contain_text("granted")
    await page.reload()
    await page.get_by_role("button", name="Make an extract").click()
    await expect(page.get_by_role("alert")).to_contain_text("fewer than 5 persons")
    assert await barriers(page) == ""
    await page.get_by_role("button", name="End the study").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("over")
    for one in (officer, committee):
        await one.context.close()
    await eventually(lambda: "DecideStudy" in platform.casepath("audit", "show", "--user", "girard").stdout, 60)


async def test_who_does_not_do_research_does_not_see_studies(portal: Portal) -> None:
    async with httpx.AsyncClient(base_url=portal.base, headers={"Origin": portal.base}) as client:
        await client.post("/login", data={"name": "martin", "password": portal.passwords["martin"]})
        assert (await client.get("/studies")).status_code == 403
        assert (await client.post("/studies/count", data={"project": "demonstration"})).status_code == 403
