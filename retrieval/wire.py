"""The wiring of retrieval: stores, the index of words and the door over them, made from the settings and closed at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.db.pool import Pool, open_pool
from core.models import catalogue
from core.settings import Settings
from retrieval.embed import Embedder
from retrieval.lexical.index import WordIndex
from retrieval.rerank import make_rerank
from retrieval.search import Search
from retrieval.stores.choose import Stores

UPKEEP_CONNECTIONS = 5  # of the stores: counting, following changes, making an index; a search waits for none of them


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The door, over the store that is chosen at the moment, and all stores by name."""

    search: Search
    stores: Stores


@contextmanager
def open_retrieval(settings: Settings, pool: Pool, embedder: Embedder) -> Iterator[Retrieval]:
    """Open what searches need beside a pool and an embedder; raises WeightsError if the files of a reranker are not in place."""
    rerank = make_rerank(settings)
    entry = catalogue.find(settings.embedding.model, settings)
    words = WordIndex(pool, settings.words_dir, memory_mb=settings.search.words_memory_mb)
    assert isinstance(pool.conninfo, str)
    upkeep = open_pool(pool.conninfo, max_size=UPKEEP_CONNECTIONS, min_size=0)
    stores = Stores(settings, upkeep)
    try:
        search = Search(
            pool,
            embedder,
            stores,
            words,
            settings.search.candidates,
            rerank,
            frozenset(entry.languages if entry else ()),
        )
        yield Retrieval(search, stores)
    finally:
        if rerank is not None:
            rerank.close()
        words.close()
        stores.close()
        upkeep.close()
