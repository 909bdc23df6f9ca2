"""The door of retrieval: a question in, the best passages of a scope out.

If the question names documents (the parties of a contract), their passages come first, ranked by the rest of the question.
Dense and lexical candidates are ranked inside the scope, fused, the best of them reranked where that is set up, thinned to
passages that differ, and read back with what a reader needs. No connection is held while a model runs or words are searched.
"""

import logging
from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, Self
from uuid import UUID

import numpy as np

from core.access import AccessScope, reading
from core.db.pool import Connection, Pool, transaction
from core.types import Hit, Hits, Stage
from retrieval import language, names, question
from retrieval.diversity import COST, Span, choose
from retrieval.embed import Embedder
from retrieval.filters import Filters
from retrieval.fusion import dense_share, fuse
from retrieval.lexical.index import WordIndex
from retrieval.names import Named
from retrieval.question import Question
from retrieval.rerank import Rerank, reorder
from retrieval.stores import passages
from retrieval.stores.base import Ranking, VectorStore
from retrieval.stores.documents import matching

RankingName = Literal["fused", "dense", "words"]
log = logging.getLogger(__name__)
EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class _Found:
    """Candidates: how each side scored them, the ranking made of that, where they stand, and how a reranker scored the best.

    ``cost`` is what the whole of a document costs when the passages to show are chosen.
    """

    dense: dict[int, float]
    words: dict[int, float]
    fused: Ranking
    spans: dict[int, Span]
    cost: float
    reranked: dict[int, float] = field(default_factory=dict)

    def chosen(self, k: int) -> Ranking:
        """Choose the best ``k`` that differ."""
        return choose(reorder(self.fused, self.reranked), self.spans, k, cost=self.cost)


@dataclass(frozen=True, slots=True)
class Search:
    """Finds passages; ``candidates`` is how many each of the dense and the lexical ranking offers.

    With ``rerank`` the best of the fused ranking are looked at again. ``languages`` are those that the embedding model was
    made for; none named means all. ``ranking`` leaves one side out, to compare the two with what is made of them.
    """

    pool: Pool
    embedder: Embedder
    store: VectorStore
    words: WordIndex
    candidates: int = 100
    rerank: Rerank | None = None
    languages: frozenset[str] = frozenset()
    ranking: RankingName = "fused"

    def __call__(self, query: str, *, scope: AccessScope, k: int, filters: Filters = EVERYTHING, explain: bool = False) -> Hits:
        """Return at most ``k`` hits of the scope, best first, no two of which overlap in one document.

        They come with the names that the question mentions and nothing in the scope bears or holds: whether that is because there
        is no such document or because the asker may not read it makes no difference. With ``explain`` each hit tells its rank and
        score at each stage. Raises InvalidInput for an empty or overlong query or a filter that cannot be met, ModelMismatch if
        another model made a collection of the scope.
        """
        text = question.checked(query)
        if not scope.class_ids:
            return Hits((), names.unknown_names(text))
        whole = question.embed(text, self.embedder)
        with self._reading(scope) as connection:
            documents = matching(connection, filters, scope)
            named = names.find(connection, text, scope, documents)
        found = (
            [self._find(whole, scope, k, documents)]
            if not named.documents
            else self._find_named(whole, named, scope, k, documents)
        )
        if self.rerank is not None:
            found = self._reranked(self.rerank, text, found, scope)
        unknown = [name for name in named.unknown if self._lacks(name, scope, documents)]
        with self._reading(scope) as connection:
            return Hits(_hits(connection, found, scope, k, explain), unknown)

    def _lacks(self, name: str, scope: AccessScope, documents: frozenset[UUID] | None) -> bool:
        """Tell whether no passage that is searched speaks of a name; what is not known for certain is not said."""
        nums = self.words.holders(" ".join(sorted(names.mentioned_words(name))), scope=scope, documents=documents)
        if nums is None:
            return False
        with self._reading(scope) as connection:  # an index may hold what the scope has just lost
            return not (nums and passages.spans(connection, nums, scope))

    def over(self, store: VectorStore) -> Self:
        """Give the same search over another vector store, to compare the two."""
        return replace(self, store=store)

    def by(self, ranking: RankingName) -> Self:
        """Give the same search by vectors alone, or by words alone."""
        return replace(self, ranking=ranking)

    @contextmanager
    def _reading(self, scope: AccessScope) -> Iterator[Connection]:
        with transaction(self.pool) as connection, reading(connection, scope):
            yield connection

    def _rest(self, whole: Question, named: Named) -> Question:
        """Embed what a question asks of the documents it names: half the whole question, half the rest of it."""
        rest = question.embed(named.rest, self.embedder)
        both = whole.whole + rest.whole
        return replace(rest, whole=np.asarray(both / max(float(np.linalg.norm(both)), 1e-6), dtype=np.float32))

    def _find_named(
        self, whole: Question, named: Named, scope: AccessScope, k: int, documents: frozenset[UUID] | None
    ) -> list[_Found]:
        """Find the candidates of the documents named, and where those are too few for ``k`` hits, those of all."""
        within = frozenset(named.documents) if documents is None else documents.intersection(named.documents)
        first = self._find(self._rest(whole, named), scope, k, within, cost=0.0)
        return [first] if len(first.chosen(k)) == k else [first, self._find(whole, scope, k, documents)]

    def _find(self, asked: Question, scope: AccessScope, k: int, documents: frozenset[UUID] | None, cost: float = COST) -> _Found:
        """Rank the candidates of both sides."""
        offered = max(self.candidates, k)
        vectors = () if self.ranking == "words" else (asked.whole, *asked.parts)
        by_words = None if self.ranking == "dense" else self.words.ask(asked.text, scope=scope)
        words = {} if by_words is None else dict(by_words.rank(offered, documents))
        with self._reading(scope) as connection:
            near = [
                self.store.search(connection, v, scope=scope, model_id=self.embedder.model_id, k=offered, documents=documents)
                for v in vectors
            ]
            nums = words.keys() | {num for ranking in near for num, _ in ranking}
            dense = dict(near[0]) if len(near) == 1 else {}  # with parts a passage counts by two vectors: none is known yet
            if vectors:
                dense |= passages.cosines(connection, asked.whole, asked.parts, sorted(nums - dense.keys()), scope)
            spans = passages.spans(connection, sorted(nums), scope)
        nums &= spans.keys()  # what is gone since, or out of reach, has no say in how the others are scored
        words = {num: score for num, score in words.items() if num in nums}
        dense = {num: score for num, score in dense.items() if num in nums}
        is_foreign = False
        if by_words is not None:
            words |= {num: score for num, score in by_words.scores(sorted(nums - words.keys())).items() if score > 0}
            is_foreign = bool(self.languages) and by_words.language not in self.languages | {language.UNKNOWN}
        fused = fuse(dense, words, dense_share(is_long=asked.is_long, is_foreign=is_foreign))
        return _Found(dense, words, fused, spans, cost)

    def _reranked(self, rerank: Rerank, text: str, found: Sequence[_Found], scope: AccessScope) -> list[_Found]:
        """Have the reranker score the best of all candidates, those of the documents named first."""
        best = [num for num, _ in _together([part.fused for part in found])][: rerank.candidates]
        with self._reading(scope) as connection:
            texts = passages.texts(connection, best, scope)
        scores = rerank(text, {num: texts[num] for num in best if num in texts})
        return [replace(part, reranked=scores) for part in found]


