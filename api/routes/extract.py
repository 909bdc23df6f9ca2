"""Extract: typed values of one document, whole as JSON or one by one as server-sent events; JSON is the fold of the events.

The document must be one the caller may read, as long as it is read. No database connection is held while the model writes.
"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from api import streaming
from api.auth import Caller
from api.extraction import ExtractProgress, ExtractRequest, Values, value_of
from api.lifespan import Services, Wired
from api.routes.ask import CLIENT_CLOSED_REQUEST, STREAM, LastEventId
from api.schemas import problems
from core.access import AccessScope, Principal, scope_for
from core.db.pool import transaction
from core.types import Hits
from generation.extract import Events, ExtractEvent, Extracting, Finished, Progress, extract, fold
from generation.typed.question import Question
from ingest import documents
from retrieval.context import Packer
from retrieval.filters import Filters
from retrieval.opening import Opening

router = APIRouter(prefix="/v1", tags=["questions"], responses=problems(401, 404, 422, 503))

VALUES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The values; with `Accept: text/event-stream` as events progress, value, done (or error)",
        "content": STREAM,
    }
}


@router.post("/extract", summary="Extract typed values from a document", response_model=Values, responses=VALUES)
def extract_values(
    body: ExtractRequest, request: Request, caller: Caller, services: Wired, last_event_id: LastEventId = None
) -> Response:
    """Answers each question with a value and the quotes it follows from, or says that the document does not hold it."""
    streams, asked = streaming.streams(request), streaming.identity(request, body)
    if streams and (resumed := services.answers.resumed(caller.owner_id, last_event_id, asked)):
        return streaming.response(*resumed)
    questions = body.checked(services.settings.api.max_question_chars)
    events = _events(questions, body.document_id, caller, services)
    if streams:
        messages = streaming.encoded(events, lambda event: _named(event, body.document_id), request.url.path)
        return streaming.started(services, caller.owner_id, asked, lambda _: messages, events.close)
    try:
        folded = fold(streaming.while_connected(events, request))
    except ClientDisconnect:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    return JSONResponse(Values.of(folded, body.document_id).model_dump(mode="json"))


def _events(questions: list[Question], document_id: UUID, caller: Principal, services: Services) -> Events:
    """Find the document, whose absence still has a status of its own, and write down that it is read."""
    with transaction(services.pool) as connection:
        scope = scope_for(connection, caller)
        document = documents.find_document(connection, scope, document_id)
        detail = {"document_id": str(document_id), "num_questions": len(questions)}
        documents.record_audit(connection, caller.owner_id, caller.key_id, "extract", detail)
    return extract(
        questions,
        scope=scope,
        search=_SearchOfOne(services, document_id),
        opening=Opening(services.pool, scope, document_id),
        pack=Packer(services.pool, scope),
        generator=services.generator,
        context_tokens=services.settings.search.context_tokens,
        window_tokens=services.settings.llm.window_tokens,
        language=document.language,
    )


class _SearchOfOne:
    """Searches one document; where that finds nothing the document must still be there, else NotFound: gone is not absent."""

    def __init__(self, services: Services, document_id: UUID) -> None:
        self._services, self._document_id = services, document_id

    def __call__(self, query: str, /, *, scope: AccessScope, k: int) -> Hits:
        hits = self._services.search(query, scope=scope, k=k, filters=Filters(documents=frozenset({self._document_id})))
        if not hits:
            with transaction(self._services.pool) as connection:
                documents.find_document(connection, scope, self._document_id)
        return hits


def _named(event: ExtractEvent, document_id: UUID) -> tuple[str, BaseModel]:
    match event:
        case Progress():
            return "progress", ExtractProgress.model_validate(event)
        case Extracting(extracted=extracted):
            return "value", value_of(extracted)
        case Finished(extraction=extraction):
            return "done", Values.of(extraction, document_id)
