"""Migrations: applied once each, refused when changed afterwards, safe when two start at once."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from core.db.migrate import migrate, migrations
from core.errors import DependencyUnavailable, SettingsError
from infra.local.postgres import Postgres


def test_a_migrated_database_has_nothing_to_apply(database_url: str) -> None:
    assert migrate(database_url) == []
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() == (len(migrations()),)


def test_an_empty_database_gets_all_of_them_once_even_from_two_at_once(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with ThreadPoolExecutor(2) as threads:
        applied = list(threads.map(migrate, [database_url, database_url]))
    assert sorted(applied[0] + applied[1]) == [m.name for m in migrations()]


def test_a_migration_changed_after_it_was_applied_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE schema_migrations SET sha256 = 'other' WHERE name = %s", (migrations()[0].name,))
    with pytest.raises(SettingsError, match=migrations()[0].name):
        migrate(database_url)


def test_a_server_that_is_away_is_said_to_be() -> None:
    with pytest.raises(DependencyUnavailable, match="does not answer"):
        migrate("postgresql://u:p@127.0.0.1:9/db")


def test_a_table_of_somebody_else_in_the_way_is_named(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("CREATE TABLE documents (title text)")
    with pytest.raises(SettingsError, match=r'"documents" already exists.*a database of its own'):
        migrate(database_url)


def test_a_url_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match=r"cannot be built.*own-services"):
        migrate("no url")


def test_a_plain_role_needs_only_its_database_and_the_extension(postgres_server: Postgres) -> None:
    """What docs/howto/own-services.md tells an administrator to type, and what comes of leaving the extension out."""
    url = postgres_server.url("postgres")
    plain = psycopg.conninfo.make_conninfo(postgres_server.url("plain"), user="plain", password="a-long-password")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'a-long-password'")
        connection.execute("CREATE DATABASE plain OWNER plain ENCODING 'UTF8' TEMPLATE template0")
    with pytest.raises(SettingsError, match="CREATE EXTENSION vector"):
        migrate(plain)
    with psycopg.connect(postgres_server.url("plain"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    with pytest.raises(SettingsError, match="muniment_reader"):
        migrate(plain)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("GRANT muniment_reader TO plain")
    migrate(plain)
    with psycopg.connect(plain) as connection:
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() == (len(migrations()),)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE plain WITH (FORCE)")
        connection.execute("DROP ROLE plain")