def _hits(connection: Connection, found: Sequence[_Found], scope: AccessScope, k: int, explain: bool) -> list[Hit]:
    """Read the best passages: of the documents that the question names, and then of all."""
    chosen = _together([part.chosen(k) for part in found])[:k]
    hits = passages.load(connection, chosen, scope)
    log.debug("searched", extra={"num_candidates": sum(len(part.fused) for part in found), "num_hits": len(hits)})
    return _explained(hits, found) if explain else hits


def _together(rankings: Sequence[Ranking]) -> Ranking:
    """Append each ranking's new passages to those before it."""
    together: Ranking = []
    for ranking in rankings:
        together = _after(together, ranking)
    return together


def _after(first: Ranking, others: Ranking) -> Ranking:
    """Append what is new, with scores shifted below those of the first, since the two do not compare."""
    taken = {num for num, _ in first}
    new = [(num, score) for num, score in others if num not in taken]
    lowest = first[-1][1] if first else np.inf
    shift = min(0.0, lowest - new[0][1]) if new else 0.0
    return [*first, *((num, min(score + shift, lowest)) for num, score in new)]  # min: a sum rounds


def _explained(hits: list[Hit], found: Sequence[_Found]) -> list[Hit]:
    """Tell of each hit how each stage saw it; of one found twice, as a passage of a document named."""
    sides = {
        "dense": ChainMap(*(part.dense for part in found)).items(),
        "words": ChainMap(*(part.words for part in found)).items(),
        "fused": _together([part.fused for part in found]),
        "rerank": found[0].reranked.items(),
    }
    stages: dict[int, list[Stage]] = {hit.num: [] for hit in hits}
    for name, side in sides.items():
        for rank, (num, score) in enumerate(sorted(side, key=lambda pair: (-pair[1], pair[0])), start=1):
            if num in stages:
                stages[num].append(Stage(name, rank, score))
    return [replace(hit, stages=tuple(stages[hit.num])) for hit in hits]
