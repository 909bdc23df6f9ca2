"""Search beyond query embedding at 10,000 chunks, against the bare vector query, on a real PostgreSQL in one run.

The chunks are made of real sentences (samples/ and docs/), 50 to a document; their vectors are random,
since exact search takes the same time for any. ``python -m tests.benchmarks.bench_search``
"""

import json
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import numpy as np

from api.lifespan import EMBEDDING_CALLS
from core.db.migrate import migrate
from core.db.pool import Connection, Pool, open_pool, transaction
from retrieval.embedders.base import Embedder, Vectors
from retrieval.embedders.batching import Batching
from retrieval.embedders.onnx import OnnxEmbedder
from retrieval.lexical.index import WordIndex
from retrieval.search import Search
from retrieval.stores import passages
from retrieval.stores.pgvector import PgVectorStore
from tests.embedded import running_postgres
from tests.fakes_retrieval import MINILM, ROOT, add_collection, add_document, make_chunks, minilm_folder, real_texts, scope_of
from tests.fakes_words import rank

NUM_CHUNKS, CHUNKS_PER_DOCUMENT, CHUNK_CHARS = 10_000, 50, 700
K = 10
QUERIES_EACH = 10  # of each of 32 threads


class StopwatchEmbedder:
    """An embedder that adds up the time its queries take, so that it can be subtracted."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.model_id, self.dimension, self.window_tokens = embedder.model_id, embedder.dimension, embedder.window_tokens
        self.seconds = 0.0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_documents(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        started = time.perf_counter()
        vectors = self._embedder.embed_queries(texts)
        self.seconds += time.perf_counter() - started
        return vectors


def sentences() -> list[str]:
    """Return the sentences of the project's own real texts."""
    found = (s.strip() for text in real_texts() for s in re.split(r"(?<=[.!?])\s+", text))
    return [s for s in found if 30 < len(s) < 400]


def sample_questions() -> list[str]:
    """Return the questions of samples/, and all the questions that the real texts ask."""
    kept = json.loads((ROOT / "samples" / "questions.json").read_text(encoding="utf-8"))
    return [entry["question"] for entries in kept.values() for entry in entries] + [s for s in sentences() if s.endswith("?")]


def passage(generator: random.Random, pool: Sequence[str]) -> str:
    """Write a passage of about CHUNK_CHARS characters of random real sentences."""
    text = ""
    while len(text) < CHUNK_CHARS:
        text += generator.choice(pool) + " "
    return text[:CHUNK_CHARS].rstrip()


def fill(connection: Connection, model_id: str, dimension: int) -> UUID:
    """Index the chunks; returns their collection."""
    generator, pool = random.Random(7), sentences()
    numbers = np.random.default_rng(7)
    collection_id = add_collection(connection, model_id, dimension=dimension)
    for _ in range(NUM_CHUNKS // CHUNKS_PER_DOCUMENT):
        texts = [passage(generator, pool) for _ in range(CHUNKS_PER_DOCUMENT)]
        chunks = make_chunks(add_document(connection, collection_id, "\n".join(texts)), texts)
        vectors = numbers.normal(size=(len(texts), dimension)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        passages.add(connection, collection_id, model_id, chunks, vectors)
    return collection_id


def timed(ask: Callable[[str], object], questions: Sequence[str], embedder: StopwatchEmbedder) -> np.ndarray:
    """Return the milliseconds of each question beyond its embedding, after one unmeasured round to warm up."""
    for question in questions:
        ask(question)
    times = []
    for question in questions:
        started, embedding_before = time.perf_counter(), embedder.seconds
        ask(question)
        times.append(1000 * (time.perf_counter() - started - (embedder.seconds - embedding_before)))
    return np.array(times)


def show(name: str, times: np.ndarray) -> None:
    """Print a row of the table."""
    print(f"{name:34} p50 {np.percentile(times, 50):6.1f} ms   p95 {np.percentile(times, 95):6.1f} ms")


def measure(pool: Pool, words: WordIndex, embedder: StopwatchEmbedder, collection_id: UUID) -> None:
    """Time whole searches, and each half of them alone."""
    with transaction(pool) as connection:
        scope, store = scope_of(connection, collection_id), PgVectorStore()
    search = Search(pool, embedder, store, words)
    questions = sample_questions()

    def by_vector(question: str) -> None:
        vector = embedder.embed_queries([question])[0]
        with transaction(pool) as connection:
            store.search(connection, vector, scope=scope, model_id=embedder.model_id, k=search.candidates)

    def by_words(question: str) -> None:
        rank(words, question, scope=scope, k=search.candidates)

    vector, lexical = timed(by_vector, questions, embedder), timed(by_words, questions, embedder)
    whole = timed(lambda question: search(question, scope=scope, k=K), questions, embedder)
    show("bare vector query", vector)
    show("BM25 alone", lexical)
    show("whole search, beyond embedding", whole)
    print(f"whole search / bare vector query   {np.median(whole) / np.median(vector):.2f}")


def queries(embedder: Embedder) -> None:
    """Time the embedding of questions of 20 words: one alone, and 32 at once with and without batching."""
    words = " ".join(real_texts()).split()
    texts = [" ".join(words[20 * i : 20 * i + 20]) for i in range(32 * QUERIES_EACH)]
    alone = []
    for text in texts[:100]:
        started = time.perf_counter()
        embedder.embed_queries([text])
        alone.append(1000 * (time.perf_counter() - started))
    show("a question of 20 words embedded", np.array(alone))
    rates = {}
    for name, used in (("each by itself", embedder), ("batched", Batching(embedder, EMBEDDING_CALLS))):
        with ThreadPoolExecutor(32) as threads:
            started = time.perf_counter()
            list(threads.map(lambda text, used=used: used.embed_queries([text]), texts))
            rates[name] = len(texts) / (time.perf_counter() - started)
        print(f"32 at once, {name:22} {rates[name]:.0f} a second")
    print(f"batched / each by itself           {rates['batched'] / rates['each by itself']:.2f}")
    print(f"batched, 32 at once / one alone    {rates['batched'] / (1000 / np.median(alone)):.2f}")


def main() -> None:
    """Build the index, measure, print."""
    embedder = StopwatchEmbedder(OnnxEmbedder(MINILM, minilm_folder(), threads=0))
    queries(embedder)
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder)) as server:
        server.add_database("bench")
        migrate(server.url("bench"))
        pool = open_pool(server.url("bench"), max_size=4)
        with transaction(pool) as connection:
            started = time.perf_counter()
            collection_id = fill(connection, embedder.model_id, embedder.dimension)
            print(f"{NUM_CHUNKS} chunks stored in {time.perf_counter() - started:.1f} s")
        with pool.connection() as connection:
            connection.commit()
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")
            connection.autocommit = False
        words = WordIndex(pool, Path(folder) / "words")
        measure(pool, words, embedder, collection_id)
        words.close()
        pool.close()
    print(f"peak memory of this process        {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
