"""Documents: list, look at, read, label, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from api.auth import Caller
from api.bodies import NewLabels, ReadableCollection
from api.lifespan import Wired
from api.schemas import Document, Documents, problems
from core.access import scope_for
from core.db.pool import transaction
from core.labels import Labels, checked_metadata, checked_tags, set_labels
from ingest import documents

router = APIRouter(prefix="/v1/documents", tags=["documents"], responses=problems(401, 404, 422, 503))


@router.get("", summary="List the documents you may read")
def list_documents(
    caller: Caller,
    services: Wired,
    collection: ReadableCollection | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> Documents:
    """By collection and source; of one collection or of all."""
    with transaction(services.pool) as connection:
        scope = scope_for(connection, caller, collection)
        found = documents.list_documents(connection, scope, limit=limit, offset=offset)
    return Documents.model_validate({"documents": found})


@router.get("/{document_id}", summary="Look at one document")
def find_document(document_id: UUID, caller: Caller, services: Wired) -> Document:
    """Its title, pages, size, labels and when it was indexed."""
    with transaction(services.pool) as connection:
        document = documents.find_document(connection, scope_for(connection, caller), document_id)
    return Document.model_validate(document)


@router.get("/{document_id}/text", summary="Read a document's text", response_class=PlainTextResponse)
def document_text(document_id: UUID, caller: Caller, services: Wired) -> PlainTextResponse:
    """The text that every ``start`` and ``end`` counts in, in characters (Unicode code points)."""
    with transaction(services.pool) as connection:
        text = documents.document_text(connection, scope_for(connection, caller), document_id)
        detail = {"document_id": str(document_id)}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "document.read", detail)
    return PlainTextResponse(text)


@router.put("/{document_id}/labels", summary="Label a document of yours", responses=problems(403))
def set_document_labels(document_id: UUID, body: NewLabels, caller: Caller, services: Wired) -> Document:
    """Its tags and its metadata are these and no others; in force for filters from the next question on."""
    labels = Labels(checked_tags(body.tags), checked_metadata(body.metadata))
    with transaction(services.pool) as connection:
        set_labels(connection, caller, document_id, labels)
        detail = {"document_id": str(document_id), "tags": labels.tags, "keys": sorted(body.metadata)}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "document.labels", detail)
        document = documents.find_document(connection, scope_for(connection, caller), document_id)
    return Document.model_validate(document)


@router.delete("/{document_id}", status_code=204, summary="Delete a document of yours", responses=problems(403))
def delete_document(document_id: UUID, caller: Caller, services: Wired) -> None:
    """Gone from search when this has answered, and its file from disk some minutes later."""
    with transaction(services.pool) as connection:
        documents.delete_document(connection, scope_for(connection, caller), document_id)
        detail = {"document_id": str(document_id)}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "document.delete", detail)
