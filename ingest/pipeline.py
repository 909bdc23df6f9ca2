"""The door of ingest: a claimed file becomes an indexed document, in one transaction that replaces its old version.

Parsing and embedding happen outside any transaction; nothing is visible until the last one commits.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from core.blobs import path_of
from core.db.locks import lock_document
from core.db.pool import Pool, transaction
from core.errors import DocumentError, ModelMismatch, NotFound, RejectedDocument, UnreadableDocument
from core.labels import label
from core.types import Document
from ingest import documents, ledger
from ingest.chunk import chunk, embedding_text
from ingest.describe import describe
from ingest.documents import JobState
from ingest.ledger import Claim
from ingest.parse.parse import parse
from retrieval.embed import Embedder
from retrieval.stores import passages

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What ingest needs to do its work, wired once by the worker."""

    pool: Pool
    embedder: Embedder
    blobs_dir: Path


def ingest(pipeline: Pipeline, claim: Claim) -> JobState:
    """Bring one claimed job to its end and return the state it ended in.

    A file that cannot become a document ends its job as 'failed' or 'rejected' with the reason; LeaseLost and
    DependencyUnavailable pass through, and leave the job to whoever takes it next.
    """
    document = Document(claim.collection_id, claim.source, path_of(pipeline.blobs_dir, claim.content_hash), claim.content_hash)
    try:
        if is_unchanged(pipeline, claim, document):
            return "unchanged"
        return index(pipeline, claim, document)
    except RejectedDocument as error:
        return fail(pipeline.pool, claim, str(error), state="rejected")
    except (DocumentError, ModelMismatch, NotFound) as error:
        return fail(pipeline.pool, claim, str(error))


def is_unchanged(pipeline: Pipeline, claim: Claim, document: Document) -> bool:
    """End the job at once when this very content is indexed already, read by whom and labelled as the job says.

    Checks the collection's model, too.
    """
    with transaction(pipeline.pool) as connection:
        documents.require_model(connection, claim.collection_id, pipeline.embedder.model_id)
        lock_document(connection, documents.document_id_of(claim.collection_id, claim.source))
        indexed = documents.indexed_version(connection, document)
        if indexed is None or indexed[1] != claim.content_hash:
            return False
        if not ledger.is_superseded(connection, claim):
            if access := ledger.said_access(connection, claim):
                documents.move_document(connection, claim.collection_id, indexed[0], access)
            if said := ledger.said_labels(connection, claim):
                label(connection, indexed[0], said)
        ledger.finish(connection, claim, "unchanged", document_id=indexed[0])
    return True


def index(pipeline: Pipeline, claim: Claim, document: Document) -> JobState:
    """Parse, chunk and embed, then replace the old version, its pages, chunks and vectors, and end the job, all at once."""
    document_id = documents.document_id_of(document.collection_id, document.source)
    parsed = parse(document.path, document.filename)
    chunks = chunk(parsed, document_id, document.content_hash, pipeline.embedder)
    if not chunks:
        raise UnreadableDocument(f"{document.filename} holds no text that could be searched.")
    vectors = pipeline.embedder.embed_documents([embedding_text(parsed.title, c.heading_path, c.text) for c in chunks])
    with transaction(pipeline.pool) as connection:
        lock_document(connection, document_id)
        if ledger.is_superseded(connection, claim):  # a later upload of this source was faster: keep that one
            ledger.finish(connection, claim, "unchanged", document_id=document_id)
            return "unchanged"
        access = ledger.said_access(connection, claim)
        documents.replace_document(connection, document, document_id, parsed, describe(parsed), len(chunks), access=access)
        if said := ledger.said_labels(connection, claim):
            label(connection, document_id, said)
        passages.add(connection, document.collection_id, pipeline.embedder.model_id, chunks, vectors)
        ledger.finish(connection, claim, "indexed", document_id=document_id)
    log.info("document_indexed", extra={"document_id": str(document_id), "num_chunks": len(chunks)})
    return "indexed"


def fail(pool: Pool, claim: Claim, reason: str, *, state: JobState = "failed") -> JobState:
    """End the job without a document, with a reason its owner can act on; a version indexed earlier stays."""
    with transaction(pool) as connection:
        ledger.finish(connection, claim, state, error=reason)
    return state
