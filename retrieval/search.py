"""The door of retrieval: a question in, the best passages of a scope out.

If the question names documents (the parties of a contract), their passages come first, ranked by the rest of the question.
Dense and lexical candidates are ranked inside the scope, fused, the best of them reranked where that is set up, thinned to
passages that differ, and read back with what a reader needs. No connection is held while a model runs.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np

from core.access import AccessScope, reading
from core.db.pool import Connection, Pool, transaction
from core.types import Hit, Stage
from retrieval import lexical, names, question
from retrieval.diversity import COST, Span, choose
from retrieval.embed import Embedder
from retrieval.filters import Filters, matching
from retrieval.fusion import dense_share, fuse
from retrieval.names import Named
from retrieval.question import Question
from retrieval.rerank import Rerank, reorder
from retrieval.stores import passages
from retrieval.stores.base import Ranking, VectorStore

log = logging.getLogger(__name__)
EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class _Found:
    """Candidates: how each side scored them, the ranking made of that, where they stand, and how a reranker scored the best."""

    dense: dict[int, float] = field(default_factory=dict)
    words: dict[int, float] = field(default_factory=dict)
    fused: Ranking = field(default_factory=list)
    spans: dict[int, Span] = field(default_factory=dict)
    rerank: dict[int, float] = field(default_factory=dict)

    def best(self, k: int, *, cost: float = COST) -> Ranking:
        """Choose those to show."""
        return choose(reorder(self.fused, self.rerank), self.spans, k, cost=cost)


@dataclass(frozen=True, slots=True)
class Search:
    """Finds passages; ``candidates`` is how many each of the dense and the lexical ranking offers.

    With ``rerank`` the best of the fused ranking are looked at again.
    """

    pool: Pool
    embedder: Embedder
    store: VectorStore
    candidates: int = 100
    rerank: Rerank | None = None

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
        first, others = _Found(), _Found()  # of the documents named, and of all where those do not suffice
        with self._reading(scope) as connection:
            if named.documents:
                first = self._candidates(connection, rest, scope, k, _both(documents, named))
            if len(first.best(k, cost=0.0)) < k:
                others = self._candidates(connection, whole, scope, k, documents)
            if self.rerank is None:
                return _hits(connection, first, others, scope=scope, k=k, explain=explain)
            looked_at = [num for num, _ in _together(first, others).fused[: self.rerank.candidates]]
            texts = passages.texts(connection, looked_at, scope)
        scores = self.rerank(text, {num: texts[num] for num in looked_at if num in texts})
        first, others = replace(first, rerank=scores), replace(others, rerank=scores)
        with self._reading(scope) as connection:
            return _hits(connection, first, others, scope=scope, k=k, explain=explain)

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
        fused = fuse(dense, words, dense_share(is_long=asked.is_long, is_foreign=False))
        return _Found(dense, words, fused, passages.spans(connection, [num for num, _ in fused], scope))


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


def _together(first: _Found, others: _Found) -> _Found:
    return _Found(
        others.dense | first.dense,
        others.words | first.words,
        _then(first.fused, others.fused, 10**9),
        others.spans | first.spans,
        others.rerank | first.rerank,
    )


def _hits(connection: Connection, first: _Found, others: _Found, *, scope: AccessScope, k: int, explain: bool) -> list[Hit]:
    chosen = first.best(k, cost=0.0)
    if len(chosen) < k:
        chosen = _then(chosen, others.best(k), k)
    hits = passages.load(connection, chosen, scope)
    log.debug("searched", extra={"is_named": bool(first.fused), "num_hits": len(hits)})
    return _explained(hits, chosen, _together(first, others)) if explain else hits


def _explained(hits: list[Hit], chosen: Ranking, found: _Found) -> list[Hit]:
    """Tell of each hit how it got there; the numbers of the passages that were read are those chosen, in their order."""
    ranks = {
        name: {num: (rank, score) for rank, (num, score) in enumerate(sorted(side, key=lambda p: (-p[1], p[0])), 1)}
        for name, side in (
            ("dense", found.dense.items()),
            ("words", found.words.items()),
            ("fused", found.fused),
            ("rerank", found.rerank.items()),
        )
    }
    by_num = {num: tuple(Stage(name, *ranks[name][num]) for name in ranks if num in ranks[name]) for num, _ in chosen}
    return [replace(hit, stages=by_num[hit.num]) for hit in hits]
