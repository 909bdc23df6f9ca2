"""Keys: stored as hashes, good until revoked."""

import psycopg
import pytest

from core.access import Principal
from core.db.pool import Pool, transaction
from core.errors import InvalidInput, NotFound, Unauthenticated
from core.keys import add_key, authenticate, delete_key, list_keys


def test_a_key_opens_until_it_is_revoked_and_is_nowhere_stored(pool: Pool, database_url: str) -> None:
    with transaction(pool) as connection:
        record, key = add_key(connection, owner_id="ada", name="laptop", is_admin=True)
        assert authenticate(connection, key) == Principal("ada", record.key_id, is_admin=True)
        assert [k.name for k in list_keys(connection)] == ["laptop"]
    with psycopg.connect(database_url) as raw:
        stored = raw.execute("SELECT string_agg(k::text, '') FROM api_keys k").fetchone()
    assert stored and key not in stored[0] and key.removeprefix("mun_") not in stored[0]
    with transaction(pool) as connection:
        delete_key(connection, record.key_id)
        with pytest.raises(Unauthenticated):
            authenticate(connection, key)
        with pytest.raises(NotFound):
            delete_key(connection, record.key_id)


@pytest.mark.parametrize("key", ["", "mun_", "mun_" + "a" * 43, "x" * 10_000, "\ud800", "' OR 1=1 --", "\0"])
def test_what_is_no_key_of_ours_opens_nothing(pool: Pool, key: str) -> None:
    with transaction(pool) as connection, pytest.raises(Unauthenticated):
        authenticate(connection, key)


def test_a_key_needs_an_owner_and_a_name(pool: Pool) -> None:
    with transaction(pool) as connection:
        for owner, name in [("", "n"), ("o", " "), ("o" * 201, "n")]:
            with pytest.raises(InvalidInput):
                add_key(connection, owner_id=owner, name=name)
