"""How many passages each class holds and which dimensions have an HNSW index: counted now and then, known without asking.

A thread counts while there are searches; none of them waits for it. It also has each HNSW index made that is missing,
once there are enough passages for one to pay.
"""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psycopg

from core.db.pool import Pool, session
from core.errors import DependencyUnavailable
from retrieval.stores import graph

log = logging.getLogger(__name__)
REFRESH_S = 30.0
RETRY_S = 3600.0  # after an index could not be made
GRAPH_FROM = 20_000  # passages; below, reading all vectors takes no longer
STOP_S = 5.0

COUNTS = """
    SELECT class_id, dimension, num FROM (SELECT class_id, count(*) AS num FROM chunks GROUP BY class_id) AS counted
      JOIN access_classes USING (class_id) JOIN collections USING (collection_id)
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Passages by class and by dimension, and the bytes of each dimension's HNSW index."""

    by_class: Mapping[int, int] = field(default_factory=dict)
    by_dimension: Mapping[int, int] = field(default_factory=dict)
    graphs: Mapping[int, int] = field(default_factory=dict)

    def num_in(self, class_ids: Iterable[int]) -> int:
        """Tell how many passages the classes held together when they were counted."""
        return sum(self.by_class.get(class_id, 0) for class_id in class_ids)


class Census:
    """The newest figures of one database; ``graph_from`` passages of a dimension make an HNSW index worth its while."""

    def __init__(self, pool: Pool, graph_from: int = GRAPH_FROM) -> None:
        self._pool, self._graph_from = pool, graph_from
        self._figures = Figures()
        self._asked, self._ended = threading.Event(), threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._making = False
        self._retry_at = 0.0

    @property
    def is_making(self) -> bool:
        """Whether an HNSW index is being made by this process."""
        return self._making

    def figures(self) -> Figures:
        """Give the last figures, none before the first count, and have them counted anew before long."""
        self._asked.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._ended.is_set():
                    self._thread = threading.Thread(target=self._run, name="census", daemon=True)
                    self._thread.start()
        return self._figures

    def count(self) -> Figures:
        """Count now and give the figures."""
        with session(self._pool) as connection:
            rows = connection.execute(COUNTS).fetchall()
            graphs = graph.sizes(connection)
        by_dimension: dict[int, int] = {}
        for row in rows:
            by_dimension[row["dimension"]] = by_dimension.get(row["dimension"], 0) + row["num"]
        self._figures = Figures({row["class_id"]: row["num"] for row in rows}, by_dimension, graphs)
        return self._figures

    def make_graphs(self) -> None:
        """Make each HNSW index that is missing and pays: minutes for a million vectors."""
        figures = self.count()
        for dimension, num in figures.by_dimension.items():
            if num >= self._graph_from and dimension <= graph.MAX_DIMENSION and dimension not in figures.graphs:
                self._making = True
                try:
                    with session(self._pool) as connection:
                        graph.make(connection, dimension, num)
                finally:
                    self._making = False
                self.count()

    def remake_graph(self, dimension: int) -> None:
        """Remove a dimension's HNSW index and have it made anew; searches read all vectors of their scope meanwhile."""
        with session(self._pool) as connection:
            graph.drop(connection, dimension)
        self.count()
        self._retry_at = 0.0
        self._asked.set()

    def close(self) -> None:
        """End the thread; an index it is making is left half made, and made anew by whoever counts next."""
        self._ended.set()
        self._asked.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        while self._asked.wait() and not self._ended.is_set():
            self._asked.clear()
            try:
                self.count()
                if time.monotonic() >= self._retry_at:
                    self.make_graphs()
            except (DependencyUnavailable, psycopg.Error) as error:
                log.warning("vector_census_failed", extra={"error": type(error).__name__, "reason": str(error)})
                self._retry_at = time.monotonic() + (0.0 if isinstance(error, DependencyUnavailable) else RETRY_S)
            self._ended.wait(REFRESH_S)
