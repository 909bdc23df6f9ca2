"""The wiring of retrieval: stores, the index of words and the door over them, made from the settings and closed at the end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from core.db.pool import Pool
from core.models import catalogue
from core.settings import Settings
from retrieval.embed import Embedder
from retrieval.lexical.index import WordIndex
from retrieval.rerank import make_rerank
from retrieval.search import Search
from retrieval.stores.base import VectorIndex
from retrieval.stores.choose import Stores


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The door, over the store that the settings choose, and all stores by name."""

    search: Search
    stores: Mapping[str, VectorIndex]


@contextmanager
def open_retrieval(settings: Settings, pool: Pool, embedder: Embedder) -> Iterator[Retrieval]:
    """Open what searches need beside a pool and an embedder; raises WeightsError if the files of a reranker are not in place."""
    rerank = make_rerank(settings)
    entry = catalogue.find(settings.embedding.model, settings)
    words = WordIndex(pool, settings.words_dir, memory_mb=settings.search.words_memory_mb)
    stores = Stores(settings, pool)
    try:
        search = Search(
            pool,
            embedder,
            stores[settings.vector.store],
            words,
            settings.search.candidates,
            rerank,
            frozenset(entry.languages if entry else ()),
        )
        yield Retrieval(search, stores)
    finally:
        words.close()
        stores.close()
