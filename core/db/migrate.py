"""The schema, as numbered SQL files applied once each, in order, under a lock.

``NNNN_name.sql`` in ``migrations/``; a file that has been applied must never change (its sha256 is kept and compared).
"""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import psycopg

from core.errors import DependencyUnavailable, SettingsError

log = logging.getLogger(__name__)
FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x6D756E69  # "muni"
# A dump restored into another server brings changes of transactions that this one has not reached: to retrieval/stores/changes.py
# they would look open for ever. They are logged anew, under numbers no index has seen, so that each reads all of them again.
RESTORED = """
    WITH restored AS (DELETE FROM changes
                       WHERE EXISTS (SELECT FROM changes WHERE txid >= pg_snapshot_xmax(pg_current_snapshot()))
                      RETURNING seq, document_id)
    INSERT INTO changes (document_id) SELECT document_id FROM restored GROUP BY document_id ORDER BY max(seq)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of the schema's history."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hash that proves an applied file has not changed since."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Read all files in the order they apply."""
    return [Migration(p.stem, p.read_text(encoding="utf-8")) for p in sorted(FOLDER.glob("[0-9]*.sql"))]


def migrate(url: str) -> list[str]:
    """Bring the database at ``url`` to the newest schema, one transaction a file; returns the names applied.

    What a restored dump brought along of its former server's transactions is put right too.

    Several callers at once are safe. Raises DependencyUnavailable if the server cannot be reached, SettingsError if it
    lacks pgvector, if the role may not build the schema, if something else is in its way, or if an applied file has changed.
    """
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            applied = _apply_missing(connection)
            if num := connection.execute(RESTORED).rowcount:
                log.info("changes_logged_anew", extra={"num_documents": num, "reason": "restored from another server"})
            return applied
    except psycopg.errors.FeatureNotSupported as error:
        raise SettingsError(
            f"The PostgreSQL server lacks an extension Muniment needs (pgvector 0.8 or later): {error}"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(
            f"The database's role may not build the schema ({str(error).strip()}): let it own its database, and let a"
            " superuser run CREATE EXTENSION vector there and GRANT it the role muniment_reader (docs/howto/own-services.md)."
        ) from error
    except psycopg.OperationalError as error:
        raise DependencyUnavailable(f"The database does not answer: {str(error).strip()}") from error
    except psycopg.Error as error:
        raise SettingsError(
            f"The schema cannot be built in this database ({str(error).strip()}): give Muniment a database of its own, that"
            " holds nothing else (docs/howto/own-services.md)."
        ) from error


def _apply_missing(connection: psycopg.Connection) -> list[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied: dict[str, str] = dict(connection.execute("SELECT name, sha256 FROM schema_migrations").fetchall())
    missing = []
    for migration in migrations():
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise SettingsError(f"Migration {migration.name} was changed after it had been applied; restore the file.")
        if migration.name not in applied:
            with connection.transaction():
                connection.execute(migration.sql.encode())
                connection.execute("INSERT INTO schema_migrations VALUES (%s, %s)", (migration.name, migration.sha256))
            missing.append(migration.name)
            log.info("migration_applied", extra={"migration": migration.name})
    return missing
