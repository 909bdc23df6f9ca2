"""Reranking must never cost a search its result: what fails or dawdles leaves the ranking as it was."""

import doctest
import logging
import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import ContextTooLong, LicenceRefused, ModelUnavailable, WeightsError
from core.settings import Settings
from retrieval import rerank
from retrieval.rerank import MAX_FAILURES, Rerank, make_rerank, reorder
from tests.fakes_rerank import FakeReranker, FakeRerankServer

QUERY = "notice period"
TEXTS = {7: "The logo is red.", 8: "The notice period is one month."}


def reranking(reranker: FakeReranker, *, timeout_s: float = 5, back_off_s: float = 60) -> Rerank:
    return Rerank(reranker, candidates=50, timeout_s=timeout_s, back_off_s=back_off_s)


def test_passages_are_scored_by_number() -> None:
    scores = reranking(FakeReranker())(QUERY, TEXTS)
    assert list(scores) == [7, 8]
    assert scores[8] > scores[7]


def test_nothing_to_score_asks_nobody() -> None:
    fake = FakeReranker()
    assert reranking(fake)(QUERY, {}) == {}
    assert fake.asked == []


def test_failures_are_logged_without_the_texts_and_after_three_it_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeReranker(error=ModelUnavailable("away"))
    asking = reranking(fake)
    with caplog.at_level(logging.WARNING):
        assert [asking(QUERY, TEXTS) for _ in range(5)] == [{}] * 5
    assert len(fake.asked) == MAX_FAILURES
    assert [record.message for record in caplog.records] == ["rerank_failed"] * MAX_FAILURES
    assert [vars(record)["reason"] for record in caplog.records] == ["away"] * MAX_FAILURES
    assert [vars(record)["back_off_s"] for record in caplog.records] == [0.0, 0.0, 60]


def test_failures_between_successes_do_not_add_up() -> None:
    fake = FakeReranker()
    asking = reranking(fake)
    for _ in range(MAX_FAILURES):
        fake.error = ModelUnavailable("away")
        assert [asking(QUERY, TEXTS) for _ in range(MAX_FAILURES - 1)] == [{}] * (MAX_FAILURES - 1)
        fake.error = None
        assert len(asking(QUERY, TEXTS)) == 2


def test_after_the_back_off_it_is_tried_again() -> None:
    fake = FakeReranker(error=ModelUnavailable("away"))
    asking = reranking(fake, back_off_s=0.05)
    assert [asking(QUERY, TEXTS) for _ in range(MAX_FAILURES)] == [{}] * MAX_FAILURES
    fake.error = None
    time.sleep(0.06)
    assert len(asking(QUERY, TEXTS)) == 2


def test_one_slow_question_costs_no_other_its_reranking() -> None:
    release = threading.Event()
    fake = FakeReranker(release=release)
    asking = reranking(fake, timeout_s=0.1)
    assert asking("a long question", TEXTS) == {}
    release.set()
    assert len(asking(QUERY, TEXTS)) == 2


def test_one_that_is_too_slow_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    asking = reranking(FakeReranker(release=release), timeout_s=0.1)
    started = time.monotonic()
    try:
        assert asking(QUERY, TEXTS) == {}
        assert time.monotonic() - started < 5
    finally:
        release.set()
    assert vars(caplog.records[0])["reason"] == "it took more than 0.1 s"


def test_a_question_it_cannot_take_does_not_hold_up_the_next() -> None:
    fake = FakeReranker(error=ContextTooLong("too long"))
    asking = reranking(fake)
    assert asking(QUERY, TEXTS) == {}
    fake.error = None
    assert len(asking(QUERY, TEXTS)) == 2


def test_closing_waits_for_no_question() -> None:
    release = threading.Event()
    asking = reranking(FakeReranker(release=release), timeout_s=0.1)
    assert asking(QUERY, TEXTS) == {}
    started = time.monotonic()
    asking.close()
    assert time.monotonic() - started < 5
    release.set()


def test_what_has_no_score_keeps_its_place() -> None:
    ranking = [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)]
    assert reorder(ranking, {}) == ranking
    assert reorder(ranking, {1: 0.0, 2: 5.0, 99: 7.0}) == [(2, 0.9), (1, 0.8), (3, 0.7), (4, 0.6)]
    assert reorder(ranking, {1: 1.0, 2: 1.0}) == ranking


def test_it_is_off_unless_set_up(tmp_path: Path) -> None:
    assert make_rerank(Settings(home=tmp_path)) is None


def test_a_url_is_asked_with_the_settings_that_go_with_it(tmp_path: Path) -> None:
    with FakeRerankServer(api_key="key") as server:
        values = {"url": server.url, "model": "m", "api_key": SecretStr("key"), "candidates": 9}
        made = make_rerank(Settings(home=tmp_path).with_values(rerank=values))
        assert made is not None
        assert made.candidates == 9
        assert made(QUERY, TEXTS)[8] > 0
    assert server.requests[0]["model"] == "m"


def test_a_hubs_model_is_not_fetched_here(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="muniment models pull org/name"):
        make_rerank(Settings(home=tmp_path).with_values(rerank={"model": "org/name"}))


def test_the_examples_hold() -> None:
    assert doctest.testmod(rerank).failed == 0


def test_the_policy_on_licences_counts_for_a_server_too(tmp_path: Path) -> None:
    strict = Settings(home=tmp_path, models={"allowed_licences": ("open-source",)})
    for named in ("served-name", None):
        with pytest.raises(LicenceRefused, match=r"models.allowed_licences"):
            make_rerank(strict.with_values(rerank={"url": "http://gpu.example", "model": named}))
