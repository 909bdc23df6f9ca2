"""Questions are embedded together while the model is busy, each gets its own vectors, and a broken one breaks no other."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import ModelError
from retrieval.embedders.base import Vectors
from retrieval.embedders.batching import MAX_TEXTS, Batching
from tests.fakes_retrieval import FakeEmbedder


class SlowEmbedder(FakeEmbedder):
    """Keeps its first call waiting until it is let go; remembers how many texts each call had."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go, self.began = threading.Event(), threading.Event()
        self.calls: list[int] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(len(texts))
        self.began.set()
        assert self.let_go.wait(10)
        if "broken" in texts:
            raise ModelError("cannot")
        return super().embed_queries(texts)


def ask_at_once(slow: SlowEmbedder, first: str, others: Sequence[str]) -> tuple[Batching, list[object]]:
    batching = Batching(slow)
    with ThreadPoolExecutor(len(others) + 1) as threads:
        futures = [threads.submit(batching.embed_queries, [first])]
        assert slow.began.wait(10)
        futures += [threads.submit(batching.embed_queries, [text, text + " part"]) for text in others]
        while len(batching._waiting) < len(others):
            pass
        slow.let_go.set()
        return batching, [future.exception() or future.result() for future in futures]


def test_those_that_wait_go_together_and_each_gets_its_own() -> None:
    slow, texts = SlowEmbedder(), [f"question {n}" for n in range(8)]
    _, found = ask_at_once(slow, "first", texts)
    assert slow.calls == [1, 16]
    plain = FakeEmbedder()
    assert np.array_equal(found[0], plain.embed_queries(["first"]))  # type: ignore[arg-type]
    for text, vectors in zip(texts, found[1:], strict=True):
        assert np.array_equal(vectors, plain.embed_queries([text, text + " part"]))  # type: ignore[arg-type]


def test_a_question_that_cannot_be_embedded_breaks_no_other() -> None:
    _, found = ask_at_once(SlowEmbedder(), "first", ["one", "broken", "two"])
    assert isinstance(found[2], ModelError)
    assert [np.shape(vectors) for vectors in (found[0], found[1], found[3])] == [(1, 64), (2, 64), (2, 64)]  # type: ignore[arg-type]


def test_several_calls_at_once_lose_and_mix_up_nothing() -> None:
    batching, plain, texts = Batching(FakeEmbedder(), 3), FakeEmbedder(), [f"question {n}" for n in range(300)]
    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(lambda text: batching.embed_queries([text]), texts))
    assert np.allclose(np.concatenate(found), plain.embed_queries(texts))


@pytest.mark.parametrize("texts", [[], ["one"]])
def test_alone_it_is_as_without(texts: list[str]) -> None:
    assert np.array_equal(Batching(FakeEmbedder()).embed_queries(texts), FakeEmbedder().embed_queries(texts))


def test_many_that_wait_go_in_batches_of_a_bounded_size() -> None:
    slow, texts = SlowEmbedder(), [f"question {n}" for n in range(30)]
    _, found = ask_at_once(slow, "first", texts)
    assert max(slow.calls) == MAX_TEXTS and sum(slow.calls) == 61
    assert all(np.shape(vectors) == (2, 64) for vectors in found[1:])  # type: ignore[arg-type]
