"""The door of retrieval evaluation: a data set and an API in, the measures of its search out.

Queries are put one after another, so that a latency is what one user sees. What is measured is what is served: the
documents go in and the passages come out by the API's own routes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

import numpy as np

from core.errors import InvalidInput
from evaluation import coverage, ranking
from evaluation.collection import prepared
from evaluation.coverage import Passage
from evaluation.gold import Dataset, Query
from ui.cli import progress
from ui.client import ApiError, Client

SAVED_HITS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """How to search: ``k`` passages a query, in which store and collection (None: the server's, a scratch one), by what."""

    k: int = 64
    store: str | None = None
    collection: str | None = None
    keep: bool = False
    ranking: str = "fused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one query: passages, best first, the time the client waited, and the query's measures."""

    query: Query
    passages: tuple[Passage, ...]
    elapsed_ms: float
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluation that is done: an outcome a query, in order, and how much was searched."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    num_documents: int
    num_passages: int
    started_at: datetime
    notes: tuple[str, ...] = ()

    @property
    def measures(self) -> dict[str, float]:
        """Each measure's mean over the queries that have it, in the order they are shown."""
        names = measure_names([outcome.query for outcome in self.outcomes], self.plan.k)
        return {name: fmean(o.measures[name] for o in self.outcomes if name in o.measures) for name in names}

    @property
    def latency_ms(self) -> dict[str, float]:
        """The median and the 95th percentile of the times waited, in milliseconds."""
        p50, p95 = np.percentile([outcome.elapsed_ms for outcome in self.outcomes], [50, 95])
        return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}

    @property
    def mean_passage_chars(self) -> float:
        """Mean length in characters of the passages found, each counted once."""
        found = {(p.document, p.start, p.end) for outcome in self.outcomes for p in outcome.passages}
        return round(fmean(end - start for _, start, end in found), 1) if found else 0.0

    def report(self) -> dict[str, Any]:
        """Give what ``--json`` prints and ``--save`` writes."""
        return {
            "measures": self.measures,
            "latency_ms": self.latency_ms,
            "num_documents": self.num_documents,
            "num_passages": self.num_passages,
            "num_queries": len(self.outcomes),
            "mean_passage_chars": self.mean_passage_chars,
            "k": self.plan.k,
            "store": self.plan.store,
            "ranking": self.plan.ranking,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "notes": list(self.notes),
            "queries": [_row(outcome) for outcome in self.outcomes],
        }


def measure_names(queries: Sequence[Query], k: int) -> list[str]:
    """Name the measures that the queries' gold and ``k`` passages allow."""
    judged = ranking.names(k) if any(query.relevance for query in queries) else []
    return judged + coverage.names(queries, k)


def evaluate(client: Client, dataset: Dataset, plan: Plan) -> Run:
    """Ingest if need be, put every query, and measure; raises InvalidInput, or ApiError where the API fails."""
    started_at = datetime.now(UTC)
    with prepared(client, dataset, plan.collection, keep=plan.keep) as collection:
        documents = client.documents(collection)
        notes = (*dataset.notes, *_absent(dataset, collection, [document["source"] for document in documents]))
        found = _search(client, dataset, collection, plan)
    outcomes = _measured(dataset.queries, found, plan.k)
    num_passages = sum(document["num_chunks"] for document in documents)
    return Run(plan, outcomes, len(documents), num_passages, started_at, (*notes, *_short(outcomes, plan.k)))


def _search(client: Client, dataset: Dataset, collection: str, plan: Plan) -> list[tuple[tuple[Passage, ...], float]]:
    """Put the queries, and give the passages and the milliseconds of each."""
    found = []
    with progress.counted(len(dataset.queries), "queries") as tell:
        for number, query in enumerate(dataset.queries, start=1):
            started = time.perf_counter()
            hits = _hits(client, query, collection, plan)
            elapsed_ms = (time.perf_counter() - started) * 1000
            found.append((tuple(_passage(dataset, hit) for hit in hits), elapsed_ms))
            tell(number, "searching")
    return found


def _hits(client: Client, query: Query, collection: str, plan: Plan) -> list[dict[str, Any]]:
    try:
        hits: list[dict[str, Any]] = client.search(query.text, collection, plan.k, plan.store, ranking=plan.ranking)["hits"]
        return hits
    except ApiError as error:
        if error.status != 422:
            raise
        raise ApiError(error.title, f"The query {query.query_id} was refused: {error}", error.status) from error


def _passage(dataset: Dataset, hit: dict[str, Any]) -> Passage:
    pages = hit["page_first"], hit["page_last"]
    return Passage(dataset.name_of(hit["source"]), hit["start"], hit["end"], hit["score"], *pages, hit["text"])


def _measured(queries: Sequence[Query], found: Sequence[tuple[tuple[Passage, ...], float]], k: int) -> tuple[Outcome, ...]:
    ranked = [[passage.document for passage in passages] for passages, _ in found]
    judged = ranking.measure(queries, ranked, k) if any(query.relevance for query in queries) else [{} for _ in queries]
    return tuple(
        Outcome(query, passages, elapsed_ms, of_documents | coverage.measure(query, passages, k))
        for query, (passages, elapsed_ms), of_documents in zip(queries, found, judged, strict=True)
    )


def _absent(dataset: Dataset, collection: str, sources: Sequence[str]) -> list[str]:
    """Say which gold documents the collection lacks; raises InvalidInput if it has none of them."""
    held = {dataset.name_of(source) for source in sources}
    gold = {name for query in dataset.queries for name in query.documents}
    if not gold & held:
        raise InvalidInput(f"The collection {collection} holds none of the gold documents: was it made from this corpus?")
    absent = sorted((gold & dataset.files.keys()) - held)
    return [f"{len(absent)} gold documents are not in the collection, such as {absent[0]}."] if absent else []


def _short(outcomes: Sequence[Outcome], k: int) -> list[str]:
    """Say where ``k`` passages did not fill the largest number of characters that recall is measured within."""
    budget = coverage.BUDGETS[-1]
    short = [
        o
        for o in outcomes
        if f"recall@{budget}c" in o.measures and len(o.passages) == k and sum(p.end - p.start for p in o.passages) < budget
    ]
    note = f"recall@{budget}c: for {len(short)} queries {k} passages are less than {budget:,} characters; ask for more with --k."
    return [note] if short else []


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "query_id": outcome.query.query_id,
        "query": outcome.query.text,
        "measures": outcome.measures,
        "elapsed_ms": round(outcome.elapsed_ms, 1),
        "gold": outcome.query.documents,
        "hits": [{"source": p.document, "start": p.start, "end": p.end, "score": p.score} for p in outcome.passages[:SAVED_HITS]],
    }
