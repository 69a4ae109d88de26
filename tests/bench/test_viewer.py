"""Opening a case to read, in Chromium: from the address to the first tile of the slide, and to the last of its view."""

import os
import shutil
import statistics
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright

from conftest import Platform
from e2e.conftest import begin, ended, new_visit

ROUNDS = int(os.environ.get("BENCH_VIEWER_ROUNDS", "12"))
# When each tile of the page was there, in milliseconds since the address was asked for.
TIMES = """() => performance.getEntriesByType("resource")
    .filter((one) => one.name.includes("/tiles/")).map((one) => one.responseEnd)"""


@dataclass(frozen=True, slots=True)
class Opened:
    """Milliseconds from the address."""

    first: float
    last: float
    tiles: int


async def opened(page: Page, address: str) -> Opened:
    await page.goto(address)
    await page.wait_for_load_state("networkidle")
    times = await page.evaluate(TIMES)
    return Opened(min(times), max(times), len(times))


async def person(browser: Browser, base: str, password: str) -> Page:
    """Somebody logged in, in a new profile, as wide as a small screen."""
    context = await browser.new_context(viewport={"width": 1500, "height": 950}, locale="en-GB")
    page = await context.new_page()
    await page.goto(base)
    await page.fill("[name=name]", "martin")
    await page.fill("[name=password]", password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{base}/")
    return page


def quartiles(values: list[float]) -> str:
    return f"median {statistics.median(values):.0f} ms, {min(values):.0f} to {max(values):.0f}"


async def test_opening_a_case_to_read(platform: Platform) -> None:
    visit = new_visit(platform)
    await begin(platform, visit)
    await ended(platform, visit)
    lines = (platform.home.folder / "access" / "passwords.txt").read_text().splitlines()
    password = dict(line.split(" ", 1) for line in lines)["martin"]
    base = f"http://127.0.0.1:{platform.ports['portal']}"
    case = f"{base}/cases/{visit.case_id}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        new: list[Opened] = []
        again: list[Opened] = []
        for _ in range(ROUNDS):
            page = await person(browser, base, password)
            await page.goto(case)
            new.append(await opened(page, f"{case}/read"))
            await page.goto(case)
            again.append(await opened(page, f"{case}/read"))
            await page.context.close()
        await browser.close()
    for name, found in (("in a new profile", new), ("again", again)):
        print(f"\nOpen a case to read, {name}, {found[0].tiles} tiles")
        print(f"  first tile  {quartiles([one.first for one in found])}")
        print(f"  whole view  {quartiles([one.last for one in found])}")
