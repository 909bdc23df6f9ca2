"""What a search may be narrowed to: a typed set of conditions, all of which a document must meet.

A filter narrows the scope and never widens it: it is answered inside the asker's scope, and with the documents of that
scope. A value that no document could ever have, or that none in the scope has, is an error that says what there is.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from core.access import AccessScope
from core.db.pool import Connection
from core.errors import InvalidInput

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "md": "text/markdown",
    "txt": "text/plain",
    "csv": "text/csv",
    "eml": "message/rfc822",
}
MAX_NAMED = 20  # keys named in an error

DOCUMENTS: LiteralString = """
    SELECT document_id FROM documents d
     WHERE d.class_id = ANY(%(class_ids)s)
       AND (%(collections)s::text[] = '{}' OR EXISTS (
            SELECT FROM collections c WHERE c.collection_id = d.collection_id AND c.name = ANY(%(collections)s)))
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


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on documents; an empty one says nothing. ``collections`` are names, ``source`` a path or a folder's.

    ``types`` are the names in TYPES, ``languages`` ISO 639-1 codes; of ``tags`` and ``metadata`` a document must have all;
    dates are those that documents bear, both ends inclusive, and a document without one is then left out.
    """

    collections: frozenset[str] = frozenset()
    documents: frozenset[UUID] = frozenset()
    source: str | None = None
    types: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    dated_from: datetime.date | None = None
    dated_to: datetime.date | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(self.types - TYPES.keys())
        if unknown:
            raise InvalidInput(f"filters.types: {unknown[0]!r} is no type; there are {', '.join(TYPES)}.")
        odd = [
            code for code in self.languages if not (code.isascii() and code.isalpha() and code.islower() and 2 <= len(code) <= 3)
        ]
        if odd:
            raise InvalidInput(f"filters.languages: {odd[0]!r} is no language code; write two small letters, such as en or de.")
        if self.dated_from and self.dated_to and self.dated_from > self.dated_to:
            raise InvalidInput("filters.dated_from is later than filters.dated_to: no document can be between them.")

    def __bool__(self) -> bool:
        return self != Filters()


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
    return frozenset(row["document_id"] for row in connection.execute(DOCUMENTS, values).fetchall())


def _check_keys(connection: Connection, filters: Filters, scope: AccessScope) -> None:
    if not filters.metadata:
        return
    known = [row["key"] for row in connection.execute(KEYS, {"class_ids": list(scope.class_ids)}).fetchall()]
    unknown = sorted(filters.metadata.keys() - set(known))
    if unknown:
        there_are = f"there are {', '.join(known[:MAX_NAMED])}" if known else "none of your documents has any"
        raise InvalidInput(f"filters.metadata: no document you may read has the key {unknown[0]!r}; {there_are}.")
