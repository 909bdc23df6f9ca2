"""Search: the passages nearest to a question, within what the caller may see.

Searching asks a language model nothing, except after other questions. Few searches at once may: they would take threads
and model from those who wait for answers.
"""

from fastapi import APIRouter

from api.auth import Caller
from api.bodies import SearchRequest
from api.lifespan import Services, Wired
from api.questions import checked, conversation
from api.schemas import Hits, problems
from core.access import scope_for
from core.db.pool import transaction
from core.types import Turn
from generation.rewrite import standalone
from ingest import documents
from retrieval.question import MAX_CHARS

router = APIRouter(prefix="/v1", tags=["questions"], responses=problems(401, 404, 422, 503))


@router.post("/search", summary="Find passages")
def search(body: SearchRequest, caller: Caller, services: Wired) -> Hits:
    """Best first. ``score`` compares only within one answer of this route."""
    question, history = checked(body.question, MAX_CHARS), conversation(body.history, services.settings)
    with transaction(services.pool) as connection:
        scope = scope_for(connection, caller, body.collection)
    asked, k = _standalone(question, history, services), body.k or services.settings.search.k
    search_in = services.search if body.store is None else services.search.over(services.stores.served(body.store))
    hits = search_in.by(body.ranking)(asked, scope=scope, k=k, filters=body.filters.checked(), explain=body.explain)
    with transaction(services.pool) as connection:
        detail = {"collection": body.collection, "document_ids": sorted({str(hit.document_id) for hit in hits})}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "search", detail)
    rewritten = asked if asked != question else None
    found = {"hits": hits, "unavailable_sources": scope.unavailable, "standalone_question": rewritten, "note": hits.note}
    return Hits.model_validate(found)


def _standalone(question: str, history: tuple[Turn, ...], services: Services) -> str:
    """Have a question rewritten that comes after others; as it was typed where too many are being rewritten."""
    if not history or not services.rewriting.acquire(blocking=False):
        return question
    try:
        return standalone(question, history, services.generator, services.settings.llm.rewrite_timeout_s)
    finally:
        services.rewriting.release()
