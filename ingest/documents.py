"""Every SQL statement about collections, documents, pages and the jobs a caller may see. A connection comes first.

Whatever is not there and whatever is another owner's look the same: NotFound. Documents are read only through an
AccessScope. The worker's side of the jobs table is ingest/ledger.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.types.json import Jsonb

from core.access import AccessScope, no_collection, no_document, reading
from core.db.locks import lock_collection, lock_document
from core.db.pool import Connection
from core.errors import Forbidden, ModelMismatch, NotFound
from core.labels import UNLABELLED, Labels, Value, columns, labels_of
from core.permissions import DocumentAccess, class_of
from core.types import Document, Page, ParsedDocument, Sensitivity
from ingest.describe import Description

JobState = Literal["queued", "running", "indexed", "unchanged", "failed", "quarantined", "rejected"]


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of documents of one owner, embedded by one model; the numbers count what the asker may read."""

    collection_id: UUID
    owner_id: str
    name: str
    embedding_model: str
    num_documents: int
    num_chunks: int
    created_at: datetime
    is_own: bool
    sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as it stands in the index; ``num_pages`` is 0 where the format has none."""

    document_id: UUID
    owner_id: str
    collection: str
    source: str
    title: str
    media_type: str
    num_bytes: int
    num_pages: int
    num_chunks: int
    language: str
    dated: date | None
    tags: list[str]
    metadata: dict[str, Value]
    indexed_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way in; ``document_id`` is known once it is indexed, ``error`` once it has failed."""

    job_id: UUID
    collection: str
    source: str
    state: JobState
    document_id: UUID | None
    error: str | None
    attempts: int
    num_bytes: int
    created_at: datetime
    updated_at: datetime


def document_id_of(collection_id: UUID, source: str) -> UUID:
    """Name a document by where it comes from, so that a new version of a file keeps its id."""
    return uuid5(NAMESPACE_URL, f"muniment:{collection_id}:{source}")


_COLLECTION = """
    SELECT c.collection_id, c.owner_id, c.name, c.embedding_model, c.created_at, c.owner_id = %(asker)s AS is_own, c.sensitivity,
           count(d.document_id) AS num_documents, coalesce(sum(d.num_chunks), 0) AS num_chunks
      FROM collections c LEFT JOIN documents d ON d.collection_id = c.collection_id AND d.class_id = ANY(%(classes)s)
     WHERE c.collection_id = ANY(%(collections)s) GROUP BY c.collection_id ORDER BY c.name, c.owner_id"""
_OWN = """
    SELECT collection_id, array_agg(class_id) FILTER (WHERE is_fresh) AS classes FROM class_access
     WHERE owner_id = %s AND collection = %s GROUP BY collection_id"""


def add_collection(connection: Connection, owner_id: str, name: str, *, model_id: str, dimension: int) -> Collection:
    """Make the owner's collection of this name, or return the one that is there."""
    connection.execute(
        "INSERT INTO collections (owner_id, name, embedding_model, dimension) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (owner_id, name) DO NOTHING",
        (owner_id, name, model_id, dimension),
    )
    return find_collection(connection, owner_id, name)


def find_collection(connection: Connection, owner_id: str, name: str) -> Collection:
    """Find one of the owner's collections by name; raises NotFound."""
    own = connection.execute(_OWN, (owner_id, name)).fetchone()
    if own is None:
        raise no_collection(name)
    values = {"collections": [own["collection_id"]], "classes": own["classes"], "asker": owner_id}
    row = connection.execute(_COLLECTION, values).fetchone()
    if row is None:
        raise no_collection(name)
    return Collection(**row)


def list_collections(connection: Connection, scope: AccessScope) -> list[Collection]:
    """Return the collections of the scope by name: the asker's own, those shared with him, and those he may read a part of."""
    values = {"collections": list(scope.collection_ids), "classes": list(scope.class_ids), "asker": scope.owner_id}
    with reading(connection, scope):
        rows = connection.execute(_COLLECTION, values).fetchall()
    return [Collection(**row) for row in rows]


def delete_collection(connection: Connection, owner_id: str, name: str) -> None:
    """Remove a collection with all its documents and jobs, gone from search at commit; raises NotFound."""
    query = "DELETE FROM collections WHERE owner_id = %s AND name = %s"
    if connection.execute(query, (owner_id, name)).rowcount == 0:
        raise no_collection(name)


_DOCUMENT = """
    SELECT d.document_id, c.owner_id, c.name AS collection, d.source, d.title, d.media_type, d.num_bytes,
           d.num_pages, d.num_chunks, d.language, d.dated, d.tags, d.metadata, d.indexed_at
      FROM documents d JOIN collections c USING (collection_id) WHERE d.class_id = ANY(%(scope)s)"""


def list_documents(connection: Connection, scope: AccessScope, *, limit: int, offset: int = 0) -> list[DocumentRecord]:
    """Return the documents of the scope by source, ``limit`` of them from ``offset`` on."""
    query = _DOCUMENT + " ORDER BY c.name, c.owner_id, d.source, d.document_id LIMIT %(limit)s OFFSET %(offset)s"
    with reading(connection, scope):
        rows = connection.execute(query, {"scope": list(scope.class_ids), "limit": limit, "offset": offset}).fetchall()
    return [DocumentRecord(**row) for row in rows]


