"""Who may read a collection, a source's documents and a single document; for the owner of the collection to see and change.

Each change is in force when its route has answered, and leaves a row in the audit trail.
"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from api.access import CollectionList, DocumentAccess, NewDocumentAccess, NewList, NewSource, Source, SourceName, Sources
from api.auth import Caller
from api.bodies import CollectionName
from api.lifespan import Wired
from api.schemas import problems
from core import permissions, sources
from core.access import Principal
from core.db.pool import Connection, transaction
from ingest import documents

router = APIRouter(prefix="/v1", tags=["access"], responses=problems(401, 403, 404, 422, 503))


@router.get("/collections/{name}/access", summary="Whom your collection is shared with")
def find_collection_access(name: CollectionName, caller: Caller, services: Wired) -> CollectionList:
    """Beside you; documents and sources may have lists of their own."""
    with transaction(services.pool) as connection:
        allowed = permissions.find_collection_list(connection, permissions.own_collection(connection, caller, name))
    return CollectionList(allowed=allowed)


@router.put("/collections/{name}/access", summary="Share your collection")
def share_collection(name: CollectionName, body: NewList, caller: Caller, services: Wired) -> CollectionList:
    """With these and no others."""
    with transaction(services.pool) as connection:
        id_ = permissions.own_collection(connection, caller, name)
        allowed = permissions.share_collection(connection, id_, body.allowed)
        _record(connection, caller, "collection.share", collection=name, allowed=allowed)
    return CollectionList(allowed=allowed)


@router.get("/collections/{name}/sources", summary="List your collection's sources")
def list_sources(name: CollectionName, caller: Caller, services: Wired) -> Sources:
    """By name, with the age of their permissions."""
    with transaction(services.pool) as connection:
        found = sources.list_sources(connection, permissions.own_collection(connection, caller, name))
    return Sources.model_validate({"sources": found})


@router.put("/collections/{name}/sources/{source}", summary="Make a source, or write its permissions anew")
def put_source(name: CollectionName, source: SourceName, body: NewSource, caller: Caller, services: Wired) -> Source:
    """Its permissions count as synchronised now."""
    with transaction(services.pool) as connection:
        id_ = permissions.own_collection(connection, caller, name)
        put = sources.put_source(connection, id_, source, allowed=body.allowed, max_age_s=body.max_age_s)
        detail = {"allowed": put.allowed, "max_age_s": put.max_age_s}
        _record(connection, caller, "source.put", collection=name, source=source, **detail)
    return Source.model_validate(put)


@router.post("/collections/{name}/sources/{source}/synced", summary="Say that a source's permissions still hold")
def mark_synced(name: CollectionName, source: SourceName, caller: Caller, services: Wired) -> Source:
    """They count as synchronised now."""
    with transaction(services.pool) as connection:
        synced = sources.mark_synced(connection, permissions.own_collection(connection, caller, name), source)
        _record(connection, caller, "source.synced", collection=name, source=source)
    return Source.model_validate(synced)


@router.delete("/collections/{name}/sources/{source}", status_code=204, summary="Delete a source")
def delete_source(name: CollectionName, source: SourceName, caller: Caller, services: Wired) -> None:
    """Its documents stay, for you alone, until you say who else may read them."""
    with transaction(services.pool) as connection:
        sources.delete_source(connection, permissions.own_collection(connection, caller, name), source)
        _record(connection, caller, "source.delete", collection=name, source=source)


@router.get("/documents/{document_id}/access", summary="Who may read a document of yours")
def find_document_access(document_id: UUID, caller: Caller, services: Wired) -> DocumentAccess:
    """Its own list, and the source it belongs to."""
    with transaction(services.pool) as connection:
        permissions.own_document(connection, caller, document_id)
        access = permissions.find_document_access(connection, document_id)
    return DocumentAccess.model_validate(access)


@router.put("/documents/{document_id}/access", summary="Say who may read a document of yours")
def set_document_access(document_id: UUID, body: NewDocumentAccess, caller: Caller, services: Wired) -> DocumentAccess:
    """Both fields are written: a list of its own or null to inherit, the source it belongs to or null for none."""
    wanted = permissions.DocumentAccess(body.allowed, body.source)
    with transaction(services.pool) as connection:
        id_ = permissions.own_document(connection, caller, document_id)
        permissions.set_document_access(connection, id_, document_id, wanted)
        access = permissions.find_document_access(connection, document_id)
        detail = {"allowed": access.allowed, "source": access.source}
        _record(connection, caller, "document.access", document_id=str(document_id), **detail)
    return DocumentAccess.model_validate(access)


def _record(connection: Connection, caller: Principal, action: str, **detail: Any) -> None:
    documents.record_audit(connection, caller.owner_id, caller.key_id, action, detail)
