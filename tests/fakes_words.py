"""Passages for the tests of the index of words: committed, as an index derived from the database needs them."""

from collections.abc import Sequence
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Pool, transaction
from core.types import Chunk, chunk_id
from retrieval.lexical.index import WordIndex
from retrieval.stores import passages
from retrieval.stores.base import Ranking
from tests.fakes_retrieval import FakeEmbedder, add_collection, add_document, nums, scope_of

EMBEDDER = FakeEmbedder(dimension=4, window_tokens=1_000_000)


def collection(pool: Pool) -> UUID:
    """Make a collection."""
    with transaction(pool) as connection:
        return add_collection(connection, EMBEDDER.model_id, dimension=4)


def scope(pool: Pool, *collection_ids: UUID) -> AccessScope:
    """Give the scope of collections."""
    with transaction(pool) as connection:
        return scope_of(connection, *collection_ids)


def document(
    pool: Pool,
    collection_id: UUID,
    texts: Sequence[str],
    *,
    language: str = "und",
    title: str = "",
    headings: Sequence[str] = (),
) -> tuple[UUID, list[int]]:
    """Index each text as a passage of one document; returns the document and the passages' numbers in order."""
    with transaction(pool) as connection:
        document_id = add_document(connection, collection_id)
        connection.execute(
            "UPDATE documents SET language = %s, title = %s WHERE document_id = %s", (language, title, document_id)
        )
        chunks, start = [], 0
        for text in texts:
            end = start + len(text)
            name = chunk_id(document_id, "hash", start, end)
            chunks.append(Chunk(name, document_id, start, end, text, None, None, tuple(headings)))
            start = end + 1
        vectors = EMBEDDER.embed_documents(["a"]).repeat(len(texts), axis=0)
        passages.add(connection, collection_id, EMBEDDER.model_id, chunks, vectors)
        return document_id, nums(connection, chunks)


def rank(words: WordIndex, query: str, *, scope: AccessScope, k: int, documents: frozenset[UUID] | None = None) -> Ranking:
    """Ask and rank; nothing where there is nothing to ask."""
    asked = words.ask(query, scope=scope)
    return [] if asked is None else asked.rank(k, documents)


def scores(words: WordIndex, query: str, nums: Sequence[int], *, scope: AccessScope) -> dict[int, float]:
    """Ask and score."""
    asked = words.ask(query, scope=scope)
    return dict.fromkeys(nums, 0.0) if asked is None else asked.scores(nums)
