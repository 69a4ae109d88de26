"""One visit, from its first message to the record, that the tests of the record share."""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import randrange
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from casepath.cases.v1.cases_pb2 import Case
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.topics import Topic
from chassis.access import Signer
from conftest import Platform
from embedded import samples
from embedded.demo import STAGES, watched
from embedded.hospital import Visit, genotype, scan, send, sequence
from embedded.reading_back import Archived, differences

FIRST_MOMENT = datetime(2020, 1, 1)
MOMENTS = 5 * 365 * 86400
SECONDS = 150
# What a page may take.
MILLISECONDS = 20_000
expect.set_options(timeout=MILLISECONDS)
# Sixteen genes are called of the sample genotypes; of drugs, 26 recommendations ask for a change.
FILED = {
    "Patient": 1,
    "ServiceRequest": 3,
    "Specimen": 3,
    "ImagingStudy": 1,
    "DiagnosticReport": 3,
    "Observation": 2 + 16 + 26,
    "Device": 1,
    "Provenance": 1,
}

INSTANCES = 10

# Their work grows with everything that was said before.
FIRST = ("test_restore", "test_reconcile")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in FIRST)


@dataclass(frozen=True, slots=True)
class Done:
    """A visit whose every stage is done."""

    visit: Visit
    case: Case


def new_visit(platform: Platform) -> Visit:
    """Of a moment of its own: no two visits of a run meet."""
    moment = FIRST_MOMENT + timedelta(seconds=randrange(MOMENTS))
    return Visit(moment.strftime("%Y%m%d%H%M%S"), UUID(platform.home.namespace()))


async def begin(platform: Platform, visit: Visit, reads: tuple[Path, Path] = samples.READS) -> None:
    """Everything that the hospital does in a visit."""
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    scan(visit, samples.SLIDE, platform.home.scanner)
    sequence(visit, reads, platform.home.sequencer)
    genotype(visit, samples.GENOTYPES, samples.OUTSIDE_CALLS, platform.home.sequencer)


async def once(platform: Platform, visit: Visit, holds: Callable[[Case], bool]) -> Case:
    """The case as soon as it is so."""
    async with asyncio.timeout(SECONDS):
        return await seen(platform, visit, holds)


async def seen(platform: Platform, visit: Visit, holds: Callable[[Case], bool]) -> Case:
    """The same, however long that takes."""
    async for case in watched(visit.case_id, platform.home, platform.ports):
        if holds(case):
            return case
    raise AssertionError("a watch does not end by itself")


def every_stage_is_done(case: Case) -> bool:
    return all(stage.done(case) for stage in STAGES)


async def ended(platform: Platform, visit: Visit) -> Case:
    """The case once every stage is done."""
    return await once(platform, visit, every_stage_is_done)


async def enter(client: httpx.AsyncClient, platform: Platform, name: str, password: str = "") -> httpx.Response:
    """Sign in at the portal, with the right password unless another is given."""
    kept = (platform.home.folder / "access" / "passwords.txt").read_text().splitlines()
    right = dict(line.split(" ", 1) for line in kept)[name]
    return await client.post("/login", data={"name": name, "password": password or right})


def incomplete(case: Case, found: Archived) -> list[str]:
    """What the record of a visit whose every stage is done lacks, has twice, or has otherwise than the case says."""
    wrong = differences(case, found)
    kinds = Counter(kind for kind, _ in found.resources)
    if kinds != FILED:
        wrong.append(f"the record has {dict(kinds)}")
    again = {kind: version for (kind, _), version in found.resources.items() if version != "1"}
    # A study is written twice: with its scan, and with what AI made of it.
    if again != {"ImagingStudy": "2"}:
        wrong.append(f"written again were {again}")
    if len(found.instances) != INSTANCES:
        wrong.append(f"{len(found.instances)} instances")
    return wrong


def nothing_waits(platform: Platform, topic: Topic[Any]) -> None:
    """What others set aside would be sent round with a test's own; and no visit leads to a dead letter."""
    told = platform.casepath("dlq", "list", topic.name)
    assert told.stdout.strip() == "no dead letter waits", told.stdout + told.stderr


async def is_set_aside(platform: Platform, topic: Topic[Any], event: str) -> bool:
    """Whether a dead letter of the event waits from each consumer of its topic."""
    return platform.casepath("dlq", "list", topic.name).stdout.count(event) == len(topic.consumers)


def refs(message: Message) -> list[ObjectRef]:
    """Every object that a message names, at any depth."""
    if isinstance(message, ObjectRef):
        return [message]
    found: list[ObjectRef] = []
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else [value]:
                found += refs(one)
    return found


@pytest_asyncio.fixture(scope="session")
async def done(platform: Platform) -> Done:
    visit = new_visit(platform)
    await begin(platform, visit)
    return Done(visit, await ended(platform, visit))


@pytest.fixture(scope="session")
def prescriber(platform: Platform) -> Signer:
    return Signer.at(platform.home.folder / "access" / "prescriber-key.pem")


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: make setup-test installs it"
    async with async_playwright() as playwright:
        one = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield one
        await one.close()


@dataclass(frozen=True, slots=True)
class Portal:
    base: str
    passwords: dict[str, str]

    async def enter(self, page: Page, name: str = "martin") -> None:
        """Log in by keyboard."""
        await page.goto(self.base)
        await expect(page.locator("[name=name]")).to_be_focused()
        await page.keyboard.type(name)
        await page.keyboard.press("Tab")
        await page.keyboard.type(self.passwords[name])
        await page.keyboard.press("Enter")
        await page.wait_for_url(re.compile(f"{re.escape(self.base)}/(research|identities|ledger|studies|operations)?$"))


@pytest.fixture(scope="session")
def portal(platform: Platform) -> Portal:
    lines = (platform.home.folder / "access" / "passwords.txt").read_text().splitlines()
    return Portal(f"http://127.0.0.1:{platform.ports['portal']}", dict(line.split(" ", 1) for line in lines))


@pytest_asyncio.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    one = await browser.new_context(viewport={"width": 1500, "height": 950}, locale="en-GB", reduced_motion="reduce")
    yield one
    await one.close()


@pytest_asyncio.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which nothing may go wrong: no script error, no answer that is an error, nothing blocked."""
    wrong: list[str] = []
    one = await context.new_page()
    one.set_default_timeout(MILLISECONDS)
    one.on("pageerror", lambda error: wrong.append(str(error)))
    one.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" and not refusal(message.text) else None
    )
    yield one
    await one.close()
    assert wrong == []


def refusal(said: str) -> bool:
    """Of a wrong password, or of what was filled in wrongly, which a page shows."""
    return "403" in said or "400" in said
