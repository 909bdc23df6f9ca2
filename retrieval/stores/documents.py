"""Which documents of a scope a search is about: those that meet its filters, and those whose names hold a word of it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import InvalidInput
from retrieval.filters import TYPES, Filters

MAX_NAMED = 20  # keys named in an error

MATCHING = """
    SELECT document_id FROM documents d
     WHERE d.class_id = ANY(%(class_ids)s)
       AND (%(collections)s::text[] = '{}' OR EXISTS (
            SELECT FROM collections c WHERE c.collection_id = d.collection_id
               AND (c.name = ANY(%(collections)s) OR c.owner_id || '/' || c.name = ANY(%(collections)s))))
       AND (%(documents)s::uuid[] = '{}' OR d.document_id = ANY(%(documents)s))
       AND (%(source)s::text IS NULL OR d.source = %(source)s OR starts_with(d.source, %(folder)s))
       AND (%(types)s::text[] = '{}' OR d.media_type = ANY(%(types)s))
       AND (%(languages)s::text[] = '{}' OR d.language = ANY(%(languages)s))
       AND d.tags @> %(tags)s::text[]
       AND (%(dated_from)s::date IS NULL OR d.dated >= %(dated_from)s)
       AND (%(dated_to)s::date IS NULL OR d.dated <= %(dated_to)s)
       AND d.metadata @> %(metadata)s
"""
KEYS = """
    SELECT DISTINCT key FROM documents d, jsonb_object_keys(d.metadata) AS key WHERE d.class_id = ANY(%(class_ids)s) ORDER BY key
"""
NAMED = """
    SELECT document_id, names, kind, title, dated FROM documents
     WHERE class_id = ANY(%(class_ids)s)
       AND document_id IN (SELECT document_id FROM document_names WHERE token = ANY(%(words)s))
"""
COUNT = "SELECT count(*) AS num FROM (SELECT FROM documents WHERE class_id = ANY(%s) LIMIT %s) AS up_to_a_bound"


def matching(connection: Connection, filters: Filters, scope: AccessScope) -> frozenset[UUID] | None:
    """Find the documents of the scope that meet all conditions; None where there is no condition.

    Raises InvalidInput for a metadata key that no document of the scope has.
    """
    if not filters:
        return None
    _check_keys(connection, filters, scope)
    values = {
        "class_ids": list(scope.class_ids),
        "collections": sorted(filters.collections),
        "documents": list(filters.documents),
        "source": filters.source,
        "folder": None if filters.source is None else filters.source.rstrip("/") + "/",
        "types": [TYPES[name] for name in sorted(filters.types)],
        "languages": sorted(filters.languages),
        "tags": sorted(filters.tags),
        "dated_from": filters.dated_from,
        "dated_to": filters.dated_to,
        "metadata": Jsonb(dict(filters.metadata)),
    }
    return frozenset(row["document_id"] for row in connection.execute(MATCHING, values).fetchall())


def named_by(connection: Connection, words: Iterable[str], scope: AccessScope) -> list[dict[str, Any]]:
    """Read, of the documents of the scope that one of the words names, what they are: names, kind, title and date."""
    return connection.execute(NAMED, {"words": sorted(words), "class_ids": list(scope.class_ids)}).fetchall()


def count(connection: Connection, scope: AccessScope, *, limit: int) -> int:
    """Count the documents of the scope, or stop at ``limit``."""
    row = connection.execute(COUNT, (list(scope.class_ids), limit)).fetchone()
    return row["num"] if row else 0


def _check_keys(connection: Connection, filters: Filters, scope: AccessScope) -> None:
    if not filters.metadata:
        return
    known = [row["key"] for row in connection.execute(KEYS, {"class_ids": list(scope.class_ids)}).fetchall()]
    unknown = sorted(filters.metadata.keys() - set(known))
    if unknown:
        there_are = f"there are {', '.join(known[:MAX_NAMED])}" if known else "none of your documents has any"
        raise InvalidInput(f"filters.metadata: no document you may read has the key {unknown[0]!r}; {there_are}.")
