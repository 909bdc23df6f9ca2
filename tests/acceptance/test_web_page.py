"""The real page, as a process of its own, driven in Chromium against the scripted API of tests/fakes_ui.py."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.browser import (
    ask,
    choose_collection,
    citations,
    create_collection,
    go_to,
    open_browser,
    screenshot,
    send,
    settle,
    upload,
    watch_requests,
)
from tests.fakes_ui import REFUSAL, FakeApi, serve
from tests.waiting import wait_until

APP = Path(__file__).resolve().parents[2] / "ui" / "web" / "app.py"
QUESTION = "How many days of annual leave does a new employee get?"
EVIL_QUESTION = "What does the hostile document say?"
LONG_QUESTION = "Tell me everything."
# What the answer read at each change of the page, chips and cursor left out.
RECORD_TEXTS = """() => {
    window.texts = [];
    new MutationObserver(() => {
        const text = document.querySelector(".mun-text")?.firstChild?.textContent;
        if (text && !window.texts.includes(text) && !document.querySelector(".mun-chip")) window.texts.push(text);
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
LEAVE = (
    "Leave is planned with your supervisor. Full-time employees earn annual leave every pay period.\n"
    "Employees with fewer than 3 years of service earn 4 hours per pay period, which is 13 days a year. "
    "Up to 240 hours can be carried over into the next leave year.\nSick leave is earned apart from this, "
    "at 4 hours per pay period, and never expires."
)
EVIL = (
    "<script>document.title='taken'</script><img src=http://evil.test/a.png>"
    " ![x](http://evil.test/b.png) [y](http://evil.test) $x^2$ :smile:"
)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi(word_delay_s=0.05, index_delay_s=6.0)) as fake:
        leave = fake.add_document("handbook", "policies/leave.pdf", LEAVE, title="Leave and time off", num_pages=14)
        fake.add_answer(
            QUESTION,
            (
                "A new employee gets 13 days of annual leave a year.",
                leave,
                "earn 4 hours per pay period, which is 13 days a year",
            ),
            ("Up to 240 hours carry over.", leave, "Up to 240 hours can be carried over into the next leave year."),
            page=12,
        )
        fake.add_answer(LONG_QUESTION, ("and so on " * 100, leave, "Sick leave"))
        evil = fake.add_document("hostile", "<b>x</b>.txt", f"before {EVIL} after", title=EVIL)
        fake.add_answer(EVIL_QUESTION, (EVIL, evil, EVIL))
        yield fake


@pytest.fixture(scope="module")
def page_url(fake: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the page from a foreign folder, as the supervisor does, and wait for its health check."""
    folder = tmp_path_factory.mktemp("a folder with spaces")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--server.address", "127.0.0.1", "--server.port", str(port)]
    environment = os.environ | {"MUNIMENT_API_URL": fake.url, "MUNIMENT_API_KEY": fake.key, "MUNIMENT_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "streamlit", "run", str(APP), *flags]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield _when_healthy(f"http://127.0.0.1:{port}", process, folder / "log")
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def page(page_url: str) -> Iterator[Page]:
    with open_browser() as page:
        page.goto(page_url)
        yield page


def test_a_cited_answer_grows_word_by_word_and_its_citations_open_the_quote(page: Page) -> None:
    page.evaluate(RECORD_TEXTS)
    ask(page, QUESTION)
    texts = page.evaluate("window.texts")
    assert len(texts) > 5 and all(longer.startswith(shorter) for shorter, longer in pairwise(texts))

    answer = page.locator('[data-testid="answer"][data-state="done"]')
    expect(answer).to_contain_text("A new employee gets 13 days of annual leave a year.[1] Up to 240 hours carry over.[2]")
    first, second = citations(page)
    assert (first.number, first.quote) == (1, "earn 4 hours per pay period, which is 13 days a year")
    assert "Leave and time off" in first.heading and "page 12" in first.heading and "leave.pdf" in first.heading
    assert first.passage == LEAVE == second.passage
    assert (second.number, second.quote) == (2, "Up to 240 hours can be carried over into the next leave year.")
    screenshot(page, "web-answer")


def test_a_refusal_looks_different_and_cites_nothing(page: Page) -> None:
    answer = ask(page, "What is the meaning of life?")
    expect(answer).to_have_attribute("data-state", "refused")
    expect(answer).to_contain_text(REFUSAL)
    expect(answer).to_contain_text("Not in these documents", ignore_case=True)
    assert citations(page) == []
    assert page.get_by_test_id("chip").count() == 0
    screenshot(page, "web-refusal")


def test_the_evidence_stands_there_while_the_answer_is_still_being_written_and_stopping_stops_the_model(
    page: Page, fake: FakeApi
) -> None:
    stopped = len(fake.stopped)
    send(page, LONG_QUESTION)
    evidence = page.get_by_test_id("evidence")
    expect(evidence.locator("mark")).to_have_text("Sick leave")
    expect(page.get_by_test_id("answer")).to_have_attribute("data-state", "streaming")
    screenshot(page, "web-evidence")
    page.get_by_test_id("stChatInputStopButton").click()
    settle(page)
    wait_until(lambda: len(fake.stopped) > stopped, seconds=10)


def test_a_stopped_answer_does_not_look_like_a_whole_one(page: Page) -> None:
    send(page, LONG_QUESTION)
    expect(page.get_by_test_id("answer")).to_contain_text("and so on")
    page.get_by_test_id("stChatInputStopButton").click()
    settle(page)
    expect(page.get_by_test_id("answer")).to_have_attribute("data-state", "streaming")
    notice = page.get_by_test_id("answer").evaluate("answer => getComputedStyle(answer, '::after').content")
    assert "not checked against the documents" in notice
    expect(ask(page, QUESTION)).to_have_attribute("data-state", "done")


def test_a_document_can_put_nothing_on_the_page_and_nothing_is_fetched_from_elsewhere(page: Page, page_url: str) -> None:
    requests = watch_requests(page)
    page.reload()
    choose_collection(page, "hostile")
    answer = ask(page, EVIL_QUESTION)
    expect(answer).to_contain_text(EVIL)
    assert [(c.quote, c.passage) for c in citations(page)] == [(EVIL, f"before {EVIL} after")]
    screenshot(page, "web-hostile")
    go_to(page, "Documents")
    expect(page.get_by_test_id("row").filter(has_text=EVIL)).to_be_visible()
    page.locator("[class*='st-key-document-']").filter(has_text=EVIL).get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").get_by_text(EVIL)).to_be_visible()
    assert page.title() != "taken"
    assert page.locator("img[src*='evil'], a[href*='evil'], .katex").count() == 0
    assert len(requests) > 10
    assert [url for url in requests if not url.startswith((page_url, page_url.replace("http", "ws"), "data:", "blob:"))] == []


def test_an_upload_is_followed_until_it_is_indexed_and_then_deleted(page: Page, fake: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("The printer is on the second floor.")
    (tmp_path / "broken.pdf").write_text("%PDF-")
    (tmp_path / "setup.exe").write_text("MZ")
    create_collection(page, "office notes")
    go_to(page, "Documents")
    uploads = upload(page, sorted(tmp_path.iterdir()))
    expect(uploads.get_by_test_id("row").filter(has_text="notes.txt")).to_contain_text("running")
    expect(uploads.get_by_test_id("row").filter(has_text="notes.txt")).to_contain_text("indexed")
    expect(uploads.get_by_test_id("row").filter(has_text="broken.pdf")).to_contain_text("it has no pages")
    expect(uploads.get_by_test_id("row").filter(has_text="setup.exe")).to_contain_text("Programs are not documents")
    expect(page.get_by_text("1 indexed, 1 failed, 1 rejected")).to_be_visible()
    expect(page.get_by_role("heading", name="1 document")).to_be_visible()
    screenshot(page, "web-documents")

    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("notes.txt")
    screenshot(page, "web-delete")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="0 documents")).to_be_visible()
    assert [d for d in fake.documents.values() if d["collection"] == "office notes"] == []


def test_an_answer_is_rated_and_corrected(page: Page, fake: FakeApi) -> None:
    fake.feedback.clear()
    ask(page, QUESTION)
    screenshot(page, "page-rate")
    page.get_by_test_id("stFeedback").get_by_role("radio").nth(1).click()  # the thumb that points down
    page.get_by_label("What should it have said?").fill("26 days")
    page.get_by_label("Which document?").fill("leave.pdf")
    screenshot(page, "page-correct")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    screenshot(page, "page-corrected")
    (kept,) = fake.feedback.values()
    assert (kept["verdict"], kept["question"], kept["expected"]) == ("down", QUESTION, "26 days")
    page.get_by_test_id("stFeedback").get_by_role("radio").nth(1).click()
    expect(page.get_by_text("Was this right?")).to_be_visible()
    assert fake.feedback == {}


def test_it_fits_a_telephone(page_url: str) -> None:
    with open_browser(width=420, height=900) as page:
        page.goto(page_url)
        ask(page, QUESTION)
        assert [c.number for c in citations(page)] == [1, 2]
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
        screenshot(page, "web-phone")


def _when_healthy(url: str, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/_stcore/health", trust_env=False).is_success:
                return url
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the page did not start:\n{log.read_text()}")
