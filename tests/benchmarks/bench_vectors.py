"""Both vector stores over a large made-up corpus: time beyond the bare index, recall, memory, disk, and how all that grows.

Every ratio is of two things measured in turns in one run. ``python -m tests.benchmarks.bench_vectors --passages 1000000``;
a tenth and a hundredth of the passages are measured first.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
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
from retrieval.stores import builder, graph, shape
from retrieval.stores.base import VectorIndex
from retrieval.stores.builder import Job
from retrieval.stores.census import Census
from retrieval.stores.faiss import FaissStore
from retrieval.stores.pgvector import EXACT, PgVectorStore
from retrieval.stores.shape import Look
from tests.corpus import MODEL, NARROW, Corpus, load
from tests.embedded import running_postgres
from tests.vectors import PER_DOCUMENT, clustered, questions

DIMENSION, NUM_QUESTIONS, K, CANDIDATES = 384, 200, 10, 100
SERVER = ("shared_buffers=1GB", "max_wal_size=8GB", "effective_cache_size=8GB")
Ask = Callable[[Vector], Sequence[int]]


class Measured:
    """One corpus with its questions and what they should find."""

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

    def compare(self, name: str, store: VectorIndex, bare: Callable[[Vector], object]) -> float:
        """Print recall and times of a store, and of the bare index in turns with it; gives the median unfiltered."""
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
        median, p95 = np.median(times["all"]), np.percentile(times["1 %"], 95)
        print(f"  {name} store / bare index, p50             {median / np.median(times['bare']):6.2f}")
        print(f"  {name} p95 under a 1 % filter / unfiltered {p95 / np.percentile(times['all'], 95):6.2f}")
        print(f"  {name} recall@{K} {np.mean(recalls[False]):.4f}, under a 1 % filter {np.mean(recalls[True]):.4f}")
        return float(median)


def bench_faiss(measured: Measured, url: str, folder: Path) -> float:
    """Build the snapshot, open it, measure."""
    started = time.perf_counter()
    builder.start(Job(url, str(folder / MODEL), MODEL, DIMENSION)).wait()
    print(f"  faiss  built in {time.perf_counter() - started:.0f} s by a process of its own")
    before, process = psutil.Process().memory_info().rss, psutil.Process()
    store = FaissStore(measured.pool, folder, PgVectorStore())
    try:
        follower = store.follower(MODEL, DIMENSION)
        while (replica := follower.fresh()) is None:
            time.sleep(0.05)
        snapshot, raw = replica.snapshot, measured.vectors.nbytes

        def bare(question: Vector) -> object:
            return shape.nearest(snapshot.index, question, Look(K, snapshot.manifest.effort))

        opened_s = time.perf_counter() - started - snapshot.manifest.build_s
        print(f"  faiss  {snapshot.manifest.kind}; opened and checked in {opened_s:.1f} s")
        median = measured.compare("faiss ", store, bare)
        print(f"  faiss  disk / raw vectors                  {snapshot.manifest.num_bytes / raw:6.2f}")
        print(f"  faiss  memory / raw vectors, maps included {(process.memory_info().rss - before) / raw:6.2f}")
    finally:
        store.close()
    return median


def bench_pgvector(measured: Measured) -> float:
    """Have the HNSW index made, measure."""
    census, started = Census(measured.pool), time.perf_counter()
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
        try:
            median = measured.compare("pgvec ", store, lambda v: connection.execute(query, values | {"vector": v}).fetchall())
        finally:
            store.close()
            for name in ("hnsw.iterative_scan", "hnsw.ef_search", "enable_sort"):
                connection.execute(f"RESET {name}".encode())
    return median


def bench(num: int, stores: str, folder: Path) -> dict[str, float]:
    """Measure a corpus of ``num`` passages; gives each store's median."""
    print(f"{num} passages of {DIMENSION} dimensions")
    (folder / "postgres").mkdir(parents=True)
    with running_postgres(folder / "postgres", *SERVER) as server:
        server.add_database("bench")
        migrate(server.url("bench"))
        pool = open_pool(server.url("bench"), max_size=6)
        try:
            started = time.perf_counter()
            corpus = load(pool, num, DIMENSION)
            print(f"  loaded by COPY in {time.perf_counter() - started:.0f} s", flush=True)
            measured, medians = Measured(pool, corpus, clustered(num, DIMENSION)), {}
            if stores in ("both", "faiss"):
                medians["faiss"] = bench_faiss(measured, server.url("bench"), folder / "index")
            if stores in ("both", "pgvector"):
                medians["pgvector"] = bench_pgvector(measured)
        finally:
            pool.close()
    return medians


def main() -> None:
    """Measure growing corpora and print how the medians grow."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_vectors", description=__doc__)
    parser.add_argument("--passages", type=int, default=60_000, help="of the largest corpus (default: 60000)")
    parser.add_argument("--store", choices=["both", "faiss", "pgvector"], default="both")
    parser.add_argument("--folder", type=Path, help="where the database lies while it runs; none: the system's")
    options = parser.parse_args()
    sizes = sorted({max(10_000, options.passages // part) for part in (100, 10, 1)})
    medians = {}
    for num in sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            medians[num] = bench(num, options.store, Path(name))
    for smaller, larger in pairwise(sizes):
        for store, median in medians[larger].items():
            growth = median / medians[smaller][store]
            print(f"{store}: {larger / smaller:.0f} times the passages, {growth:.2f} times the time")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
