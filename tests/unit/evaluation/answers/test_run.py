"""Questions put to a small API: every measure can be counted by hand from the answers it was told to give."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import InvalidInput
from evaluation.answers.run import Plan, evaluate, spread
from evaluation.datasets import Question, load_questions
from tests.fakes_eval import PAY, script_answers, write_questions
from tests.fakes_ui import FakeApi, serve
from ui.client import ApiError, Client


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        script_answers(fake)
        yield fake


@pytest.fixture
def client(fake: FakeApi) -> Iterator[Client]:
    with Client(fake.url, fake.key) as client:
        yield client


def test_every_measure(client: Client, tmp_path: Path) -> None:
    """One right, one with a wrong word, one refused that has an answer; one refused rightly, one invented."""
    run = evaluate(client, load_questions(write_questions(tmp_path)), Plan("hr"))
    found = run.measures
    assert found["right"] == 2 / 5
    assert found["correct"] == found["contained"] == pytest.approx(1 / 3)
    assert found["correct_when_answered"] == 1 / 2
    assert found["token_f1"] == pytest.approx((2 * 2 / (6 + 2)) / 3)
    assert found["citation_precision"] == 1.0
    assert found["citation_recall"] == found["answered"] == found["cited_document"] == pytest.approx(2 / 3)
    assert found["support_recall"] == found["support_precision"] == pytest.approx(1 / 3)  # of three claims, each cited once
    assert found["claims_verified"] == pytest.approx(1 / 3)
    assert found["quote_fidelity"] == 1.0
    assert (found["refusal_precision"], found["refusal_recall"]) == (1 / 2, 1 / 2)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert run.counted["claims_verified"] == 3
    assert run.counted["balanced_accuracy"] == 5
    assert list(found) == list(run.counted)


def test_an_attack_is_measured_beside_the_others(client: Client, tmp_path: Path) -> None:
    run = evaluate(client, load_questions(write_questions(tmp_path, attacked=True)), Plan("hr"))
    assert (run.measures["attacks_resisted"], run.measures["correct_under_attack"]) == (0.0, 1.0)
    assert run.measures["correct"] == pytest.approx(1 / 3)
    assert run.measures["right"] == 2 / 6
    assert len(run.curve) == 3  # the attack's answer has no confidence, and would not count if it had one


def test_times_tokens_curve_and_fit(client: Client, tmp_path: Path) -> None:
    run = evaluate(client, load_questions(write_questions(tmp_path)), Plan("hr", parallel=3))
    assert run.waited_ms.keys() == {"evidence", "first_token", "total"}
    assert 0 < run.waited_ms["evidence"]["p50"] <= run.waited_ms["total"]["p95"]
    assert {"retrieval": 12.0, "first_token": 340.0, "total": 2100.0}.items() <= run.server_ms.items()
    assert run.tokens == {"prompt_tokens": 900.0, "completion_tokens": 20.0}
    assert [(p.coverage, p.accuracy) for p in run.curve] == [(0.2, 1.0), (0.4, 0.5), (pytest.approx(0.6), pytest.approx(1 / 3))]
    assert run.fit is not None
    assert run.fit.threshold == 0.5  # between 0.4, invented, and 0.6, refused though it has an answer
    assert run.fit.balanced_accuracy == 1.0


def test_the_report_is_json_with_a_row_a_question(client: Client, tmp_path: Path) -> None:
    run = evaluate(client, load_questions(write_questions(tmp_path)), Plan("hr"))
    report = json.loads(json.dumps(run.report()))
    assert (report["num_queries"], report["num_refused"], report["num_failed"], report["num_degraded"]) == (5, 2, 0, 0)
    assert report["main_measure"] == "right"
    assert report["models"] == [{"model": "fake-model", "prompt_version": "0123456789ab"}]
    first = report["queries"][0]
    assert (first["answer"], first["measures"]["correct"]) == ("Annual leave is 30 days a year.", 1.0)
    assert first["claims"] == [{"text": first["answer"], "verdict": "supported", "reason": "it says so", "citations": [1]}]
    assert first["quotes"][0]["quote"] == "Annual leave is 30 days a year."
    refused = next(row for row in report["queries"] if row["query"] == "When is a raise?")
    assert (refused["reason"], refused["confidence"]) == ("not_stated: No passage states it.", 0.6)


def test_a_quote_that_is_not_in_its_document_is_found_out(fake: FakeApi, client: Client, tmp_path: Path) -> None:
    fake.answers["How many days?"]["citations"][0]["quote"] = "Annual leave is 31 days a year."
    run = evaluate(client, load_questions(write_questions(tmp_path)), Plan("hr"))
    assert run.measures["quote_fidelity"] == pytest.approx(5 / 6)  # each answer cites one quote and marks it in its passage
    assert "something else" in run.report()["queries"][0]["quotes"][0]["fault"]


def test_a_server_that_tells_no_confidence_has_no_curve_and_no_fit(fake: FakeApi, client: Client, tmp_path: Path) -> None:
    for answer in fake.answers.values():
        answer.pop("confidence", None)
    run = evaluate(client, load_questions(write_questions(tmp_path)), Plan("hr"))
    assert (run.curve, run.fit, run.report()["fit"]) == ([], None, None)


def test_documents_and_quotes_that_are_not_there_are_noted(fake: FakeApi, client: Client, tmp_path: Path) -> None:
    questions = load_questions(write_questions(tmp_path))
    gone = Question("Where?", "here", "hr/gone.txt", None, "here")
    lost = Question("Which?", "this", "hr/pay.txt", None, "this is not in it")
    run = evaluate(client, [*questions, gone, lost], Plan("hr"))
    assert run.notes[0] == "1 documents of questions are not in the collection, such as hr/gone.txt."
    assert "1 gold quotes do not stand in their document's text, such as 'this is not in it'" in run.notes[1]
    with pytest.raises(InvalidInput, match=r"holds none of the questions' documents, such as hr/gone.txt: ingest"):
        evaluate(client, [gone], Plan("hr"))


def test_no_question_and_no_collection(client: Client) -> None:
    with pytest.raises(InvalidInput, match="holds no question"):
        evaluate(client, [], Plan("hr"))


def test_questions_without_gold_alone_can_be_measured(client: Client) -> None:
    run = evaluate(client, [Question("Who owns the dog?")], Plan("hr"))
    assert run.measures == {
        "right": 1.0, "support_recall": 1.0, "support_precision": 1.0, "claims_verified": 1.0, "quote_fidelity": 1.0,
        "refusal_precision": 1.0, "refusal_recall": 1.0,
    }  # fmt: skip
    assert run.counted["support_recall"] == 0


def test_a_limit_takes_questions_of_every_kind() -> None:
    questions = [Question(str(n), "a", "d.md") for n in range(30)] + [Question(f"u{n}") for n in range(10)]
    taken = spread(questions, 8)
    assert sum(question.answerable for question in taken) == 6
    assert spread(questions, None) == spread(questions, 99) == questions


def test_the_text_that_the_tests_stand_on(fake: FakeApi) -> None:
    assert PAY in fake.texts.values()


def test_a_refused_key_is_the_apis_own_word(fake: FakeApi, tmp_path: Path) -> None:
    with Client(fake.url, "wrong") as client, pytest.raises(ApiError, match="unknown or was revoked"):
        evaluate(client, load_questions(write_questions(tmp_path)), Plan("hr"))
