"""Both vector stores over a large made-up corpus: time beyond the bare index, recall, memory, disk, and how all that grows.

Every ratio is of two things measured in turns in one run. ``python -m tests.benchmarks.bench_vectors --passages 1000000``;
a tenth and a hundredth of the passages are measured first.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from core.access import AccessScope, reading
from core.db.migrate import migrate
from core.db.pool import Pool, open_pool, session, transaction
from retrieval.embedders.base import Vector, Vectors
from retrieval.lexical.index import WordIndex
from retrieval.stores import builder, graph, shape
from retrieval.stores.base import VectorIndex
from retrieval.stores.builder import Job
from retrieval.stores.census import Census
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import EXACT, PgVectorStore
from retrieval.stores.shape import Look
from tests.benchmarks import door
from tests.benchmarks.searchers import share_of_cores
from tests.corpus import MODEL, NARROW, Corpus, load
from tests.embedded import running_postgres
from tests.vectors import PER_DOCUMENT, clustered, questions

DIMENSION, NUM_QUESTIONS, K, CANDIDATES = 384, 200, 10, 100
NUM_SEARCHERS, ROUNDS, ROUND_S = 32, 5, 4.0
POOL = 10  # connections, as many as the API has
SERVER = ("shared_buffers=1GB", "max_wal_size=8GB", "effective_cache_size=8GB")
Ask = Callable[[Vector], Sequence[int]]


class Measured:
    """One corpus with its questions and what they should find; ``words`` where whole searches are timed, too."""

    words: WordIndex | None = None

    def __init__(self, pool: Pool, corpus: Corpus, vectors: Vectors) -> None:
        self.pool, self.vectors = pool, vectors
        self.wide, self.narrow = corpus.scopes(pool)
        self.questions = questions(vectors, NUM_QUESTIONS)
        with transaction(pool) as connection:
            row = connection.execute("SELECT min(num) AS first, max(num) AS last FROM chunks").fetchone()
        assert row is not None and row["last"] - row["first"] == len(vectors) - 1, "numbers follow the order of the vectors"
        self.first = int(row["first"])
        documents = np.arange(len(vectors)) // PER_DOCUMENT
        inside = np.flatnonzero(documents % NARROW == NARROW // 2)
        self.best = {False: self._best(np.arange(len(vectors))), True: self._best(inside)}

    def _best(self, rows: npt.NDArray[np.int64]) -> list[set[int]]:
        best = []
        for question in self.questions:
            cosines = (self.vectors if len(rows) == len(self.vectors) else self.vectors[rows]) @ question
            best.append({int(rows[i]) + self.first for i in np.argpartition(-cosines, K)[:K]})
        return best

    def by_store(self, store: VectorIndex, scope: AccessScope, k: int, times: list[float]) -> Ask:
        """Ask the store as the door does; the time counted is that of the store."""

        def ask(question: Vector) -> Sequence[int]:
            with transaction(self.pool) as connection, reading(connection, scope):
                started = time.perf_counter()
                found = store.search(connection, question, scope=scope, model_id=MODEL, k=k)
                times.append(1000 * (time.perf_counter() - started))
            return [num for num, _ in found]

        return ask

    def compare(self, name: str, store: VectorIndex, bare: Callable[[Vector], object]) -> dict[str, float]:
        """Print recall and times of a store, and of the bare index in turns with it; gives the figures."""
        wide, narrow, many, alone = [], [], [], []  # type: ignore[var-annotated]
        asks = {False: self.by_store(store, self.wide, K, wide), True: self.by_store(store, self.narrow, K, narrow)}
        ask_many = self.by_store(store, self.wide, CANDIDATES, many)
        recalls: dict[bool, list[float]] = {False: [], True: []}
        for number, question in enumerate([*self.questions[:20], *self.questions]):  # the first to warm up
            started = time.perf_counter()
            bare(question)
            alone.append(1000 * (time.perf_counter() - started))
            for is_narrow, ask in asks.items():
                found = set(ask(question))
                if number >= 20:
                    recalls[is_narrow].append(len(found & self.best[is_narrow][number - 20]) / K)
            ask_many(question)
        times = {what: np.array(of[20:]) for what, of in (("bare", alone), ("all", wide), ("1 %", narrow), ("k=100", many))}
        for what, of in times.items():
            print(f"  {name} {what:6} p50 {np.percentile(of, 50):7.2f} ms   p95 {np.percentile(of, 95):7.2f} ms")
        p50, p95 = ({what: float(np.percentile(of, share)) for what, of in times.items()} for share in (50, 95))
        figures = {"p50_ms": p50["all"], "p95_ms": p95["all"], "narrow_p95_ms": p95["1 %"], "bare_p95_ms": p95["bare"]}
        figures |= {"p50_to_bare": p50["all"] / p50["bare"], "p95_to_bare": p95["all"] / p95["bare"]}
        figures |= {"narrow_to_all_p95": p95["1 %"] / p95["all"]}
        figures |= {"recall": float(np.mean(recalls[False])), "narrow_recall": float(np.mean(recalls[True]))}
        print(f"  {name} store / bare index, p50 and p95     {figures['p50_to_bare']:6.2f} {figures['p95_to_bare']:6.2f}")
        print(f"  {name} p95 under a 1 % filter / unfiltered {figures['narrow_to_all_p95']:6.2f}")
        print(f"  {name} recall@{K} {figures['recall']:.4f}, under a 1 % filter {figures['narrow_recall']:.4f}", flush=True)
        return figures

    def door(self, name: str, store: VectorIndex, bare: Callable[[Vector], object]) -> dict[str, float]:
        """Print how long whole searches take, beyond embedding their questions."""
        if self.words is None:
            return {}
        figures = door.measure(self.pool, store, self.words, self.wide, door.Prepared(MODEL, self.questions), bare)
        for what in ("bare", "door", "door_dense", "door_words"):
            print(
                f"  {name} {what:10} p50 {figures[f'{what}_p50_ms']:7.2f} ms   p95 {figures[f'{what}_p95_ms']:7.2f} ms",
                flush=True,
            )
        return figures

    def crowd(self, name: str, store: VectorIndex, url: str) -> dict[str, float]:
        """Print how many searches many searchers get done in one process; gives the share of what the cores allow."""
        pool = open_pool(url, max_size=POOL, min_size=POOL)

        def search(number: int) -> None:
            with transaction(pool) as connection, reading(connection, self.wide):
                question = self.questions[number % NUM_QUESTIONS]
                assert len(store.search(connection, question, scope=self.wide, model_id=MODEL, k=K)) == K

        try:
            rounds = [share_of_cores(pool, search, threads=NUM_SEARCHERS, seconds=ROUND_S) for _ in range(ROUNDS)]
        finally:
            pool.close()
        rate, share = (float(np.median(of)) for of in zip(*rounds, strict=True))
        print(
            f"  {name} {NUM_SEARCHERS} searchers: {rate:.0f} searches a second, {share:.2f} of what the cores allow", flush=True
        )
        return {"searches_s": rate, "of_cores": share}


def bench_faiss(measured: Measured, url: str, folder: Path, kind: shape.Kind | None) -> dict[str, float]:
    """Build the snapshot, open it, measure."""
    started = time.perf_counter()
    builder.start(Job(url, str(folder / MODEL), MODEL, DIMENSION, kind)).wait()
    print(f"  faiss  built in {time.perf_counter() - started:.0f} s by a process of its own")
    before, process = psutil.Process().memory_info().rss, psutil.Process()
    store = FaissStore(measured.pool, folder, PgVectorStore(), kind)
    try:
        follower = store.follower(MODEL, DIMENSION)
        while (replica := follower.fresh()) is None:
            time.sleep(0.05)
        snapshot, raw = replica.snapshot, measured.vectors.nbytes

        def bare(question: Vector) -> object:
            return shape.nearest(snapshot.index, question, Look(K, snapshot.manifest.effort))

        opened_s = time.perf_counter() - started - snapshot.manifest.build_s
        print(f"  faiss  {snapshot.manifest.kind}; opened and checked in {opened_s:.1f} s")
        figures = measured.compare("faiss ", store, bare)
        figures |= {"build_s": snapshot.manifest.build_s, "disk": snapshot.manifest.num_bytes / raw}
        figures |= {"memory": (process.memory_info().rss - before) / raw}
        figures |= measured.door("faiss ", store, bare) | measured.crowd("faiss ", store, url)
        print(f"  faiss  disk / raw vectors                  {figures['disk']:6.2f}")
        print(f"  faiss  memory / raw vectors, maps included {figures['memory']:6.2f}")
    finally:
        store.close()
    return figures


def bench_pgvector(measured: Measured, url: str) -> dict[str, float]:
    """Have the HNSW index made, however small it is, and measure."""
    census, started = Census(measured.pool, graph_from=1), time.perf_counter()
    census.make_graphs()
    status, raw = PgVectorStore(census).status(MODEL, DIMENSION), measured.vectors.nbytes
    made_s, size = time.perf_counter() - started, status.num_bytes / raw
    print(f"  pgvector {status.kind}, made in {made_s:.0f} s, {size:.2f} of the raw vectors")
    with session(measured.pool) as connection:
        connection.execute("SET hnsw.iterative_scan = relaxed_order")
        looked_at = max(graph.MIN_EF, min(graph.MAX_EF, round(0.4 * len(measured.vectors) ** 0.5)))
        connection.execute(f"SET hnsw.ef_search = {looked_at}".encode())
        connection.execute("SET enable_sort = off")
        values: dict[str, Any] = {"class_ids": list(measured.wide.class_ids), "k": K, "candidates": K, "documents": None}
        query = (EXACT if status.kind == "exact" else graph.NEAREST.format(dimension=DIMENSION)).encode()
        store = PgVectorStore(census)

        def bare(question: Vector) -> object:
            return connection.execute(query, values | {"vector": question}).fetchall()

        try:
            figures = measured.compare("pgvec ", store, bare)
            figures |= measured.door("pgvec ", store, bare) | measured.crowd("pgvec ", store, url)
        finally:
            store.close()
            for name in ("hnsw.iterative_scan", "hnsw.ef_search", "enable_sort"):
                connection.execute(f"RESET {name}".encode())
    return figures | {"build_s": made_s, "disk": size}


def bench(num: int, stores: str, folder: Path, kind: shape.Kind | None, *, is_whole: bool) -> dict[str, dict[str, float]]:
    """Measure a corpus of ``num`` passages; gives each store's figures."""
    print(f"{num} passages of {DIMENSION} dimensions")
    (folder / "postgres").mkdir(parents=True)
    with running_postgres(folder / "postgres", *SERVER) as server:
        server.add_database("bench")
        migrate(server.url("bench"))
        with ExitStack() as stack:
            pool = stack.enter_context(closing(open_pool(server.url("bench"), max_size=6)))
            started = time.perf_counter()
            corpus = load(pool, num, DIMENSION, texts=door.texts() if is_whole else ())
            print(f"  loaded by COPY in {time.perf_counter() - started:.0f} s", flush=True)
            measured, found = Measured(pool, corpus, clustered(num, DIMENSION)), {}
            if is_whole:
                measured.words = stack.enter_context(closing(door.open_words(pool, folder / "words")))
            if stores in ("both", "faiss"):
                found["faiss"] = bench_faiss(measured, server.url("bench"), folder / "index", kind)
            if stores in ("both", "pgvector"):
                found["pgvector"] = bench_pgvector(measured, server.url("bench"))
    return found


