from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.settings import Settings
from tests.fakes_models import FakeServer, running


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with running(FakeServer()) as server:
        yield server


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=2, trust_env=False) as client:
        yield client


@pytest.fixture
def model_settings(tmp_path: Path, server: FakeServer) -> Settings:
    """Settings that know the fake server as hub and as package index."""
    models = {"hub_url": server.url, "index_url": f"{server.url}/simple", "timeout_s": 2.0}
    return Settings(home=tmp_path / "home").with_values(models=models)
