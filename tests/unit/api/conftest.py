"""An API over a real database, with two owners who know nothing of each other, and an administrator."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.lifespan import Services
from core.db.pool import Pool, transaction
from core.keys import add_key
from core.settings import Settings
from tests.fakes_api import FakeGenerator, make_services


@pytest.fixture
def services(pool: Pool, tmp_path: Path) -> Iterator[Services]:
    settings = Settings(home=tmp_path / "home").with_values(api={"max_question_chars": 500, "max_upload_mb": 1})
    services = make_services(settings, pool, FakeGenerator(), database=lambda: None)
    yield services
    services.probes.close()


@pytest.fixture
def keys(pool: Pool) -> dict[str, str]:
    """A key each for alice, for bob who is the stranger, and for an admin."""
    with transaction(pool) as connection:
        return {o: add_key(connection, owner_id=o, name="test", is_admin=o == "admin")[1] for o in ("alice", "bob", "admin")}


@pytest.fixture
def api(services: Services, keys: dict[str, str]) -> Iterator[TestClient]:
    """A caller without a key."""
    with TestClient(create_app(services.settings, services), raise_server_exceptions=False) as client:
        yield client


class As:
    """Calls the API with somebody's key."""

    def __init__(self, client: TestClient, key: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {key}"}

    def __call__(self, method: str, url: str, **arguments: Any) -> Any:
        headers = self.headers | arguments.pop("headers", {})
        if "json" in arguments:  # as ASCII, so that what is no valid text reaches the API all the same
            arguments["content"] = json.dumps(arguments.pop("json"))
            headers["Content-Type"] = "application/json"
        return self.client.request(method, url, headers=headers, **arguments)


@pytest.fixture
def alice(api: TestClient, keys: dict[str, str]) -> As:
    return As(api, keys["alice"])


@pytest.fixture
def bob(api: TestClient, keys: dict[str, str]) -> As:
    return As(api, keys["bob"])


@pytest.fixture
def admin(api: TestClient, keys: dict[str, str]) -> As:
    return As(api, keys["admin"])
