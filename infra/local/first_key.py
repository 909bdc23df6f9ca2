"""The first API key: made once for the owner ``admin``, kept in ``HOME/api-key`` for the command line and the page."""

import psycopg
from psycopg.rows import dict_row

from core import keys
from core.errors import DependencyUnavailable, SettingsError, Unauthenticated
from infra.local.home import Home, write_private

OWNER = "admin"


def ensure_key(database_url: str, home: Home) -> None:
    """Make the key unless the file holds one this database knows; raises DependencyUnavailable, or SettingsError."""
    try:
        with psycopg.connect(database_url, row_factory=dict_row, connect_timeout=5) as connection:
            if not _is_known(connection, home):
                _, key = keys.add_key(connection, owner_id=OWNER, name="made by muniment up", is_admin=True)
                write_private(home.api_key, key + "\n")  # inside the transaction: a key nobody can read is not kept
    except psycopg.OperationalError as error:
        raise DependencyUnavailable(f"the database does not answer: {str(error).strip()}") from error
    except psycopg.Error as error:
        raise SettingsError(
            f"the first API key cannot be kept in this database ({str(error).strip()}): let the role of MUNIMENT_DATABASE_URL"
            " own the database and all that is in it (docs/howto/own-services.md)"
        ) from error


def _is_known(connection: psycopg.Connection[dict[str, object]], home: Home) -> bool:
    if not home.api_key.exists():
        return False
    try:
        keys.authenticate(connection, home.api_key.read_text(encoding="ascii").strip())
    except Unauthenticated:
        return False
    return True
