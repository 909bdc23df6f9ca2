"""The thumbs under an answer, run by Streamlit's own test driver against the scripted API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.fakes_ui import KEY, FakeApi, serve

APP = str(Path(__file__).resolve().parents[3] / "ui" / "web" / "app.py")
QUESTION = "How much leave?"
DOWN, UP = 0, 1


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        leave = fake.add_document("handbook", "leave.pdf", "Annual leave is 13 days.", num_pages=2)
        fake.add_answer(QUESTION, ("It is 13 days.", leave, "13 days"), page=2)
        yield fake


@pytest.fixture
def app(fake: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The page with one answer on it."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", KEY)
    app = AppTest.from_file(APP, default_timeout=30).run()
    return app.chat_input[0].set_value(QUESTION).run()


def press(app: AppTest, thumb: int | None) -> AppTest:
    return app.feedback[-1].set_value(thumb).run()


def captions(app: AppTest) -> str:
    assert not app.exception
    return "\n".join(caption.value for caption in app.caption)


def kept(fake: FakeApi) -> dict[str, Any]:
    (item,) = fake.feedback.values()
    return item


def field(app: AppTest, kind: str, name: str) -> Any:
    return next(element for element in app.get(kind) if str(element.key).startswith(name))


def test_nothing_is_kept_until_a_thumb_is_pressed_and_the_page_says_who_sees_it(app: AppTest, fake: FakeApi) -> None:
    assert len(app.feedback) == 1 and "administrators see them" in captions(app)
    app.run()
    assert fake.feedback == {}


def test_a_thumb_up_keeps_question_answer_and_places_and_no_more(app: AppTest, fake: FakeApi) -> None:
    press(app, UP)
    item = kept(fake)
    assert (item["verdict"], item["question"], item["collection"]) == ("up", QUESTION, "handbook")
    assert item["answer"]["answer"] == "It is 13 days."
    assert [set(place) for place in item["answer"]["citations"]] == [{"document_id", "source", "page", "start", "end"}]
    assert "take it back" in captions(app) and not app.text_area


def test_a_thumb_taken_back_is_forgotten(app: AppTest, fake: FakeApi) -> None:
    press(app, UP)
    press(app, None)
    assert fake.feedback == {} and "If you press" in captions(app)


def test_a_thumb_down_asks_what_would_have_been_right_and_sends_it_in_its_place(app: AppTest, fake: FakeApi) -> None:
    press(app, DOWN)
    assert kept(fake)["verdict"] == "down"
    field(app, "text_area", "expected").set_value(" 30 days ")
    field(app, "text_area", "quote").set_value("Annual leave is 30 days")
    field(app, "text_input", "document").set_value("leave.pdf")
    app.button[-2].click().run()
    item = kept(fake)
    assert (item["expected"], item["quote"], item["document"]) == ("30 days", "Annual leave is 30 days", "leave.pdf")
    assert item["should_refuse"] is False and item["verdict"] == "down"
    assert "Thank you" in captions(app) and not app.text_area


def test_a_reader_can_say_that_the_documents_do_not_answer(app: AppTest, fake: FakeApi) -> None:
    press(app, DOWN)
    field(app, "checkbox", "refuse").check()
    app.button[-2].click().run()
    assert kept(fake)["should_refuse"] is True


def test_under_a_refusal_that_is_not_asked(app: AppTest, fake: FakeApi) -> None:
    app.chat_input[0].set_value("Who are you?").run()
    press(app, DOWN)
    assert app.text_area and not app.checkbox
    assert kept(fake)["answer"]["refused"] is True


def test_another_thumb_takes_the_place_of_the_first(app: AppTest, fake: FakeApi) -> None:
    press(app, UP)
    press(app, DOWN)
    assert kept(fake)["verdict"] == "down"
    press(app, UP)
    assert kept(fake)["verdict"] == "up" and not app.text_area


def test_each_answer_has_its_own_thumb_and_a_new_conversation_begins_with_none(app: AppTest, fake: FakeApi) -> None:
    app.chat_input[0].set_value("Who are you?").run()
    press(app, DOWN)
    assert [thumb.value for thumb in app.feedback] == [None, DOWN]
    app.button(key="new-conversation").click().run()
    assert not app.feedback
    app.chat_input[0].set_value(QUESTION).run()
    assert [thumb.value for thumb in app.feedback] == [None]


def test_the_collection_is_the_one_that_was_asked(app: AppTest, fake: FakeApi) -> None:
    fake.add_collection("contracts")
    app.run()
    app.selectbox(key="collection").set_value("contracts").run()
    press(app, UP)
    assert kept(fake)["collection"] == "handbook"


def test_a_failure_is_told_and_what_is_gone_already_is_taken_back_all_the_same(app: AppTest, fake: FakeApi) -> None:
    fake.broken.add("/v1/feedback")
    press(app, UP)
    assert any("Internal error" in e.proto.body for e in app.get("html")) and fake.feedback == {}
    fake.broken.clear()
    press(app, DOWN)
    fake.feedback.clear()
    press(app, None)
    assert "If you press" in captions(app)
