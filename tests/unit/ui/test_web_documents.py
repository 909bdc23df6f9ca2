"""The Documents view with its upload form, run by Streamlit's own test driver against the scripted API."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.fakes_ui import KEY, FakeApi, serve
from ui.web import documents


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        fake.add_collection("handbook")
        yield fake


@pytest.fixture
def view(fake: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", KEY)
    return AppTest.from_function(_script, default_timeout=30, kwargs={"collection": "handbook"})


def _script(collection: str | None) -> None:
    from ui.web import documents, problems, session

    with problems.shown("page"), session.client() as client:
        documents.render(client, collection)


def html(view: AppTest) -> str:
    assert not view.exception
    return "\n".join(e.proto.body for e in view.get("html"))


def test_an_empty_collection_says_what_to_do(view: AppTest) -> None:
    assert "Nothing here yet" in html(view.run())


def test_documents_are_listed_with_their_facts(view: AppTest, fake: FakeApi) -> None:
    fake.add_document("handbook", "staff/leave.pdf", "x" * 2345, title="Leave", num_pages=3)
    fake.add_document("handbook", "slides.PPTX", "x", num_pages=1)
    fake.add_document("elsewhere", "other.txt", "x")
    view.run()
    assert view.subheader[0].value == "2 documents"
    assert "leave.pdf · 3 pages · 2 kB · added " in html(view) and "1 slide · 1 B" in html(view)
    assert "other.txt" not in html(view)


def test_without_a_collection_it_lists_all_and_asks_to_choose_one_before_adding(view: AppTest, fake: FakeApi) -> None:
    fake.add_document("handbook", "a.txt", "x")
    view = AppTest.from_function(_script, default_timeout=30, kwargs={"collection": None}).run()
    assert "Choose a collection" in html(view) and "handbook · " in html(view)
    assert not view.get("file_uploader")


def test_a_document_is_deleted_only_after_a_second_click(view: AppTest, fake: FakeApi) -> None:
    kept, gone = fake.add_document("handbook", "kept.txt", "x"), fake.add_document("handbook", "gone.txt", "x")
    view.run().button(key=f"delete-{gone}").click().run()
    assert len(fake.documents) == 2
    view.button(key="cancel-delete").click().run()
    assert len(fake.documents) == 2
    view.button(key=f"delete-{gone}").click().run()
    view.button(key="confirm-delete").click().run()
    assert list(fake.documents) == [kept]
    assert view.run().subheader[0].value == "1 document" and "gone.txt" not in html(view)


def test_a_document_that_is_gone_already_is_no_traceback(view: AppTest, fake: FakeApi) -> None:
    document_id = fake.add_document("handbook", "a.txt", "x")
    view.run().button(key=f"delete-{document_id}").click().run()
    fake.documents.clear()
    view.button(key="confirm-delete").click().run()
    assert "Not found" in html(view)


def test_long_lists_come_a_page_at_a_time_and_can_be_filtered(view: AppTest, fake: FakeApi) -> None:
    for number in range(documents.ROWS_A_PAGE * 2 + 1):
        fake.add_document("handbook", f"n{number}.txt", "x")
    view.run()
    assert html(view).count('data-testid="row"') == documents.ROWS_A_PAGE
    view.text_input(key="find-document").set_value("N40").run()
    assert html(view).count('data-testid="row"') == 1 and "n40.txt" in html(view)


def test_uploads_become_documents_and_each_failure_tells_its_reason(view: AppTest, fake: FakeApi) -> None:
    view.run()
    uploader = view.get("file_uploader")[0]
    uploader.set_value([("good.txt", b"good", "text/plain"), ("broken.txt", b"x", "text/plain"), ("setup.exe", b"MZ", "")]).run()
    deadline = time.monotonic() + 20
    while "1 indexed, 1 failed, 1 rejected" not in [c.value for c in view.run().caption]:
        assert time.monotonic() < deadline, html(view)
    assert "it has no pages" in html(view) and "Programs are not documents" in html(view)
    assert [d["source"] for d in fake.documents.values()] == ["good.txt"]
    view.button(key="clear-uploads").click().run()
    assert "broken.txt" not in html(view) and "good.txt" in html(view)


def test_a_job_whose_collection_was_deleted_does_not_wait_for_ever(view: AppTest, fake: FakeApi) -> None:
    fake.index_delay_s = 600
    view.run().get("file_uploader")[0].set_value([("a.txt", b"a", "text/plain")]).run()
    assert 'data-state="queued"' in html(view)
    fake.jobs.clear()
    assert 'data-state="failed"' in html(view.run()) and "deleted together with its collection" in html(view)