def find_document(connection: Connection, scope: AccessScope, document_id: UUID) -> DocumentRecord:
    """Find one document of the scope; raises NotFound."""
    query = _DOCUMENT + " AND d.document_id = %(id)s"
    with reading(connection, scope):
        row = connection.execute(query, {"scope": list(scope.class_ids), "id": document_id}).fetchone()
    if row is None:
        raise no_document(document_id)
    return DocumentRecord(**row)


def document_text(connection: Connection, scope: AccessScope, document_id: UUID) -> str:
    """Return the whole text that every offset counts in; raises NotFound."""
    query = "SELECT text FROM documents WHERE document_id = %s AND class_id = ANY(%s)"
    with reading(connection, scope):
        row = connection.execute(query, (document_id, list(scope.class_ids))).fetchone()
    if row is None:
        raise no_document(document_id)
    return str(row["text"])


def delete_document(connection: Connection, scope: AccessScope, document_id: UUID) -> None:
    """Remove one of the asker's own documents, and stop what is on its way in from the same source.

    It is gone from search at commit; its file goes when the worker next cleans up (ingest/cleanup.py). Raises NotFound,
    or Forbidden for a document that the asker may read and another owns.
    """
    lock_document(connection, document_id)  # a new version may just be taking its place: wait, and delete that
    query = """DELETE FROM documents d USING collections c WHERE d.document_id = %s AND c.collection_id = d.collection_id
                AND c.owner_id = %s RETURNING d.collection_id, d.source"""
    row = connection.execute(query, (document_id, scope.owner_id)).fetchone()
    if row is None:
        find_document(connection, scope, document_id)
        raise Forbidden("This document is shared with you for reading: only the owner of its collection may delete it.")
    connection.execute(
        "UPDATE jobs SET state = 'failed', error = 'The document was deleted while it was being ingested.', updated_at = now()"
        " WHERE collection_id = %s AND source = %s AND state IN ('queued', 'running')",
        (row["collection_id"], row["source"]),
    )


def needed_hashes(connection: Connection, hashes: Sequence[str]) -> set[str]:
    """Tell which of these content hashes a document or an unfinished job still needs."""
    query = """SELECT content_hash FROM documents WHERE content_hash = ANY(%(hashes)s) UNION
               SELECT content_hash FROM jobs WHERE content_hash = ANY(%(hashes)s) AND state IN ('queued', 'running')"""
    return {row["content_hash"] for row in connection.execute(query, {"hashes": list(hashes)}).fetchall()}


def indexed_version(connection: Connection, document: Document) -> tuple[UUID, str] | None:
    """Tell the id and content hash of what is indexed from this document's source, if anything is."""
    query = "SELECT document_id, content_hash FROM documents WHERE collection_id = %s AND source = %s"
    row = connection.execute(query, (document.collection_id, document.source)).fetchone()
    return (row["document_id"], row["content_hash"]) if row else None


def require_model(connection: Connection, collection_id: UUID, model_id: str) -> None:
    """Refuse, with ModelMismatch, to add vectors of one model to a collection of another; NotFound if it is gone."""
    row = connection.execute(
        "SELECT name, embedding_model FROM collections WHERE collection_id = %s", (collection_id,)
    ).fetchone()
    if row is None:
        raise NotFound("The collection was deleted.")
    if row["embedding_model"] != model_id:
        raise ModelMismatch(
            f"Collection {row['name']!r} was embedded by {row['embedding_model']}, and this worker runs {model_id}."
            " Ingest into a new collection, or set embedding.model back."
        )


def replace_document(  # noqa: PLR0917  # the order a sentence would have
    connection: Connection,
    document: Document,
    document_id: UUID,
    parsed: ParsedDocument,
    described: Description,
    num_chunks: int,
    *,
    access: DocumentAccess | None = None,
) -> None:
    """Put a document's new version, without its chunks, in place of the old, whose chunks and pages go with it.

    Who may read it is what ``access`` says; where it says nothing, that stays as it was, and a new document inherits its
    collection's list. Its tags and its metadata stay. The caller holds :func:`~core.db.locks.lock_document`.
    """
    lock_collection(connection, document.collection_id)
    old = connection.execute(
        "DELETE FROM documents WHERE document_id = %s RETURNING class_id, tags, metadata", (document_id,)
    ).fetchone()
    kept = old or {"class_id": None, "tags": [], "metadata": {}}
    if access is not None or old is None:
        kept["class_id"] = class_of(connection, document.collection_id, access or DocumentAccess())
    connection.execute(
        "INSERT INTO documents (document_id, collection_id, class_id, tags, metadata, source, title, media_type, content_hash,"
        " num_bytes, text, language, num_chunks, num_pages, kind, names, dated)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            document_id,
            document.collection_id,
            kept["class_id"],
            kept["tags"],
            Jsonb(kept["metadata"]),
            document.source,
            parsed.title,
            parsed.media_type,
            document.content_hash,
            document.path.stat().st_size,
            parsed.text,
            described.language,
            num_chunks,
            len(parsed.pages),
            described.kind,
            list(described.names),
            described.dated,
        ),
    )
    connection.execute(
        "INSERT INTO document_names (token, document_id) SELECT unnest(%s::text[]), %s", (sorted(described.words), document_id)
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO pages (document_id, number, start_char, end_char, width, height, line_starts, line_ends, line_boxes)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(document_id, *_page_row(page)) for page in parsed.pages],
        )


