"""Every view of the page, run by Streamlit's own test driver against the scripted API."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.fakes_ui import KEY, FakeApi, serve

APP = str(Path(__file__).resolve().parents[3] / "ui" / "web" / "app.py")


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        yield fake


@pytest.fixture
def app(fake: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", KEY)
    return AppTest.from_file(APP, default_timeout=30)


def shown(app: AppTest) -> str:
    """Return all that stands on the page as HTML or Markdown; there must be no exception on it."""
    assert not app.exception
    html = [e.proto.body for e in app.get("html") if not e.proto.body.startswith("<style>")]
    return "\n".join([*html, *(e.value for e in [*app.title, *app.markdown, *app.caption])])


def test_the_first_view_invites_a_question_and_tells_a_newcomer_what_to_do_first(app: AppTest, fake: FakeApi) -> None:
    app.run()
    assert app.title[0].value == "Ask your documents" and "no documents yet" in shown(app)
    assert app.chat_input[0].proto.max_chars == 4000
    fake.add_document("handbook", "a.txt", "x")
    assert "no documents yet" not in shown(app.run())


def test_an_answer_stays_on_the_page_with_its_citation_and_page(app: AppTest, fake: FakeApi) -> None:
    leave = fake.add_document("handbook", "leave.pdf", "Annual leave is 13 days.", num_pages=2)
    fake.add_answer("How much leave?", ("It is 13 days.", leave, "13 days"), page=2)
    app.run()
    app.chat_input[0].set_value("  How much leave? ").run()
    for _ in range(2):  # as it streamed, and drawn again from the session
        assert 'data-state="done"' in shown(app) and "[1]</a>" in shown(app)
        assert "Annual leave is <mark>13 days</mark>." in shown(app) and "page 2" in shown(app)
        app.run()


def test_a_refusal_cites_nothing(app: AppTest) -> None:
    app.run().chat_input[0].set_value("Who are you?").run()
    assert 'data-state="refused"' in shown(app)
    assert "mun-chip" not in shown(app) and 'data-testid="citation"' not in shown(app)


AWAY = "The model does not answer just now; these are the passages' own words."
TRY = "Try other words, choose another collection, or add the document that holds the answer."
WHAT = "“15 days” against “13 days”"
PLACE = {"document_id": "1", "page": None, "start": 0, "end": 9}
CONFLICT = {"newer": PLACE | {"title": "2024", "quote": "<b>15 days"}, "older": PLACE | {"title": "2023", "quote": "13 days"}}
UNSUPPORTED = {"start": 0, "end": 14, "verdict": "unsupported", "reason": "nothing says <so>"}


@pytest.mark.parametrize(
    ("changed", "there", "not_there"),
    [
        (
            {},
            ["Answered in 2.1 s by fake-model. Check the marked passages before you rely on it.</p>"],
            ["mun-notice", "corrected", "Left out"],
        ),
        (
            {"left_out": ["nothing says <so>"]},
            ["Left out: 1 sentence that the model wrote</summary><ul><li>nothing says &lt;so&gt;</li>", "<mark>13 days</mark>"],
            ["says <so>"],
        ),
        ({"degraded": f"{AWAY}<hr>"}, [f"{escape(AWAY)}&lt;hr&gt;</p>", "<mark>13 days</mark>"], ["Answered in", "<hr>"]),
        ({"note": "No <i>Acme</i>."}, ["before you rely on it. No &lt;i&gt;Acme&lt;/i&gt;.</p>"], ["<i>"]),
        ({"degraded": AWAY, "note": "No Acme."}, [f"{escape(AWAY)} No Acme.</p>"], ["Answered in"]),
        ({"unavailable_sources": ["<u>wiki", "crm"]}, ["synchronised too long ago: &lt;u&gt;wiki, crm.</p>"], ["<u>"]),
        (
            {"conflicts": [CONFLICT | {"what": WHAT}]},
            [f"<li>{WHAT}<blockquote>“&lt;b&gt;15 days” <small>2024</small></blockquote><blockquote>“13 days” <small>2023"],
            ["<b>15"],
        ),
        (
            {"claims": [UNSUPPORTED]},
            ['data-verdict="unsupported" title="nothing says &lt;so&gt;">It is 13 days.</span>'],
            ["says <so>"],
        ),
        (
            {"refused": True, "refusal": {"reason": "not_stated", "detail": "It is about <b>other</b> things."}, "citations": []},
            [f"It is about &lt;b&gt;other&lt;/b&gt; things. {TRY}</p>", "Not in these documents", "Nearest passages"],
            ["Answered in", "mun-chip", 'data-testid="citation"', "<b>other"],
        ),
        (
            {
                "refused": True,
                "refusal": {"reason": "model_unavailable", "detail": "Ask again."},
                "degraded": AWAY,
                "citations": [],
                "left_out": ["the model broke off"],
            },
            [f"Ask again. {TRY}</p>", "<li>the model broke off</li>"],
            [escape(AWAY)],
        ),
    ],
)
def test_what_became_of_an_answer_is_told_with_it(
    app: AppTest, fake: FakeApi, changed: dict[str, Any], there: list[str], not_there: list[str]
) -> None:
    leave = fake.add_document("handbook", "leave.pdf", "Annual leave is 13 days.")
    fake.add_answer("How much leave?", ("It is 13 days.", leave, "13 days"))
    fake.answers["How much leave?"] |= changed
    fake.notes |= {"How much leave?": note} if (note := changed.get("note")) else {}
    app.run().chat_input[0].set_value("How much leave?").run()
    told = shown(app)
    assert [text for text in there if text not in told] == []
    assert [text for text in not_there if text in told] == []


def test_a_citation_that_was_corrected_says_so(app: AppTest, fake: FakeApi) -> None:
    leave = fake.add_document("handbook", "leave.pdf", "Annual leave is 13 days.", num_pages=2)
    fake.add_answer("How much leave?", ("It is 13 days.", leave, "13 days"), page=2)
    fake.answers["How much leave?"]["citations"][0]["mended"] = True
    app.run().chat_input[0].set_value("How much leave?").run()
    assert "citation corrected</span></small>" in shown(app)


def test_a_name_that_no_document_bears_is_told(app: AppTest, fake: FakeApi) -> None:
    fake.notes["What does Acme <b>Inc. owe?"] = "None of the documents searched is named “Acme <b>Inc.”."
    app.run().chat_input[0].set_value("What does Acme <b>Inc. owe?").run()
    assert "None of the documents searched is named “Acme &lt;b&gt;Inc.”." in shown(app)


def test_a_conversation_is_sent_along_until_a_new_one_begins(app: AppTest, fake: FakeApi) -> None:
    leave = fake.add_document("handbook", "leave.pdf", "Annual leave is 13 days. Sick leave is 30 days.")
    fake.add_answer("How much annual leave?", ("It is 13 days.", leave, "13 days"))
    fake.add_answer("How much <sick> leave?", ("It is 30 days.", leave, "30 days"))
    fake.rewrites["And sick?"] = "How much <sick> leave?"
    app.run()
    assert "new-conversation" not in [button.key for button in app.button]
    app.chat_input[0].set_value("How much annual leave?").run()
    app.chat_input[0].set_value("And sick?").run()
    for _ in range(2):  # as it streamed, and drawn again from the session
        assert shown(app).count("Understood as: How much &lt;sick&gt; leave?") == 1
        assert "It is 30 days." in shown(app)
        app.run()
    assert [body.get("history") for body in fake.asked] == [
        [],
        [{"question": "How much annual leave?", "answer": "It is 13 days."}],
    ]
    app.button(key="new-conversation").click().run()
    assert app.title[0].value == "Ask your documents" and "13 days" not in shown(app)
    app.chat_input[0].set_value("And sick?").run()
    assert fake.asked[-1]["history"] == [] and 'data-state="refused"' in shown(app)


def test_only_as_many_turns_are_sent_as_the_api_takes(app: AppTest, fake: FakeApi) -> None:
    app.run()
    for number in range(12):
        app.chat_input[0].set_value(f"Question {number}?").run()
    assert [turn["question"] for turn in fake.asked[-1]["history"]] == [f"Question {number}?" for number in range(1, 11)]


def test_a_failed_question_says_why_and_is_asked_again_on_retry(app: AppTest, fake: FakeApi) -> None:
    fake.broken.add("/v1/ask")
    app.run().chat_input[0].set_value("Why?").run()
    assert "Internal error" in shown(app) and 'data-kind="error"' in shown(app)
    fake.broken.clear()
    app.button(key="retry-ask").click().run()
    assert 'data-state="refused"' in shown(app) and 'data-kind="error"' not in shown(app)


def test_without_a_key_it_asks_for_one_and_keeps_it_in_the_session(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUNIMENT_API_KEY")
    app.run()
    assert app.title[0].value == "Sign in" and not app.chat_input
    app.text_input[0].set_value(f" {KEY} ")
    app.button[0].click().run()
    assert app.title[0].value == "Ask your documents"


@pytest.mark.parametrize("typed", [False, True])
def test_a_key_that_is_refused_leads_back_to_the_form_with_the_reason(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, typed: bool
) -> None:
    monkeypatch.delenv("MUNIMENT_API_KEY") if typed else monkeypatch.setenv("MUNIMENT_API_KEY", "mun_wrong")
    app.run()
    if typed:
        app.text_input[0].set_value("mun_wrong")
        app.button[0].click().run()
    assert app.title[0].value == "Sign in"
    assert "unknown or was revoked" in shown(app)
    app.text_input[0].set_value(KEY)
    app.button[0].click().run()
    assert app.title[0].value == "Ask your documents" and "revoked" not in shown(app)


def test_an_api_that_is_away_is_named_and_tried_again(app: AppTest, fake: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_API_URL", "http://127.0.0.1:1")
    app.run()
    assert "API not reachable" in shown(app) and "muniment status" in shown(app)
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    app.button(key="retry-page").click().run()
    assert app.title[0].value == "Ask your documents"


def test_a_wrong_setting_is_named(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_API_PROT", "1")
    app.run()
    assert "MUNIMENT_API_PROT" in shown(app) and "MUNIMENT_API_PORT" in shown(app)


def test_a_new_collection_is_made_and_chosen(app: AppTest, fake: FakeApi) -> None:
    app.run()
    app.text_input(key="new_collection_name").set_value(" contracts ")
    app.button[0].click().run()
    assert list(fake.collections) == ["contracts"]
    assert app.selectbox(key="collection").value == "contracts"
    assert app.text_input(key="new_collection_name").value == ""


def test_a_collection_that_cannot_be_made_says_why(app: AppTest, fake: FakeApi) -> None:
    app.run()
    fake.broken.add("/v1/collections")
    app.text_input(key="new_collection_name").set_value("contracts")
    app.button[0].click().run()
    assert "Internal error" in shown(app) and fake.collections == {}
