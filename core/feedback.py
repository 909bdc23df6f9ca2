"""What readers say of an answer: good or not, and if not, what it should have said and where that stands.

Goes in: a rating, because somebody pressed a button; nothing is written down otherwise. Comes out: one's own ratings, or all of
them for an administrator. Of the passages cited the places are kept and not the words, so that a rating shows nobody what
he may not read, but for the question and the answer, which its giver shows to the administrators by pressing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from core.access import AccessScope, Principal
from core.db.pool import Connection
from core.errors import InvalidInput, NotFound

Verdict = Literal["up", "down"]
MAX_KEPT = 10_000  # ratings of one owner

ADD = """
    INSERT INTO feedback (owner_id, verdict, question, collection, answer, should_refuse, expected, quote, document, comment)
    SELECT %(owner)s, %(verdict)s, %(question)s, %(collection)s, %(answer)s, %(should_refuse)s, %(expected)s, %(quote)s,
           %(document)s, %(comment)s
     WHERE (SELECT count(*) FROM feedback WHERE owner_id = %(owner)s) < %(max)s
    RETURNING *
"""
LIST = """
    SELECT * FROM feedback WHERE owner_id = %(owner)s OR %(is_admin)s
     ORDER BY created_at DESC, feedback_id LIMIT %(limit)s OFFSET %(offset)s
"""
DELETE = "DELETE FROM feedback WHERE feedback_id = %(id)s AND (owner_id = %(owner)s OR %(is_admin)s)"
REPLACED = "DELETE FROM feedback WHERE feedback_id = %s AND owner_id = %s"
ADDRESS = "SELECT owner_id || '/' || name AS address FROM collections WHERE collection_id = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a reader says of one answer; ``collection`` is the one asked, None for all that he may read."""

    verdict: Verdict
    question: str
    collection: str | None
    answer: Mapping[str, Any]
    should_refuse: bool = False
    expected: str = ""
    quote: str = ""
    document: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(Rating):
    """A rating that is kept: whose, and since when."""

    feedback_id: UUID
    owner_id: str
    created_at: datetime


def add_feedback(connection: Connection, principal: Principal, rating: Rating, replaces: UUID | None = None) -> Feedback:
    """Keep a rating, in the place of the principal's earlier one of that answer if he names it.

    An id that is not there or not his replaces nothing. Raises InvalidInput when he has as many as are kept.
    """
    if replaces is not None:
        connection.execute(REPLACED, (replaces, principal.owner_id))
    values = {name: getattr(rating, name) for name in Rating.__dataclass_fields__}
    values |= {"answer": Jsonb(dict(rating.answer)), "owner": principal.owner_id, "max": MAX_KEPT}
    row = connection.execute(ADD, values).fetchone()
    if row is None:
        raise InvalidInput(f"You have {MAX_KEPT:,} ratings, as many as are kept: delete some with `DELETE /v1/feedback/ID`.")
    return Feedback(**row)


def list_feedback(connection: Connection, principal: Principal, *, limit: int, offset: int = 0) -> list[Feedback]:
    """Return the principal's ratings, all owners' for an administrator, the newest first."""
    values = {"owner": principal.owner_id, "is_admin": principal.is_admin, "limit": limit, "offset": offset}
    return [Feedback(**row) for row in connection.execute(LIST, values).fetchall()]


def delete_feedback(connection: Connection, principal: Principal, feedback_id: UUID) -> None:
    """Forget a rating of the principal's, or anybody's for an administrator; raises NotFound."""
    values = {"id": feedback_id, "owner": principal.owner_id, "is_admin": principal.is_admin}
    if connection.execute(DELETE, values).rowcount == 0:
        raise NotFound(f"There is no feedback {feedback_id}; `GET /v1/feedback` lists yours.")


def address_of(connection: Connection, scope: AccessScope, collection: str | None) -> str | None:
    """Say which collection a name in this scope means, as OWNER/NAME; the name as it is where it means several."""
    if collection is None:
        return None
    rows = connection.execute(ADDRESS, (list(scope.collection_ids),)).fetchall()
    return str(rows[0]["address"]) if len(rows) == 1 else collection