def main() -> None:
    """Measure growing corpora and print how the medians grow."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_vectors", description=__doc__)
    parser.add_argument("--passages", type=int, default=60_000, help="of the largest corpus (default: 60000)")
    parser.add_argument("--store", choices=["both", "faiss", "pgvector"], default="both")
    parser.add_argument("--kind", choices=["flat", "hnsw", "ivf"], help="the shape of the FAISS index; none: by its size")
    parser.add_argument("--door", action="store_true", help="with texts, and whole searches timed (a third as many a second)")
    parser.add_argument("--largest", action="store_true", help="leave the smaller corpora out")
    parser.add_argument("--folder", type=Path, help="where the database lies while it runs; none: the system's")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    options = parser.parse_args()
    sizes = sorted({max(10_000, options.passages // part) for part in ((1,) if options.largest else (100, 10, 1))})
    figures: dict[int, dict[str, dict[str, float]]] = {}
    for num in sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            figures[num] = bench(num, options.store, Path(name), options.kind, is_whole=options.door)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=1))
    for smaller, larger in pairwise(sizes):
        for store, of in figures[larger].items():
            growth = of["p50_ms"] / figures[smaller][store]["p50_ms"]
            print(f"{store}: {larger / smaller:.0f} times the passages, {growth:.2f} times the time")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
