"""The index of words against the bare index library on the same index, in one run: latency, building, size.

``python -m tests.benchmarks.bench_words [NUM_PASSAGES]`` (10,000 unless told; 1,000,000 takes a quarter of an hour and 4 GB of
disk). Passages are random real sentences (samples/ and docs/) with a name each, in 100 collections; questions are real.
"""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from core.access import AccessScope
from core.db.migrate import migrate
from core.db.pool import Connection, Pool, open_pool, transaction
from retrieval.lexical import ranking
from retrieval.lexical.index import WordIndex
from retrieval.lexical.query import parse
from retrieval.lexical.snapshot import any_of
from retrieval.stores import changes
from tests.benchmarks.bench_search import passage, sample_questions, sentences
from tests.embedded import running_postgres
from tests.fakes_retrieval import add_collection, add_document, scope_of
from tests.fakes_words import rank

NUM_PASSAGES, NUM_COLLECTIONS, PASSAGES_PER_DOCUMENT = 10_000, 100, 50
K = 100

COPY = (
    "COPY chunks (chunk_id, document_id, collection_id, class_id, start_char, end_char, heading_path, text, embedding) FROM STDIN"
)


def fill(connection: Connection, num_passages: int) -> list[UUID]:
    """Write the passages; returns the collections."""
    generator, pool = random.Random(7), sentences()
    collections = [add_collection(connection, "bench", dimension=1) for _ in range(NUM_COLLECTIONS)]
    for number in range(num_passages // PASSAGES_PER_DOCUMENT):
        collection_id = collections[number % NUM_COLLECTIONS]
        document_id = add_document(connection, collection_id)
        row = connection.execute("SELECT class_id FROM documents WHERE document_id = %s", (document_id,)).fetchone()
        assert row is not None
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for i in range(PASSAGES_PER_DOCUMENT):
                text = f"{passage(generator, pool)} Name{generator.randrange(num_passages)}"
                copy.write_row((uuid4().hex, document_id, collection_id, row["class_id"], i, i + 1, [], text, "[1]"))
    connection.execute("UPDATE documents SET language = 'en'")
    return collections


def timed(ask: Callable[[str], object], questions: Sequence[str]) -> np.ndarray:
    """Return the milliseconds of each question, after one unmeasured round to warm up."""
    for question in questions:
        ask(question)
    times = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        times.append(1000 * (time.perf_counter() - started))
    return np.array(times)


def show(name: str, times: np.ndarray) -> None:
    """Print a row of the table."""
    print(f"{name:44} p50 {np.percentile(times, 50):6.2f} ms   p95 {np.percentile(times, 95):6.2f} ms")


def measure(words: WordIndex, scopes: dict[str, AccessScope]) -> None:
    """Time whole rankings, and of the same index the bare query for the same words."""
    questions = sample_questions()
    snapshot = words._keeper.snapshot
    assert snapshot is not None
    for name, scope in scopes.items():
        view = snapshot.view(scope.class_ids)
        plans = {question: ranking.make_plan(view, parse(question)) for question in questions}

        def bare(question: str, plans: dict[str, ranking.Plan] = plans) -> object:
            return snapshot.hits(any_of([snapshot.term("words", token) for token, _ in plans[question].terms]), K)

        def narrowed(question: str, plans: dict[str, ranking.Plan] = plans) -> object:
            return snapshot.hits(ranking._wanted(view, plans[question], []), K)  # noqa: B023  # called within the round

        show(f"bare query, no scope ({name})", timed(bare, questions))
        show(f"bare query in the scope ({name})", timed(narrowed, questions))
        found = timed(lambda question: rank(words, question, scope=scope, k=K), questions)  # noqa: B023
        show(f"WordIndex.rank, {K} passages ({name})", found)
        snapshot._views.clear()
        cold = []
        for question in questions[:20]:
            started = time.perf_counter()
            rank(words, question, scope=scope, k=K)
            cold.append(1000 * (time.perf_counter() - started))
            snapshot._views.clear()
        show(f"the same, nothing counted yet ({name})", np.array(cold))


def build(pool: Pool, folder: Path, num_passages: int) -> WordIndex:
    """Build the index, printing how long it took and how large it is."""
    started = time.perf_counter()
    words = WordIndex(pool, folder)
    while words._keeper.snapshot is None or is_behind(pool, words):
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"built in {seconds:.1f} s ({num_passages / seconds:.0f} passages/s), {size / 1e6:.0f} MB on disk")
    return words


def is_behind(pool: Pool, words: WordIndex) -> bool:
    """Tell whether something is committed that the index has not read."""
    with transaction(pool) as connection:
        return bool(changes.news(connection, words._keeper._cursor))


def freshness(pool: Pool, words: WordIndex, collection_id: UUID, scope: AccessScope) -> None:
    """Time the search that finds a document committed just before it."""
    times = []
    for number in range(10):
        with transaction(pool) as connection:
            document_id = add_document(connection, collection_id)
            row = connection.execute("SELECT class_id FROM documents WHERE document_id = %s", (document_id,)).fetchone()
            assert row is not None
            with connection.cursor() as cursor, cursor.copy(COPY) as copy:
                text = f"a freshly committed zebra{number}"
                copy.write_row((uuid4().hex, document_id, collection_id, row["class_id"], 0, 1, [], text, "[1]"))
        started = time.perf_counter()
        found = rank(words, f"zebra{number}", scope=scope, k=5)
        times.append(1000 * (time.perf_counter() - started))
        assert len(found) == 1, "a committed document was not found by the next search"
    show("the next search after a commit finds it", np.array(times))


def main() -> None:
    """Build the index, measure, print."""
    num_passages = int(sys.argv[1]) if len(sys.argv) > 1 else NUM_PASSAGES
    with tempfile.TemporaryDirectory() as name, running_postgres(Path(name) / "postgres") as server:
        server.add_database("bench")
        migrate(server.url("bench"))
        pool = open_pool(server.url("bench"), max_size=4)
        with transaction(pool) as connection:
            started = time.perf_counter()
            collections = fill(connection, num_passages)
            print(f"{num_passages} passages stored in {time.perf_counter() - started:.1f} s")
        words = build(pool, Path(name) / "words", num_passages)
        with transaction(pool) as connection:
            everything, one = scope_of(connection, *collections), scope_of(connection, collections[0])
            half = scope_of(connection, *collections[: NUM_COLLECTIONS // 2])
        measure(words, {"all": everything, "1 in 2": half, "1 in 100": one})
        freshness(pool, words, collections[0], one)
        words.close()
        pool.close()
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
