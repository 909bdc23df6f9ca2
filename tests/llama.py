"""The real llama.cpp for tests and benchmarks, where the weights are at hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.models import catalogue
from core.settings import Settings
from generation.engines.base import Generator
from tests.model_server import ModelServer, served

START_S = 120
GAUGES = ("llamacpp:requests_processing", "llamacpp:requests_deferred")


@contextmanager
def llama_server(settings: Settings, *, window_tokens: int = 4096) -> Iterator[ModelServer]:
    """Start llama.cpp on a free port; raises WeightsError, before anything is started, if its weights are missing."""
    catalogue.folder(settings.llm.model, settings)
    values = {"LLM_WINDOW_TOKENS": window_tokens, "HOME": settings.home}
    with served("infra.local.llama", settings.llm.model, GAUGES, values, START_S) as server:
        yield server


@contextmanager
def running_llama(settings: Settings, *, window_tokens: int = 4096) -> Iterator[Generator]:
    """Start it for those who need no more than its generator."""
    with llama_server(settings, window_tokens=window_tokens) as server:
        yield server.client()
