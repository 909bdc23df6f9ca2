"""The door of retrieval: a question in, the best passages of a scope out.

Dense and lexical candidates are ranked inside the scope, fused, thinned to passages that do not overlap, and read back
with what a reader needs. The model and the index of words are asked before the one transaction that reads begins.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from core.access import AccessScope, reading
from core.db.pool import Pool, transaction
from core.errors import InvalidInput
from core.types import Hit
from retrieval.embed import Embedder
from retrieval.fusion import fuse
from retrieval.lexical.index import WordIndex
from retrieval.stores import passages
from retrieval.stores.base import Ranking, VectorStore
from retrieval.stores.passages import Span

log = logging.getLogger(__name__)
MAX_QUERY_CHARS = 20_000  # a bound on work, for callers without a limit of their own; the API's is lower


@dataclass(frozen=True, slots=True)
class Search:
    """Finds passages; ``candidates`` is how many each of the dense and the lexical ranking offers."""

    pool: Pool
    embedder: Embedder
    store: VectorStore
    words: WordIndex
    candidates: int = 100

    def __call__(self, query: str, *, scope: AccessScope, k: int) -> list[Hit]:
        """Return at most ``k`` hits of the scope, best first, no two of which overlap in one document.

        Raises InvalidInput for an empty or overlong query, ModelMismatch if another model made a collection of the scope.
        """
        text = _check(query)
        if not scope.class_ids:
            return []
        vector = self.embedder.embed_query(text)
        num = max(self.candidates, k)
        words = self.words.rank(text, scope=scope, k=num)
        with transaction(self.pool) as connection, reading(connection, scope):
            dense = self.store.search(connection, vector, scope=scope, model_id=self.embedder.model_id, k=num)
            ranking = fuse([dense, words])
            chosen = thin(ranking, passages.spans(connection, [num for num, _ in ranking], scope), k)
            hits = passages.load(connection, chosen, scope)
        log.debug("searched", extra={"num_dense": len(dense), "num_lexical": len(words), "num_hits": len(hits)})
        return hits


def thin(ranking: Ranking, spans: dict[int, Span], k: int) -> Ranking:
    """Take the best ``k`` of a ranking, skipping each that overlaps a better one or that has no span any more."""
    chosen: Ranking = []
    for num, score in ranking:
        if len(chosen) == k:
            break
        if num in spans and not _overlaps_any(spans[num], (spans[better] for better, _ in chosen)):
            chosen.append((num, score))
    return chosen


def _overlaps_any(span: Span, others: Iterable[Span]) -> bool:
    return any(span.overlaps(other) for other in others)


def _check(query: str) -> str:
    """Make any text safe to embed and to store: no lone surrogates, no NUL, no blank edges."""
    text = query.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()
    if not text:
        raise InvalidInput("The question is empty: ask something.")
    if len(text) > MAX_QUERY_CHARS:
        raise InvalidInput(f"The question has {len(text)} characters; ask in at most {MAX_QUERY_CHARS}.")
    return text
