"""The wiring: what the API needs, made once from the settings and closed at the end."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Annotated

import anyio.to_thread
from celery import Celery
from fastapi import Depends, FastAPI, Request

from api.answers import Answers
from api.probes import Probes
from api.routing import Router
from core import queue
from core.db.pool import Pool, open_pool, ping
from core.errors import SettingsError
from core.models import catalogue
from core.settings import Settings
from generation.engines.base import Generator
from generation.engines.openai import make_generator
from retrieval.embed import Embedder, make_embedder
from retrieval.embedders.batching import Batching
from retrieval.search import Search
from retrieval.stores.choose import Stores
from retrieval.wire import open_retrieval

EMBEDDING_CALLS = 2  # of the embedding model at once; the questions of others gather meanwhile
REWRITES = 4  # searches whose questions the model rewrites at once
THREADS = 100  # requests served at once; a question holds its thread until it is answered


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may use; tests put fakes in the places of the models and the broker."""

    settings: Settings
    pool: Pool
    embedder: Embedder
    search: Search
    generator: Generator
    celery: Celery
    probes: Probes
    stores: Stores
    router: Router
    answers: Answers = field(default_factory=Answers)
    rewriting: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(REWRITES))


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open the real services; the database, broker and model server may still be on their way up.

    Raises SettingsError if a needed URL is not set or a rule leads where it may not, WeightsError if the files of the embedder
    or the reranker are not in place, LicenceRefused if the policy does not allow one of the models, wherever it runs.
    """
    if settings.database.url is None or settings.broker.url is None:
        raise SettingsError(
            "MUNIMENT_DATABASE_URL and MUNIMENT_BROKER_URL must be set to run the API by itself; `muniment up` sets both."
        )
    catalogue.check_selected(settings)
    embedder = Batching(make_embedder(settings, threads=settings.embedding.threads), EMBEDDING_CALLS)
    pool = open_pool(settings.database.url.get_secret_value(), max_size=settings.database.pool_size)
    celery = queue.make_app(settings.broker.url.get_secret_value())
    generator = make_generator(settings)
    probes = Probes({"database": lambda: ping(pool), "broker": lambda: queue.ping(celery), "model": generator.ping})
    router = Router(settings, pool, generator)
    try:
        with open_retrieval(settings, pool, embedder) as retrieval:
            yield Services(settings, pool, embedder, retrieval.search, generator, celery, probes, retrieval.stores, router)
    finally:
        router.close()
        probes.close()
        celery.close()
        pool.close()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Give the event loop enough threads for the plain functions that serve requests."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(_services)]
