"""What every test may ask for: a real PostgreSQL built by the real migrations, and a real broker."""

import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from core.db.migrate import migrate
from core.db.pool import Pool, open_pool
from core.models import catalogue
from core.settings import Settings
from infra.local.postgres import Postgres
from retrieval.lexical.index import WordIndex
from tests.embedded import running_postgres, running_valkey

TEMPLATE = "migrated"

# A shell's background job ignores Ctrl-C, and so would every process that the tests start and send it to.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real server for the whole run, with a migrated database that ``database_url`` copies."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        server.add_database(TEMPLATE)
        migrate(server.url(TEMPLATE))
        yield server


@pytest.fixture
def database_url(postgres_server: Postgres) -> Iterator[str]:
    """A fresh, empty, migrated database of this test's own."""
    name = f"test_{uuid4().hex}"
    postgres_server.add_database(name, TEMPLATE)
    yield postgres_server.url(name)
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    """Connections to this test's own database."""
    pool = open_pool(database_url, max_size=6)
    yield pool
    pool.close()


@pytest.fixture
def words(pool: Pool, tmp_path: Path) -> Iterator[WordIndex]:
    """An index of the words in this test's own database."""
    index = WordIndex(pool, tmp_path / "words", memory_mb=20)
    yield index
    index.close()


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real broker for the whole run; give tests queues or key prefixes of their own."""
    with running_valkey(tmp_path_factory.mktemp("broker")) as server:
        yield server.url()


@pytest.fixture(scope="session")
def weights() -> Path:
    """The folder of verified model weights, shared with `make run`: fetched once, kept between runs."""
    settings = Settings()
    catalogue.ensure("all-minilm-l6-v2", settings)
    return settings.models_dir
