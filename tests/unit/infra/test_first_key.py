from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from core import keys
from core.errors import DependencyUnavailable, SettingsError
from infra.local.first_key import ensure_key
from infra.local.home import Home
from tests.embedded import free_port


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.make()
    return home


def test_key_is_made_once_private_and_an_admins(database_url: str, home: Home) -> None:
    ensure_key(database_url, home)
    key = home.api_key.read_text().strip()
    ensure_key(database_url, home)
    assert home.api_key.read_text().strip() == key
    assert home.api_key.stat().st_mode & 0o077 == 0
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        principal = keys.authenticate(connection, key)
        assert (principal.owner_id, principal.is_admin) == ("admin", True)
        assert len(keys.list_keys(connection)) == 1


def test_key_of_another_database_is_replaced(database_url: str, home: Home) -> None:
    home.api_key.write_text("mun_of_a_database_that_is_gone\n")
    ensure_key(database_url, home)
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        assert keys.authenticate(connection, home.api_key.read_text().strip()).owner_id == "admin"


def test_database_that_is_away_leaves_no_file(home: Home) -> None:
    with pytest.raises(DependencyUnavailable):
        ensure_key(f"postgresql://127.0.0.1:{free_port()}/x", home)
    assert not home.api_key.exists()


def test_database_that_refuses_the_key_leaves_no_file_and_says_why(database_url: str, home: Home) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE api_keys RENAME TO keys_of_another")
    with pytest.raises(SettingsError, match=r'"api_keys" does not exist(.|\n)*MUNIMENT_DATABASE_URL'):
        ensure_key(database_url, home)
    assert not home.api_key.exists()
