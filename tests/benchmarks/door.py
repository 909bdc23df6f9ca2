"""The whole of a search beyond embedding its question: both sides, the fusion, and the passages read back."""

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.access import AccessScope
from core.db.pool import Pool
from retrieval.embedders.base import Vector, Vectors
from retrieval.lexical.index import WordIndex
from retrieval.search import Search
from retrieval.stores.base import VectorStore
from tests.benchmarks.bench_search import passage, sample_questions, sentences
from tests.benchmarks.bench_words import is_behind

K = 10


class Prepared:
    """An embedder that takes no time: each question's vector is known before."""

    window_tokens = 256

    def __init__(self, model_id: str, vectors: Vectors) -> None:
        self.model_id, self.dimension = model_id, vectors.shape[1]
        self._of = dict(zip(sample_questions(), vectors, strict=False))

    def questions(self) -> list[str]:
        """Give the questions whose vectors are known."""
        return list(self._of)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [1 for _ in texts]

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return self.embed_queries(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._of[text] for text in texts])


def texts() -> list[str]:
    """Write passages of random real sentences, some 700 characters each, to be taken in turns."""
    generator, pool = random.Random(7), sentences()
    return [passage(generator, pool) for _ in range(50_000)]


def open_words(pool: Pool, folder: Path) -> WordIndex:
    """Open the index of words, and wait until it has read everything."""
    started, words = time.perf_counter(), WordIndex(pool, folder)
    while words._keeper.snapshot is None or is_behind(pool, words):
        time.sleep(0.5)
    print(f"  words in their index after {time.perf_counter() - started:.0f} s", flush=True)
    return words


def measure(
    pool: Pool, store: VectorStore, words: WordIndex, scope: AccessScope, embedder: Prepared, bare: Callable[[Vector], object]
) -> dict[str, float]:
    """Time whole searches, searches for vectors and for words alone, and the bare index of vectors, in turns."""
    whole = Search(pool, embedder, store, words)
    doors = {"door": whole, "door_dense": whole.by("dense"), "door_words": whole.by("words")}
    asks: dict[str, Callable[[str], object]] = {name: partial(found, scope=scope, k=K) for name, found in doors.items()}
    asks["bare"] = lambda question: bare(embedder.embed_queries([question])[0])
    times: dict[str, list[float]] = {name: [] for name in asks}
    for number, question in enumerate([*embedder.questions()[:10], *embedder.questions()]):
        for name, ask in asks.items():
            started = time.perf_counter()
            ask(question)
            if number >= 10:
                times[name].append(1000 * (time.perf_counter() - started))
    return {f"{name}_p{share}_ms": float(np.percentile(of, share)) for name, of in times.items() for share in (50, 95)}
