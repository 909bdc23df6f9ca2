"""Ask: an answer with citations, whole as JSON or growing as server-sent events; JSON is the fold of the events.

No database connection is held while the model writes. What the model is given is written into the audit trail before
the caller sees any of it.
"""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.requests import ClientDisconnect

from api.auth import Caller
from api.bodies import Ask
from api.lifespan import Services, Wired
from api.questions import checked, conversation
from api.schemas import Answer, problems
from api.streaming import HEADERS, stream, while_connected
from core.access import Principal, scope_for
from core.db.pool import transaction
from generation.answer import AnswerEvent, Events, Sources, answer, fold
from ingest import documents
from retrieval.context import Packer

router = APIRouter(prefix="/v1", tags=["questions"], responses=problems(401, 404, 422, 503))

EVENT_STREAM = "text/event-stream"
CLIENT_CLOSED_REQUEST = 499
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `Accept: text/event-stream` as events sources, token, citation, done (or error)",
        "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
    }
}


@router.post("/ask", summary="Ask a question", response_model=Answer, responses=ANSWERS)
def ask(body: Ask, request: Request, caller: Caller, services: Wired) -> Response:
    """Answers from what the caller may read, each claim with its quote; says so, and cites nothing, if that does not tell."""
    question = checked(body.question, services.settings.api.max_question_chars)
    history = conversation(body.history, services.settings)
    with transaction(services.pool) as connection:
        scope = scope_for(connection, caller, body.collection)
    events = answer(
        question,
        scope=scope,
        search=partial(services.search, filters=body.filters.checked(), explain=body.explain),
        pack=Packer(services.pool, scope),
        generator=services.generator,
        context_tokens=services.settings.search.context_tokens,
        history=history,
        rewrite_timeout_s=services.settings.llm.rewrite_timeout_s,
    )
    events = _audited(events, caller, services, body)
    if EVENT_STREAM in request.headers.get("accept", ""):
        return StreamingResponse(stream(events, request.url.path, scope.unavailable), headers=HEADERS, media_type=EVENT_STREAM)
    try:
        folded = fold(while_connected(events, request))
    except ClientDisconnect:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    return JSONResponse(Answer.of(folded, scope.unavailable).model_dump(mode="json"))


def _audited(events: Events, caller: Principal, services: Services, body: Ask) -> Events:
    """Run the retrieval, whose failure still has a status of its own, and write down what was found."""
    first = next(events)
    hits = first.context.hits if isinstance(first, Sources) else ()
    detail = {"collection": body.collection, "document_ids": sorted({str(hit.document_id) for hit in hits})}
    with transaction(services.pool) as connection:
        documents.record_audit(connection, caller.owner_id, caller.key_id, "ask", detail)
    return _resumed(first, events)


def _resumed(first: AnswerEvent, events: Events) -> Events:
    try:
        yield first
        yield from events
    finally:
        events.close()
