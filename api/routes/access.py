"""Why somebody may or may not read a document, and what he may read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.access import AccessList, Explanation
from api.auth import Caller
from api.bodies import KeyName
from api.lifespan import Wired
from api.schemas import problems
from core import explain
from core.db.pool import transaction
from ingest import documents

router = APIRouter(prefix="/v1/access", tags=["access"], responses=problems(401, 422, 503))


@router.get("/explain", summary="Why a user may read a document, or not", responses=problems(403, 404))
def explain_access(document: UUID, caller: Caller, services: Wired, user: KeyName | None = None) -> Explanation:
    """About yourself if ``user`` is absent; about others for the owner of the document's collection and administrators."""
    about = user or caller.owner_id
    with transaction(services.pool) as connection:
        told = explain.explain(connection, caller, about, document)
        detail = {"user": about, "document_id": str(document)}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "access.explain", detail)
    return Explanation.model_validate(told)


@router.get("/list", summary="What a user may read")
def list_access(
    caller: Caller,
    services: Wired,
    user: KeyName | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> AccessList:
    """You yourself if ``user`` is absent. Of another you see what lies in your own collections; an administrator sees all."""
    about = user or caller.owner_id
    with transaction(services.pool) as connection:
        found, unavailable = explain.list_readable(connection, caller, about, limit=limit, offset=offset)
        documents.record_audit(connection, caller.owner_id, caller.key_id, "access.list", {"user": about})
    return AccessList.model_validate({"user": about, "documents": found, "unavailable_sources": unavailable})
