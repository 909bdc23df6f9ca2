"""How sensitive a collection is, and the proof that what a question can reach may leave the walls.

The label is its owner's to set. What a scope can reach counts as the most sensitive of it; a scope that reaches nothing counts as
confidential. A :class:`Clearance` is made by :func:`cleared` alone, and an engine outside is not to be had without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import Forbidden, NotFound
from core.types import Sensitivity

LEVELS: tuple[Sensitivity, ...] = get_args(Sensitivity)
_SEAL = object()

# By class and not by scope.collection_ids, which leaves out collections without a document: one may just be coming in.
REACHED = """
    SELECT DISTINCT c.collection_id, c.sensitivity FROM access_classes a JOIN collections c USING (collection_id)
     WHERE a.class_id = ANY(%s)
"""
READABLE_LANGUAGE = """
    SELECT count(*) AS n FROM documents d JOIN collections c USING (collection_id)
     WHERE d.document_id = ANY(%s) AND c.sensitivity = 'public' AND d.language = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Clearance:
    """That every collection in reach of a question was public when it was asked. Made by :func:`cleared` alone: see the seal."""

    collection_ids: tuple[UUID, ...]
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("a Clearance is made by core.sensitivity.cleared, nowhere else")


def sensitivity_of(connection: Connection, scope: AccessScope) -> Sensitivity:
    """Tell the most sensitive of what the scope can reach; confidential where it reaches nothing."""
    return max((level for _, level in _reached(connection, scope)), key=LEVELS.index, default="confidential")


def cleared(connection: Connection, scope: AccessScope) -> Clearance:
    """Prove that what the scope can reach is public; raises Forbidden where it is not."""
    reached = _reached(connection, scope)
    if not reached or any(level != "public" for _, level in reached):
        raise Forbidden("Only a question over public collections may leave: label them with `muniment collections sensitivity`.")
    return Clearance(tuple(sorted(collection_id for collection_id, _ in reached)), _SEAL)


def may_leave(connection: Connection, document_ids: Sequence[UUID], languages: Sequence[str]) -> bool:
    """Tell whether every one of these documents is there, in a public collection, and in one of these languages."""
    ids = sorted(set(document_ids))
    row = connection.execute(READABLE_LANGUAGE, (ids, list(languages))).fetchone()
    return row is not None and row["n"] == len(ids)


def set_sensitivity(connection: Connection, collection_id: UUID, sensitivity: Sensitivity) -> None:
    """Label a collection; raises NotFound for one that is gone."""
    query = "UPDATE collections SET sensitivity = %s WHERE collection_id = %s"
    if connection.execute(query, (sensitivity, collection_id)).rowcount == 0:
        raise NotFound("The collection was deleted.")


def _reached(connection: Connection, scope: AccessScope) -> list[tuple[UUID, Sensitivity]]:
    rows = connection.execute(REACHED, (list(scope.class_ids),)).fetchall()
    return [(row["collection_id"], row["sensitivity"]) for row in rows]
