"""Coming in by the hospital's identity provider: a real Keycloak, a portal that has no accounts of its own, and a browser."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from audit.adapters.ledger import contents
from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, Block, SealedBlock
from chassis.objects import Objects
from conftest import Platform
from e2e.conftest import new_visit, once
from e2e.keycloak import CLIENT, Keycloak, keycloak
from embedded import samples
from embedded.hospital import scan, send
from embedded.programs import services
from waiting import eventually_async

SECONDS = 20_000
expect.set_options(timeout=SECONDS)
PEOPLE = {
    "amartin": ("Alix", "Martin", ["pathologist", "somebody-elses-role"]),
    "nobody": ("Noa", "Personne", []),
    "lpetit": ("Lou", "Petit", ["technician"]),
}


@dataclass(frozen=True, slots=True)
class SignedOn:
    base: str
    provider: Keycloak

    async def enter(self, page: Page, name: str) -> None:
        await page.goto(self.base)
        await expect(page).to_have_url(f"{self.base}/login")
        await page.keyboard.press("Enter")
        await self.at_the_provider(page, name)

    async def at_the_provider(self, page: Page, name: str) -> None:
        await page.wait_for_url(re.compile(re.escape(self.provider.base)))
        if await page.locator("[name=username]").is_visible():
            await page.locator("[name=username]").fill(name)
        await page.locator("[name=password]").fill(self.provider.passwords[name])
        await page.keyboard.press("Enter")


@pytest_asyncio.fixture(scope="module")
async def signed_on(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SignedOn]:
    folder, port = tmp_path_factory.mktemp("sign-on"), platform.ports.base + 95
    base = f"http://127.0.0.1:{port}"
    async with keycloak(platform.ports.base + 96, folder / "keycloak.log") as provider:
        await provider.realm(base, "LAB", PEOPLE)
        secret = folder / "secret"
        secret.write_text(provider.secret)
        (program,) = [
            one for one in services(platform.home.folder, platform.ports, platform.home.namespace()) if one.name == "portal"
        ]
        env = {
            **os.environ,
            **{name: value for name, value in program.env.items() if name != "CASEPATH_ACCOUNTS"},
            "CASEPATH_PORTAL_ADDRESS": f"127.0.0.1:{port}",
            "CASEPATH_PORTAL_URL": base,
            "CASEPATH_HEALTH_PORT": "0",
            "CASEPATH_OIDC_ISSUER": provider.issuer,
            "CASEPATH_OIDC_CLIENT": CLIENT,
            "CASEPATH_OIDC_SECRET_FILE": str(secret),
        }
        with (folder / "portal.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(*program.argv, env=env, stdout=log, stderr=log)
        async with httpx.AsyncClient() as client:

            async def answers() -> bool:
                assert process.returncode is None, (folder / "portal.log").read_text()[-2000:]
                try:
                    return (await client.get(f"{base}/login")).is_success
                except httpx.HTTPError:
                    return False

            await eventually_async(answers)
        try:
            yield SignedOn(base, provider)
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 60)


@pytest_asyncio.fixture(scope="module")
async def case_id(platform: Platform) -> str:
    """A case that can be read and signed."""
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    scan(visit, samples.SLIDE, platform.home.scanner)
    await once(platform, visit, lambda case: any(slide.HasField("scored") for slide in case.slides))
    return visit.case_id


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="en-GB")
    one = await context.new_page()
    one.set_default_timeout(SECONDS)
    yield one
    await context.close()


async def refusals(platform: Platform) -> list[str]:
    return [
        line.access.reason
        async for _, content in contents(Objects.at(f"file://{platform.home.folder / 'objects'}"))
        for line in Block.FromString(SealedBlock.FromString(content).block).entries
        if line.access.operation == "GET /login/done" and line.access.outcome == OUTCOME_REFUSED
    ]


async def test_a_pathologist_of_the_hospital_comes_in_signs_and_leaves(signed_on: SignedOn, page: Page, case_id: str) -> None:
    await signed_on.enter(page, "amartin")
    await page.wait_for_url(f"{signed_on.base}/")
    await expect(page.locator(".who")).to_have_text("Alix Martin")
    await page.goto(f"{signed_on.base}/cases/{case_id}/read")
    await page.locator("#report-text").fill("Pas de lésion. Signé par le compte de l'hôpital.")
    await expect(page.locator("#drafted")).not_to_be_empty()
    await expect(page.locator("#sign")).to_have_count(0)
    await page.locator("#prove").click()
    await signed_on.at_the_provider(page, "amartin")
    await page.wait_for_url(re.compile(f"{re.escape(signed_on.base)}/cases/.*/read"))
    await expect(page.locator("#report-text")).to_have_value("Pas de lésion. Signé par le compte de l'hôpital.")
    acknowledged = page.locator("[name=acknowledged]")
    if await acknowledged.count():
        await acknowledged.check()
    await page.locator("#sign").click()
    await expect(page.locator("article.signed").last).to_contain_text("Signé par le compte de l'hôpital.")
    await expect(page.locator("article.signed .detail").last).to_contain_text("Alix Martin")
    # Each signature asks anew.
    await expect(page.locator("#sign")).to_have_count(0)
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url(f"{signed_on.base}/login*")
    await page.goto(signed_on.base)
    await expect(page).to_have_url(f"{signed_on.base}/login")
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=password]")).to_be_visible()


async def test_who_has_no_role_here_is_told_so_and_that_is_told_to_audit(
    platform: Platform, signed_on: SignedOn, page: Page
) -> None:
    await signed_on.enter(page, "nobody")
    await expect(page.get_by_role("alert")).to_contain_text("Noa Personne has no role here")
    await page.goto(signed_on.base)
    await expect(page).to_have_url(f"{signed_on.base}/login")

    async def told() -> bool:
        return any("has no role here" in reason for reason in await refusals(platform))

    await eventually_async(told)


async def test_to_come_back_without_having_shown_who_one_is_proves_nothing(signed_on: SignedOn, page: Page, case_id: str) -> None:
    await signed_on.enter(page, "amartin")
    await page.wait_for_url(f"{signed_on.base}/")
    await page.goto(f"{signed_on.base}/login/again/{case_id}")
    await page.wait_for_url(re.compile(re.escape(signed_on.provider.base)))
    await page.goto(f"{signed_on.base}/cases/{case_id}/read")
    await expect(page.locator("#sign")).to_have_count(0)


async def test_sessions_that_the_provider_ends_are_over_here(signed_on: SignedOn, page: Page) -> None:
    await signed_on.enter(page, "lpetit")
    await page.wait_for_url(f"{signed_on.base}/")
    await signed_on.provider.log_out("lpetit")

    async def is_out() -> bool:
        return (await page.request.get(f"{signed_on.base}/")).status == 401

    await eventually_async(is_out)
    async with httpx.AsyncClient(base_url=signed_on.base) as stranger:
        for token in ("", "x", "a.b.c"):
            assert (await stranger.post("/login/ended", data={"logout_token": token})).status_code == 400


async def test_an_answer_that_nobody_asked_the_provider_for_lets_nobody_in(signed_on: SignedOn) -> None:
    async with httpx.AsyncClient(base_url=signed_on.base) as client:
        for query in ("", "?code=x&state=y", "?error=access_denied"):
            answer = await client.get(f"/login/done{query}")
            assert answer.status_code == 401, query
            assert (await client.get("/", headers={"Accept": "text/html"})).headers["location"] == "/login"
