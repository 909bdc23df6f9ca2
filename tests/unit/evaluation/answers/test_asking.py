"""Questions that fail, an API that is busy or away, and Ctrl-C: what was answered is kept."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from evaluation.answers import asking
from evaluation.answers.asking import INTERRUPTED, put_all
from evaluation.datasets import Question
from tests.fakes_eval import script_answers
from tests.fakes_ui import FakeApi, serve
from ui.client import ApiError, Client

QUESTIONS = [Question("How many days?"), Question("When is pay day?"), Question("Who owns the dog?")]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(asking, "WAIT_S", 0.0)
    with serve(FakeApi()) as fake:
        script_answers(fake)
        with Client(fake.url, fake.key) as client:
            yield client


def failing(monkeypatch: pytest.MonkeyPatch, *errors: BaseException, question: str = QUESTIONS[1].question) -> None:
    """Have a question fail with each of the errors in turn, and then be answered."""
    left, ask, lock = list(errors), asking.ask, threading.Lock()

    def put(client: Client, text: str, collection: str) -> Any:
        with lock:
            if text == question and left:
                raise left.pop(0)
        return ask(client, text, collection)

    monkeypatch.setattr(asking, "ask", put)


@pytest.mark.parametrize("parallel", [1, 3])
def test_replies_come_in_the_order_of_the_questions(client: Client, parallel: int) -> None:
    replies, stopped = put_all(client, QUESTIONS, "hr", parallel)
    assert [reply.answer for reply in replies] == [
        "Annual leave is 30 days a year.", "Salaries are paid weekly.", "The documents do not say."
    ]  # fmt: skip
    assert stopped == ""
    assert replies[0].waited_ms.keys() == {"evidence", "first_token", "total"}
    assert 0 < replies[0].waited_ms["evidence"] <= replies[0].waited_ms["total"]


def test_a_question_that_fails_is_told_and_the_others_go_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ApiError("Model server away", "It does not answer.", 502))
    replies, stopped = put_all(client, QUESTIONS, "hr", 1)
    assert [reply.error for reply in replies] == ["", "Model server away: It does not answer.", ""]
    assert stopped == ""


@pytest.mark.parametrize("error", [ApiError("Busy", "", 503), ApiError(asking.GONE, "", 0)])
def test_a_server_that_is_busy_or_restarts_is_asked_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: ApiError
) -> None:
    failing(monkeypatch, *[error] * (asking.TRIES - 1))
    replies, _ = put_all(client, QUESTIONS, "hr", 1)
    assert [reply.error for reply in replies] == ["", "", ""]


def test_a_server_that_stays_busy_fails_the_question_and_one_that_stays_away_ends_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, *[ApiError("Busy", "Ask later.", 503)] * asking.TRIES)
    assert [reply.error for reply in put_all(client, QUESTIONS, "hr", 1)[0]] == ["", "Busy: Ask later.", ""]
    failing(monkeypatch, *[ApiError(asking.GONE, "No answer.", 0)] * asking.TRIES)
    replies, stopped = put_all(client, QUESTIONS, "hr", 1)
    assert (len(replies), stopped) == (1, "API not reachable: No answer.")


def test_ctrl_c_keeps_what_was_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    replies, stopped = put_all(client, QUESTIONS, "hr", 1)
    assert (len(replies), stopped) == (1, INTERRUPTED)


def test_with_nothing_answered_the_reason_is_raised(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ApiError("Not found", "There is no such collection.", 404), question=QUESTIONS[0].question)
    with pytest.raises(ApiError, match="no such collection"):
        put_all(client, QUESTIONS, "absent", 1)
