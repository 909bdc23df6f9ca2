"""The ledger of what left the walls: a row for each request to an engine outside, written and committed before its first byte.

The row holds who asked, which rule and engine, the documents whose passages are in it, and the body to the byte. It is only ever
added to (the database refuses the rest), and read with an administrator's key alone. What cannot be written down is not sent.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.access import Principal
from core.db.pool import Connection, Pool, transaction
from core.errors import Forbidden, MunimentError, NotFound
from core.sensitivity import Clearance

log = logging.getLogger(__name__)

# That every collection is public is asked once more, by the statement itself: a label may have changed since the clearance.
ADD = """
    INSERT INTO egress (owner_id, key_id, rule, engine, url, collection, collection_ids, document_ids, body)
    SELECT %(owner_id)s, %(key_id)s, %(rule)s, %(engine)s, %(url)s, %(collection)s, %(collection_ids)s, %(document_ids)s, %(body)s
     WHERE (SELECT count(*) FROM collections WHERE collection_id = ANY(%(collection_ids)s) AND sensitivity = 'public')
           = cardinality(%(collection_ids)s)
    RETURNING egress_id
"""
END = "UPDATE egress SET status = %s, response_bytes = %s, ended_at = clock_timestamp() WHERE egress_id = %s"
LIST = """
    SELECT
    egress_id, at, owner_id, key_id, rule, engine, url, collection, collection_ids, document_ids, octet_length(body) AS num_bytes,
    status, response_bytes, ended_at
      FROM egress WHERE %(before)s::bigint IS NULL OR egress_id < %(before)s ORDER BY egress_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """On whose behalf something is about to leave: who asked what of, by which rule, to which engine."""

    principal: Principal
    rule: str
    engine: str
    collection: str | None
    clearance: Clearance


@dataclass(frozen=True, slots=True)
class Egress:
    """What left: a row of the ledger without its body. ``status`` and ``response_bytes`` are None where no response was read."""

    egress_id: int
    at: datetime
    owner_id: str
    key_id: UUID
    rule: str
    engine: str
    url: str
    collection: str | None
    collection_ids: list[UUID]
    document_ids: list[UUID]
    num_bytes: int
    status: int | None
    response_bytes: int | None
    ended_at: datetime | None


class Ledger:
    """Writes the ledger, each entry in a transaction of its own; none is held open while a model writes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def add(self, sender: Sender, url: str, document_ids: Sequence[UUID], body: bytes) -> int:
        """Write down what is about to leave; returns the entry's number once it is committed.

        Raises Forbidden if one of the collections is not public any more, DependencyUnavailable if it cannot be written.
        """
        values = {
            "owner_id": sender.principal.owner_id,
            "key_id": sender.principal.key_id,
            "rule": sender.rule,
            "engine": sender.engine,
            "url": url,
            "collection": sender.collection,
            "collection_ids": list(sender.clearance.collection_ids),
            "document_ids": sorted(set(document_ids)),
            "body": body,
        }
        with transaction(self._pool) as connection:
            row = connection.execute(ADD, values).fetchone()
        if row is None:
            raise Forbidden("A collection in reach of this question is public no more, so nothing of it may leave; ask again.")
        return int(row["egress_id"])

    def end(self, egress_id: int, status: int | None, response_bytes: int) -> None:
        """Write down what came back; where that fails the answer goes on, and the entry says that nothing is known."""
        try:
            with transaction(self._pool) as connection:
                connection.execute(END, (status, response_bytes, egress_id))
        except MunimentError as error:
            log.error("egress.end_not_written", extra={"egress_id": egress_id, "reason": str(error)})


def list_egress(connection: Connection, reader: Principal, *, limit: int, before: int | None = None) -> list[Egress]:
    """Return ``limit`` entries older than the entry ``before``, newest first; raises Forbidden but for administrators."""
    _require_admin(reader)
    return [Egress(**row) for row in connection.execute(LIST, {"before": before, "limit": limit}).fetchall()]


def find_body(connection: Connection, reader: Principal, egress_id: int) -> bytes:
    """Return what left, to the byte; raises NotFound, and Forbidden but for administrators."""
    _require_admin(reader)
    row = connection.execute("SELECT body FROM egress WHERE egress_id = %s", (egress_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no entry {egress_id} in the egress log; `GET /v1/route/egress` lists them.")
    return bytes(row["body"])


def _require_admin(reader: Principal) -> None:
    if not reader.is_admin:
        raise Forbidden("Only an administrator's key may read the egress log.")