def move_document(connection: Connection, collection_id: UUID, document_id: UUID, access: DocumentAccess) -> None:
    """Let a document whose content has not changed be read by whom its new upload names."""
    query = "UPDATE documents SET class_id = %s WHERE document_id = %s"
    connection.execute(query, (class_of(connection, collection_id, access), document_id))


def _page_row(page: Page) -> tuple[Any, ...]:
    boxes = [float(c) for line in page.lines for c in (line.box.x0, line.box.y0, line.box.x1, line.box.y1)]
    starts, ends = [line.start for line in page.lines], [line.end for line in page.lines]
    return page.number, page.start, page.end, page.width, page.height, starts, ends, boxes


_JOB = """
    SELECT j.job_id, c.name AS collection, j.source, j.state, j.document_id, j.error, j.attempts, j.num_bytes,
           j.created_at, j.updated_at
      FROM jobs j JOIN collections c USING (collection_id) WHERE j.owner_id = %(owner)s"""


_ADD_JOB = """
    INSERT INTO jobs (owner_id, collection_id, source, content_hash, num_bytes, state, error, allowed, access_source, tags,
                      metadata)
    SELECT owner_id, collection_id, %(source)s, %(hash)s, %(num_bytes)s, %(state)s, %(error)s, %(allowed)s, %(access_source)s,
           %(tags)s, %(metadata)s
      FROM collections WHERE collection_id = %(collection)s AND owner_id = %(owner)s FOR KEY SHARE RETURNING job_id"""
_SAID = """
    SELECT allowed, access_source, tags, metadata FROM jobs
     WHERE collection_id = %s AND source = %s AND state IN ('queued', 'running') ORDER BY created_at DESC LIMIT 1"""


def add_job(
    connection: Connection,
    owner_id: str,
    collection_id: UUID,
    *,
    source: str,
    content_hash: str,
    num_bytes: int,
    error: str | None = None,
    access: DocumentAccess | None = None,
    labels: Labels = UNLABELLED,
) -> Job:
    """Write a file into the ledger: queued, or rejected at once when there is an ``error``. Enqueue after commit.

    What is said here about who may read the document and what labels it, or was with an upload of it that is still on its way,
    it is born with. Raises NotFound for a collection that is gone or another's.
    """
    said_access, said_labels = _said_before(connection, collection_id, source)
    access, labels = access or said_access, said_labels.but(labels)
    row = connection.execute(
        _ADD_JOB,
        {
            "source": source,
            "hash": content_hash,
            "num_bytes": num_bytes,
            "state": "rejected" if error else "queued",
            "error": error,
            "allowed": access.allowed,
            "access_source": access.source,
            **columns(labels),
            "collection": collection_id,
            "owner": owner_id,
        },
    ).fetchone()
    if row is None:
        raise NotFound("The collection was deleted.")
    return find_jobs(connection, owner_id, [row["job_id"]])[0]


def _said_before(connection: Connection, collection_id: UUID, source: str) -> tuple[DocumentAccess, Labels]:
    """Tell what the newest upload on its way from the same source said, since a later one may overtake it."""
    row = connection.execute(_SAID, (collection_id, source)).fetchone()
    if row is None:
        return DocumentAccess(), UNLABELLED
    return DocumentAccess(row["allowed"], row["access_source"]), labels_of(row)


def find_jobs(connection: Connection, owner_id: str, job_ids: Sequence[UUID]) -> list[Job]:
    """Return those of the jobs that are the owner's, oldest first."""
    query = _JOB + " AND j.job_id = ANY(%(ids)s) ORDER BY j.created_at, j.job_id"
    return [Job(**row) for row in connection.execute(query, {"owner": owner_id, "ids": list(job_ids)}).fetchall()]


def mark_enqueued(connection: Connection, job_id: UUID) -> None:
    """Note that the broker has been given a message for the job."""
    connection.execute("UPDATE jobs SET enqueued_at = now() WHERE job_id = %s", (job_id,))


def record_audit(connection: Connection, owner_id: str, key_id: UUID | None, action: str, detail: dict[str, Any]) -> None:
    """Add a row to the audit trail; ``detail`` names documents by id and never holds their text."""
    connection.execute(
        "INSERT INTO audit (owner_id, key_id, action, detail) VALUES (%s, %s, %s, %s)", (owner_id, key_id, action, Jsonb(detail))
    )
