"""The door of retrieval: a question in, the best passages of a scope out.

If the question names documents (the parties of a contract), their passages come first, ranked by the rest of the question.
Dense and lexical candidates are ranked inside the scope, fused, thinned to passages that differ, and read back with what a
reader needs. The model runs while no connection is held.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from core.access import AccessScope, reading
from core.db.pool import Connection, Pool, transaction
from core.types import Hit, Stage
from retrieval import lexical, names, question
from retrieval.diversity import choose
from retrieval.embed import Embedder
from retrieval.filters import Filters, matching
from retrieval.fusion import dense_share, fuse
from retrieval.names import Named
from retrieval.question import Question
from retrieval.stores import passages
from retrieval.stores.base import Ranking, VectorStore

log = logging.getLogger(__name__)
EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class _Found:
    """A ranking of candidates, and how each side scored them."""

    dense: dict[int, float]
    words: dict[int, float]
    fused: Ranking


@dataclass(frozen=True, slots=True)
class Search:
    """Finds passages; ``candidates`` is how many each of the dense and the lexical ranking offers."""

    pool: Pool
    embedder: Embedder
    store: VectorStore
    candidates: int = 100

    def __call__(
        self, query: str, *, scope: AccessScope, k: int, filters: Filters = EVERYTHING, explain: bool = False
    ) -> list[Hit]:
        """Return at most ``k`` hits of the scope, best first, no two of which overlap in one document.

        With ``explain`` each hit tells its rank and score at each stage. Raises InvalidInput for an empty or overlong
        query or a filter that cannot be met, ModelMismatch if another model made a collection of the scope.
        """
        text = question.checked(query)
        if not scope.class_ids:
            return []
        with self._reading(scope) as connection:
            documents = matching(connection, filters, scope)
            named = names.find(connection, text, scope)
        whole, rest = self._embedded(text, named)
        with self._reading(scope) as connection:
            found = self._candidates(connection, rest, scope, k, _both(documents, named)) if named.documents else None
            chosen = self._chosen(connection, found, scope, k, cost=0.0) if found else []
            if len(chosen) < k:
                others = self._candidates(connection, whole, scope, k, documents)
                chosen = _then(chosen, self._chosen(connection, others, scope, k), k)
                found = _together(found, others)
            hits = passages.load(connection, chosen, scope)
        log.debug("searched", extra={"num_named": len(named.documents), "num_hits": len(hits)})
        return _explained(hits, chosen, found) if explain and found else hits

    @contextmanager
    def _reading(self, scope: AccessScope) -> Iterator[Connection]:
        with transaction(self.pool) as connection, reading(connection, scope):
            yield connection

    def _embedded(self, text: str, named: Named) -> tuple[Question, Question]:
        """Embed the question, and what it asks of the documents it names: half the whole, half the rest of it."""
        whole = question.embed(text, self.embedder)
        if not named.documents:
            return whole, whole
        rest = question.embed(named.rest, self.embedder)
        both = whole.whole + rest.whole
        return whole, replace(rest, whole=np.asarray(both / max(float(np.linalg.norm(both)), 1e-6), dtype=np.float32))

    def _candidates(
        self, connection: Connection, asked: Question, scope: AccessScope, k: int, documents: frozenset[UUID] | None
    ) -> _Found:
        num = max(self.candidates, k)
        words = dict(lexical.rank(connection, asked.text, scope=scope, k=num, documents=documents))
        nums = words.keys() | {
            num_
            for vector in (asked.whole, *asked.parts)
            for num_, _ in self.store.search(
                connection, vector, scope=scope, model_id=self.embedder.model_id, k=num, documents=documents
            )
        }
        dense = passages.cosines(connection, asked.whole, asked.parts, sorted(nums), scope)
        return _Found(dense, words, fuse(dense, words, dense_share(is_long=asked.is_long, is_foreign=False)))

    def _chosen(self, connection: Connection, found: _Found, scope: AccessScope, k: int, cost: float | None = None) -> Ranking:
        spans = passages.spans(connection, [num for num, _ in found.fused], scope)
        return choose(found.fused, spans, k) if cost is None else choose(found.fused, spans, k, cost=cost)


def _both(documents: frozenset[UUID] | None, named: Named) -> frozenset[UUID]:
    return frozenset(named.documents) if documents is None else documents.intersection(named.documents)


def _then(first: Ranking, others: Ranking, k: int) -> Ranking:
    """Put the others after the first, with scores shifted below theirs, since the two do not compare."""
    if not first:
        return others[:k]
    taken = {num for num, _ in first}
    new = [(num, score) for num, score in others if num not in taken][: k - len(first)]
    shift = min(0.0, first[-1][1] - new[0][1]) if new else 0.0
    return [*first, *((num, score + shift) for num, score in new)]


def _together(first: _Found | None, others: _Found) -> _Found:
    if first is None:
        return others
    return _Found(others.dense | first.dense, others.words | first.words, _then(first.fused, others.fused, 10**9))


def _explained(hits: list[Hit], chosen: Ranking, found: _Found) -> list[Hit]:
    """Tell of each hit how it got there; the numbers of the passages that were read are those chosen, in their order."""
    ranks = {
        name: {num: (rank, score) for rank, (num, score) in enumerate(sorted(side, key=lambda p: (-p[1], p[0])), 1)}
        for name, side in (("dense", found.dense.items()), ("words", found.words.items()), ("fused", found.fused))
    }
    by_num = {num: tuple(Stage(name, *ranks[name][num]) for name in ranks if num in ranks[name]) for num, _ in chosen}
    return [replace(hit, stages=by_num[hit.num]) for hit in hits]
