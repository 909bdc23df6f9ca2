"""The real model server for tests and benchmarks, where the weights are at hand."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import ModelUnavailable
from core.models import catalogue
from core.settings import PROJECT_ROOT, Settings
from generation.engines.base import Generator
from generation.engines.openai import OpenAICompatible

START_S = 120
KEY = "for-tests"


@contextmanager
def running_llama(settings: Settings, *, window_tokens: int = 4096) -> Iterator[Generator]:
    """Start llama.cpp on a free port; raises WeightsError, before anything is started, if its weights are missing."""
    catalogue.folder(settings.llm.model, settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = {"LLM_PORT": port, "LLM_API_KEY": KEY, "LLM_WINDOW_TOKENS": window_tokens, "HOME": settings.home}
    env = os.environ | {f"MUNIMENT_{name}": str(value) for name, value in values.items()}
    process = subprocess.Popen([sys.executable, "-m", "infra.local.llama"], cwd=PROJECT_ROOT, env=env)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        generator = OpenAICompatible(url=url, model=settings.llm.model, api_key=KEY, timeout_s=START_S)
        _wait(process, generator)
        yield generator
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(process: "subprocess.Popen[bytes]", generator: Generator) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return generator.ping()
        except ModelUnavailable:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
