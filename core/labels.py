"""What people say of a document beside its content: tags, and metadata, which are single values by key.

Goes in: what was sent with an upload, set later, or asked for by a filter. Comes out: the same, checked and in order. A value
keeps its type: 2020 and "2020" are two. What is no such label is an InvalidInput that names the field. Labels are no part of a
document's version: a new one keeps those of the old unless its upload says others. Only a collection's owner sets them.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.access import Principal
from core.db.locks import lock_document
from core.db.pool import Connection
from core.errors import Forbidden, InvalidInput
from core.permissions import require_readable

MAX_TAGS, MAX_TAG_CHARS = 50, 100
MAX_KEYS, MAX_KEY_CHARS, MAX_VALUE_CHARS = 50, 100, 1000
MAX_WHOLE = 2**53  # beyond it a JSON number is not the same everywhere

Value = str | int | float | bool
Metadata = Mapping[str, Value]

NOT_THE_OWNER = "This document is shared with you for reading: only the owner of its collection may label it."
LABEL = """
    UPDATE documents SET tags = coalesce(%(tags)s, tags), metadata = coalesce(%(metadata)s, metadata) WHERE document_id = %(id)s
"""
SOURCE_OF_OWN = """
    SELECT d.collection_id, d.source FROM documents d JOIN collections c USING (collection_id)
     WHERE d.document_id = %s AND c.owner_id = %s
"""
FORGET_SAID = """
    UPDATE jobs SET tags = NULL, metadata = NULL WHERE collection_id = %s AND source = %s AND state IN ('queued', 'running')
"""


@dataclass(frozen=True, slots=True)
class Labels:
    """What is said of a document; None says nothing, and leaves what was said before."""

    tags: tuple[str, ...] | None = None
    metadata: Metadata | None = None

    def but(self, later: "Labels") -> "Labels":
        """Give these labels with what is said later in place of what was said before."""
        return Labels(
            self.tags if later.tags is None else later.tags, self.metadata if later.metadata is None else later.metadata
        )

    def __bool__(self) -> bool:
        return self != UNLABELLED


UNLABELLED = Labels()


def checked_tags(tags: Iterable[str], field: str = "tags") -> tuple[str, ...]:
    """Return the tags each once, in order; raises InvalidInput naming ``field`` for one that can be none.

    >>> checked_tags(["signed", "2020", "signed"])
    ('2020', 'signed')
    """
    checked = tuple(sorted({_name(tag, field, "a tag", MAX_TAG_CHARS) for tag in tags}))
    if len(checked) > MAX_TAGS:
        raise InvalidInput(f"{field}: a document has at most {MAX_TAGS} tags; these are {len(checked):,}.")
    if odd := next((tag for tag in checked if "," in tag), None):
        raise InvalidInput(f"{field}: {odd!r} holds a comma, which parts two tags.")
    return checked


def checked_metadata(metadata: Mapping[str, object], field: str = "metadata") -> dict[str, Value]:
    """Return the metadata by key, in order; raises InvalidInput naming ``field`` for a key or a value that cannot be.

    >>> checked_metadata({"year": 2020, "client": "Acme"})
    {'client': 'Acme', 'year': 2020}
    """
    if len(metadata) > MAX_KEYS:
        raise InvalidInput(f"{field}: a document has at most {MAX_KEYS} keys; these are {len(metadata):,}.")
    names = {_name(key, field, "a key", MAX_KEY_CHARS): value for key, value in metadata.items()}
    return {key: _value(key, names[key], field) for key in sorted(names)}


def set_labels(connection: Connection, principal: Principal, document_id: UUID, labels: Labels) -> None:
    """Label the principal's own document; what an upload still on its way said of it no longer counts.

    Raises Forbidden for a document that he may only read, NotFound for any other.
    """
    lock_document(connection, document_id)  # a new version may just be taking its place
    row = connection.execute(SOURCE_OF_OWN, (document_id, principal.owner_id)).fetchone()
    if row is None:
        require_readable(connection, principal, document_id)
        raise Forbidden(NOT_THE_OWNER)
    label(connection, document_id, labels)
    connection.execute(FORGET_SAID, (row["collection_id"], row["source"]))


def label(connection: Connection, document_id: UUID, labels: Labels) -> None:
    """Write what the labels say, and leave what they do not speak of. The caller holds :func:`~core.db.locks.lock_document`."""
    connection.execute(LABEL, {"id": document_id, **columns(labels)})


def labels_of(row: Mapping[str, Any]) -> Labels:
    """Read labels off the columns ``tags`` and ``metadata`` of a row."""
    return Labels(None if row["tags"] is None else tuple(row["tags"]), row["metadata"])


def columns(labels: Labels) -> dict[str, object]:
    """Give the labels as the columns ``tags`` and ``metadata`` hold them; None where nothing is said."""
    metadata = None if labels.metadata is None else Jsonb(dict(labels.metadata))
    return {"tags": None if labels.tags is None else list(labels.tags), "metadata": metadata}


def _name(name: str, field: str, what: str, max_chars: int) -> str:
    if not 0 < len(name) <= max_chars or name != name.strip() or _steers(name):
        raise InvalidInput(f"{field}: {what} has 1 to {max_chars} characters, no control characters and no space at its ends.")
    return name


def _value(key: str, value: object, field: str) -> Value:
    match value:
        case bool():
            return value
        case int() if abs(value) < MAX_WHOLE:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if len(value) <= MAX_VALUE_CHARS and not _steers(value):
            return value
        case str():
            raise InvalidInput(f"{field}.{key}: a text has at most {MAX_VALUE_CHARS} characters and no control characters.")
        case int() | float():
            raise InvalidInput(f"{field}.{key}: this number is not the same everywhere; send it as text.")
        case _:
            raise InvalidInput(f"{field}.{key}: a value is a text, a number, true or false, and no list, object or null.")


def _steers(text: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
