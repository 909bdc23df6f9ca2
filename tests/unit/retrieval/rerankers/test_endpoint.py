"""The endpoint's client against servers that refuse, fail, dawdle and lie; the contract has those that do well."""

import time

import pytest

from core.errors import ContextTooLong, ModelUnavailable
from retrieval.rerankers import endpoint
from retrieval.rerankers.endpoint import EndpointReranker
from tests.fakes_rerank import Dialect, FakeRerankServer

QUERY = "secret notice period"
TEXTS = ["The logo is red.", "The notice period is one month."]


def reranker(
    server: FakeRerankServer, *, key: str | None = None, model: str | None = "m", timeout_s: float = 5
) -> EndpointReranker:
    return EndpointReranker(url=server.url + "/", model=model, api_key=key, timeout_s=timeout_s)


@pytest.mark.parametrize(("dialect", "tried"), [("documents", ["documents"]), ("texts", ["documents", "texts", "texts"])])
def test_the_dialect_is_found_once_and_then_spoken(dialect: Dialect, tried: list[str]) -> None:
    with FakeRerankServer(dialect) as server:
        asking = reranker(server)
        scores = asking.score(QUERY, TEXTS)
        if dialect == "texts":
            assert asking.score(QUERY, TEXTS) == scores
    assert scores[1] > scores[0]
    assert [next(name for name in ("documents", "texts") if name in body) for body in server.requests] == tried


def test_the_model_is_named_where_there_is_a_name() -> None:
    with FakeRerankServer() as server:
        reranker(server).score(QUERY, TEXTS)
        reranker(server, model=None).score(QUERY, TEXTS)
    assert server.requests == [{"model": "m", "query": QUERY, "documents": TEXTS}, {"query": QUERY, "documents": TEXTS}]


def test_a_server_of_the_second_dialect_is_asked_to_cut_what_is_too_long() -> None:
    with FakeRerankServer("texts") as server:
        reranker(server).score(QUERY, TEXTS)
    assert server.requests[-1] == {"model": "m", "query": QUERY, "texts": TEXTS, "truncate": True}


def test_the_key_is_sent_and_a_refused_one_is_told() -> None:
    with FakeRerankServer(api_key="key") as server:
        assert len(reranker(server, key="key").score(QUERY, TEXTS)) == 2
        with pytest.raises(ModelUnavailable, match=r"set rerank\.api_key"):
            reranker(server, key="other").score(QUERY, TEXTS)


@pytest.mark.parametrize(
    ("status", "told"), [(503, "answered 503"), (429, "answered 429"), (404, "There is nothing at"), (422, "neither dialect")]
)
def test_a_failure_is_told_without_what_the_server_says(status: int, told: str) -> None:
    with FakeRerankServer(fail=status) as server, pytest.raises(ModelUnavailable, match=told) as caught:
        reranker(server).score(QUERY, TEXTS)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<html>", "no index and score"),
        ("[]", "scored 0 of 2"),
        ("{}", "no index and score"),
        ("null", "no index and score"),
        ('{"results": 7}', "no index and score"),
        ('[{"index": 0}]', "no index and score"),
        ('[{"index": 0, "score": "high"}]', "no index and score"),
        ('[{"index": Infinity, "score": 1}]', "no index and score"),
        ('{"results": [{"index": 0, "relevance_score": 0.5}]}', "scored 1 of 2"),
        ('[{"index": 0, "score": 0.5}, {"index": 7, "score": 0.5}]', "scored 1 of 2"),
        ('[{"index": 0, "score": 0.5}, {"index": 1, "score": NaN}]', "no finite score"),
    ],
)
def test_an_answer_that_is_none_is_an_error(body: str, told: str) -> None:
    with FakeRerankServer(body=body) as server, pytest.raises(ModelUnavailable, match=told):
        reranker(server).score(QUERY, TEXTS)


def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_BYTES", 100)
    with FakeRerankServer(body="[" + "0," * 1000) as server, pytest.raises(ModelUnavailable, match="more than 100 bytes"):
        reranker(server).score(QUERY, TEXTS)


def test_silence_ends_at_the_timeout() -> None:
    started = time.monotonic()
    with FakeRerankServer(pause_s=30) as server:
        with pytest.raises(ModelUnavailable, match=r"no answer in 0\.2 s"):
            reranker(server, timeout_s=0.2).score(QUERY, TEXTS)
        assert time.monotonic() - started < 10


def test_nobody_there_is_told() -> None:
    with pytest.raises(ModelUnavailable, match=r"start it, or correct rerank\.url"):
        EndpointReranker(url="http://127.0.0.1:9", model=None, api_key=None, timeout_s=1).score(QUERY, TEXTS)


def test_a_question_too_long_for_a_server_that_understands_us_is_its_own_error() -> None:
    with FakeRerankServer(max_chars=100) as server:
        asking = reranker(server)
        asking.score(QUERY, TEXTS)
        with pytest.raises(ContextTooLong, match="window") as caught:
            asking.score(QUERY * 50, TEXTS)
        assert "secret" not in str(caught.value)
        assert len(asking.score(QUERY, TEXTS)) == 2
