"""What an operator sees and does in the portal, in a real browser, and what the ledger has of it."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from grpc import StatusCode
from playwright.async_api import Page, expect

import examples
from casepath.operations.v1 import operations_pb2
from casepath.operations.v1.operations_pb2_grpc import OperationsServiceStub
from casepath.topics import RECORDS_ENTRIES_FILED
from chassis.access import GRANTS, Signer
from chassis.calls import connected
from conftest import Platform
from e2e.conftest import Done, Portal, is_set_aside, nothing_waits
from kafka.broker import publish_raw, records_on
from portal.adapters.token_calls import bearer
from waiting import eventually_async

TOPIC = RECORDS_ENTRIES_FILED


async def test_an_operator_sends_a_letter_round_again_and_discards_it(platform: Platform, portal: Portal, page: Page) -> None:
    nothing_waits(platform, TOPIC)
    envelope = examples.envelope("poison", str(uuid4()))
    event = str(envelope.id)
    await publish_raw(platform.kafka, TOPIC.name, b"\xff\xff\xff\xff", envelope.headers())
    await eventually_async(lambda: is_set_aside(platform, TOPIC, event))

    await portal.enter(page, "roux")
    await expect(page.locator("h1")).to_have_text("Operations")
    letter = page.locator("table.letters tr").filter(has_text=event)
    for service in TOPIC.consumers:
        await expect(letter).to_contain_text(f"{service}: Malformed")
    assert (await Axe().run(page)).violations_count == 0
    # Letters of other topics may wait too.
    of_topic = page.get_by_role("region", name=TOPIC.name)
    await of_topic.get_by_role("button", name="Send round again").click()
    await expect(page.get_by_role("status")).to_contain_text("sent round again: 1")

    async def came_back() -> bool:
        letters = [one for one in await records_on(platform.kafka, TOPIC.dead_letters) if one.value == b"\xff\xff\xff\xff"]
        return len(letters) == 2 * len(TOPIC.consumers)

    await eventually_async(came_back)
    await page.goto(f"{portal.base}/operations")
    await letter.get_by_label("Reason").fill("a test's poison")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text(f"discarded: {len(TOPIC.consumers)}")
    await expect(letter).to_have_count(0)

    async def in_the_ledger() -> bool:
        told = platform.casepath("audit", "show", "--user", "roux").stdout
        return f"dlq replay {TOPIC.name}" in told and f"dlq discard {TOPIC.name}" in told and "a test's poison" in told

    await eventually_async(in_the_ledger)


async def test_an_operator_sees_that_everything_is_filed_and_who_has_work_left(
    platform: Platform, portal: Portal, page: Page, done: Done
) -> None:
    await portal.enter(page, "roux")
    services = page.locator("#backlogs tbody tr")
    for name in {*TOPIC.consumers, "records", "intake", "cases"}:
        await expect(services.filter(has=page.get_by_role("rowheader", name=name, exact=True))).to_have_count(1)
    await page.get_by_role("button", name="Count now").click()
    await expect(page.locator("main")).to_contain_text("Nothing is missing.")
    orders = page.locator("table.balances tr").filter(has_text="intake.order.placed.v1")
    accepted, *outcomes, missing = [int(cell.replace(",", "")) for cell in await orders.locator("td").all_inner_texts()]
    assert accepted == sum(outcomes) >= 1
    assert missing == 0
    await expect(page.locator("main")).not_to_contain_text(done.visit.accession)
    assert (await Axe().run(page)).violations_count == 0
    await page.get_by_role("button", name="Français").click()
    await expect(page.locator("h1")).to_have_text("Exploitation")


async def test_who_does_not_operate_sees_and_does_nothing_of_it(portal: Portal) -> None:
    async with httpx.AsyncClient(base_url=portal.base, headers={"Origin": portal.base}) as martin:
        await martin.post("/login", data={"name": "martin", "password": portal.passwords["martin"]})
        assert (await martin.get("/operations")).status_code == 403
        for act in ("", "/replay", "/discard"):
            asked = {"topic": TOPIC.name, "event": str(uuid4()), "reason": "none", "repair": "yes"}
            assert (await martin.post(f"/operations{act}", data=asked)).status_code == 403


# Well formed, and harmless were they let through.
REQUESTS: dict[str, Any] = {
    "GetOverview": operations_pb2.GetOverviewRequest(),
    "ListDeadLetters": operations_pb2.ListDeadLettersRequest(topic=TOPIC.name),
    "ReplayDeadLetters": operations_pb2.ReplayDeadLettersRequest(topic=TOPIC.name),
    "DiscardDeadLetters": operations_pb2.DiscardDeadLettersRequest(topic=TOPIC.name, event_ids=[str(uuid4())], reason="none"),
    "Reconcile": operations_pb2.ReconcileRequest(),
}


def test_every_method_of_operations_is_tried() -> None:
    (service,) = operations_pb2.DESCRIPTOR.services_by_name.values()
    assert REQUESTS.keys() == {method.name for method in service.methods}


@pytest.mark.parametrize("method", REQUESTS)
async def test_operations_answers_operators_and_nobody_else(platform: Platform, method: str) -> None:
    signer = platform.signer
    tokens: dict[str | None, StatusCode] = {
        None: StatusCode.UNAUTHENTICATED,
        Signer.fresh().token("roux", ["operator"], 60): StatusCode.UNAUTHENTICATED,
        **{signer.token("x", [role], 60): StatusCode.PERMISSION_DENIED for role in GRANTS if role != "operator"},
        signer.token("roux", ["operator"], 60): StatusCode.INVALID_ARGUMENT if method == "DiscardDeadLetters" else StatusCode.OK,
    }
    address, identity = f"127.0.0.1:{platform.ports['operations']}", platform.identity("portal")
    async with connected(address, "operations", identity) as channel:
        call = getattr(OperationsServiceStub(channel), method)
        for token, expected in tokens.items():
            asked = call(REQUESTS[method], metadata=bearer(token) if token else (), timeout=60)
            assert await asked.code() is expected
