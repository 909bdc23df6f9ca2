"""Search: the passages nearest to a question, within what the caller may see."""

from fastapi import APIRouter

from api.auth import Caller
from api.lifespan import Wired
from api.questions import checked
from api.schemas import Hits, SearchRequest, problems
from core.access import scope_for
from core.db.pool import transaction
from core.errors import InvalidInput
from ingest import documents

router = APIRouter(prefix="/v1", tags=["questions"], responses=problems(401, 404, 422, 503))
SERVED_STORE = "pgvector"


@router.post("/search", summary="Find passages")
def search(body: SearchRequest, caller: Caller, services: Wired) -> Hits:
    """Best first. ``score`` compares only within one answer of this route."""
    question = checked(body.question, services.settings)
    if body.store not in (None, SERVED_STORE):
        raise InvalidInput(f"store: this server has no store named {body.store}; leave it out to search {SERVED_STORE}.")
    with transaction(services.pool) as connection:
        scope = scope_for(connection, caller, body.collection)
    k = body.k or services.settings.search.k
    hits = services.search(question, scope=scope, k=k, filters=body.filters.checked(), explain=body.explain)
    with transaction(services.pool) as connection:
        detail = {"collection": body.collection, "document_ids": sorted({str(hit.document_id) for hit in hits})}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "search", detail)
    return Hits.model_validate({"hits": hits, "unavailable_sources": scope.unavailable})
