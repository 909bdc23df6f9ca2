"""Driving the page in a real Chromium, headless: what tests of the page say in one line each.

Chromium comes from Debian's package (`apt-get install chromium`) or from the path in CHROMIUM_PATH; where there is
none, `open_browser` skips the test with the words how to get it, or fails it for root, for whom infra/browser.sh gets one.
Screenshots go to artefacts/ (not kept in git).
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

ARTEFACTS = Path(__file__).resolve().parents[2] / "artefacts"
HOW_TO_INSTALL = "no Chromium here: `apt-get install --no-install-recommends chromium` (Debian, Ubuntu) installs it"
TIMEOUT_MS = 30_000
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


@dataclass(frozen=True)
class ShownCitation:
    """A citation as the reader sees it once its card is open."""

    number: int
    heading: str  # title, page and file
    quote: str
    passage: str


def chromium() -> str | None:
    """Find the browser's program."""
    named = os.environ.get("CHROMIUM_PATH")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def open_browser(width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Open an empty page in a browser of its own; without Chromium the test is skipped, or fails for root."""
    program = chromium()
    if program is None:
        _go_without()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(TIMEOUT_MS)
        expect.set_options(timeout=TIMEOUT_MS)
        try:
            yield page
        finally:
            browser.close()


def _go_without() -> NoReturn:
    if os.geteuid() == 0:
        pytest.fail(f"{HOW_TO_INSTALL}, and root may; `infra/browser.sh` does it", pytrace=False)
    pytest.skip(HOW_TO_INSTALL)


def watch_requests(page: Page) -> list[str]:
    """Return a list that grows with every address the page asks for from now on."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    return urls


def ask(page: Page, question: str, timeout_s: float = 180.0) -> Locator:
    """Ask on the Ask view and wait for the finished answer; its ``data-state`` is done or refused."""
    finished = page.locator('[data-testid="answer"]:not([data-state="streaming"])')
    before = finished.count()
    send(page, question)
    finished.nth(before).wait_for(timeout=timeout_s * 1000)
    return finished.nth(before)


def create_collection(page: Page, name: str) -> None:
    """Make a collection, which is then the one chosen."""
    settle(page)
    page.get_by_role("button", name="New collection").click()
    page.get_by_label("Name of the new collection").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("combobox", name="Collection")).to_have_value(name)


def upload(page: Page, files: Sequence[Path]) -> Locator:
    """Upload files on the Documents view; returns what it shows of them."""
    page.locator('[data-testid="stFileUploaderDropzoneInput"]').set_input_files(files)
    return page.get_by_test_id("uploads")


def choose_collection(page: Page, name: str) -> None:
    """Choose the collection that questions and uploads are meant for."""
    settle(page)
    page.get_by_role("combobox", name="Collection").click()
    page.get_by_role("option", name=name, exact=True).click()
    expect(page.get_by_role("combobox", name="Collection")).to_have_value(name)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page has drawn itself and no run of it is under way."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.get_by_role("link", name="Documents").wait_for()


def send(page: Page, question: str) -> None:
    """Type a question and send it, without waiting."""
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def citations(page: Page) -> list[ShownCitation]:
    """Open each citation of the newest answer by its chip, and read what it shows; leaves the first one open."""
    answer = page.get_by_test_id("answer").last
    answer.wait_for()
    numbers = list(dict.fromkeys(int(chip.inner_text().strip("[]")) for chip in answer.get_by_test_id("chip").all()))
    shown = [_open(page, answer, number) for number in numbers]
    for number in numbers[1:]:
        _card(page, number).locator("summary").click()
    answer.scroll_into_view_if_needed()
    return shown


def _open(page: Page, answer: Locator, number: int) -> ShownCitation:
    card = _card(page, number)
    expect(card.locator("mark")).to_be_hidden()
    answer.get_by_test_id("chip").filter(has_text=f"[{number}]").first.click()
    expect(card.locator("mark")).to_be_visible()
    heading, quote, passage = (card.locator(part).inner_text() for part in ("summary", "mark", "blockquote"))
    return ShownCitation(number, heading, quote, passage)


def _card(page: Page, number: int) -> Locator:
    cards = page.get_by_test_id("sources").last.get_by_test_id("citation")
    return cards.filter(has=page.locator(".mun-number", has_text=re.compile(f"^{number}$")))


def go_to(page: Page, view: str) -> None:
    """Open a view by its name in the navigation: Ask or Documents."""
    settle(page)
    page.get_by_role("link", name=view).click()
    page.wait_for_url(f"**/{view.lower() if view != 'Ask' else ''}")
    settle(page)


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the page as artefacts/NAME.png."""
    ARTEFACTS.mkdir(exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    page.screenshot(path=path)
    return path
