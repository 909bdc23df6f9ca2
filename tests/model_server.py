"""A real model server as a process of a test's own, on a free port, and what the server itself says of its requests."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from core.errors import ModelUnavailable
from core.settings import PROJECT_ROOT
from generation.engines.openai import OpenAICompatible

SMALLEST = "smollm2-135m-instruct-q4_1"  # the same model for every server
KEY = "for-tests"
STOP_S = 20


@dataclass(frozen=True, slots=True)
class ModelServer:
    """Where a server of the OpenAI protocol listens; ``gauges`` are what its /metrics calls the requests that it has. The
    ``clients`` made of it end with it."""

    port: int
    model: str
    api_key: str | None
    gauges: tuple[str, ...]
    clients: list[OpenAICompatible] = field(default_factory=list)

    def client(self, port: int | None = None, *, timeout_s: float = 120) -> OpenAICompatible:
        """Make a client, which asks by way of another port if one is given."""
        url = f"http://127.0.0.1:{port or self.port}/v1"
        self.clients.append(OpenAICompatible(url=url, model=self.model, api_key=self.api_key, timeout_s=timeout_s))
        return self.clients[-1]

    def num_running(self) -> int:
        """Add up the gauges."""
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        said = httpx.get(f"http://127.0.0.1:{self.port}/metrics", headers=headers, timeout=10, trust_env=False)
        said.raise_for_status()
        found = [re.search(rf"^{gauge}(?:{{.*}})? ([\d.e+]+)$", said.text, re.MULTILINE) for gauge in self.gauges]
        return sum(int(float(gauge[1])) for gauge in found if gauge)


@contextmanager
def served(
    module: str, model: str, gauges: tuple[str, ...], values: Mapping[str, object], start_s: float
) -> Iterator[ModelServer]:
    """Run ``python -m module`` with these settings (without their prefix) until the block ends; waits until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"LLM_PORT": port, "LLM_API_KEY": KEY, "LLM_MODEL": model, **values}
    env = os.environ | {f"MUNIMENT_{name}": str(value) for name, value in settings.items()}
    process = subprocess.Popen([sys.executable, "-m", module], cwd=PROJECT_ROOT, env=env)
    server = ModelServer(port, model, KEY, gauges)
    try:
        _wait(process, server.client(), start_s)
        yield server
    finally:
        for client in server.clients:
            client.close()
        process.terminate()
        process.wait(timeout=STOP_S)


def _wait(process: "subprocess.Popen[bytes]", client: OpenAICompatible, start_s: float) -> None:
    deadline = time.monotonic() + start_s
    while True:
        try:
            return client.ping()
        except ModelUnavailable:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
