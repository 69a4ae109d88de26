"""The page of all topics, in a browser without a network."""

import shutil
from pathlib import Path

from playwright.async_api import async_playwright, expect
from topics_page import page

from casepath.topics import TOPICS


async def test_the_page_shows_every_topic_and_what_is_in_a_message_without_a_network(tmp_path: Path) -> None:
    file = tmp_path / "topics.html"
    file.write_text(page())
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: make setup-test installs it"
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(offline=True)
        shown = await context.new_page()
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        await shown.goto(file.as_uri())
        main = shown.locator("main")
        await expect(main).to_contain_text("casepath")
        text = await main.inner_text()
        assert [topic.name for topic in TOPICS if topic.name not in text] == []
        # Examples show the names of fields, and their schema is shown when somebody asks.
        field = main.get_by_text("familyName", exact=True)
        await expect(field).to_have_count(0)
        await shown.get_by_role("button", name="Payload").first.click()
        await shown.get_by_role("button", name="patient").first.click()
        await expect(field).to_be_visible()
        await browser.close()
    assert wrong == []
