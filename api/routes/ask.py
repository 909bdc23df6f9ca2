"""Ask: an answer with citations, whole as JSON or growing as server-sent events; JSON is the fold of the events.

No database connection is held while the model writes. What was found is written into the audit trail before the caller
sees any of it. A stream that broke is taken up again by `Last-Event-ID`.
"""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from api import streaming
from api.auth import Caller
from api.bodies import Ask
from api.lifespan import Services, Wired
from api.questions import checked, conversation
from api.schemas import Answer, problems
from core.access import AccessScope, Principal, scope_for
from core.db.pool import transaction
from core.errors import NotFound
from generation.answer import Plan, answer
from generation.events import AnswerEvent, Events, Sources, fold
from ingest import documents
from retrieval.context import Packer

router = APIRouter(prefix="/v1", tags=["questions"], responses=problems(401, 404, 422, 503))

CLIENT_CLOSED_REQUEST = 499
STREAM = {streaming.EVENT_STREAM: {"schema": {"type": "string"}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `Accept: text/event-stream` as events sources, token, citation, done (or error)",
        "content": STREAM,
    }
}
LastEventId = Annotated[str | None, Header(description="The id of the last event that was read, to go on after it.")]


@router.post("/ask", summary="Ask a question", response_model=Answer, responses=ANSWERS)
def ask(body: Ask, request: Request, caller: Caller, services: Wired, last_event_id: LastEventId = None) -> Response:
    """Answers from what the caller may read, each claim with its quote; says so, and cites nothing, if that does not tell."""
    streams, asked = streaming.streams(request), streaming.identity(request, body)
    if streams and (resumed := services.answers.resumed(caller.owner_id, last_event_id, asked)):
        return streaming.response(*resumed)
    with transaction(services.pool) as connection:
        scope = scope_for(connection, caller, body.collection)
    events = _started(_events(body, caller, scope, services), caller, services, body)
    if streams:
        grow = partial(streaming.messages, events, request.url.path, scope.unavailable)
        return streaming.started(services, caller.owner_id, asked, lambda growing: grow(growing.answer_id), events.close)
    try:
        folded = fold(streaming.while_connected(events, request))
    except ClientDisconnect:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    return JSONResponse(Answer.of(folded, scope.unavailable).model_dump(mode="json"))


@router.get("/answers/{answer_id}", summary="Read a streamed answer again", response_class=Response, responses=ANSWERS)
def read_again(answer_id: UUID, caller: Caller, services: Wired, last_event_id: LastEventId = None) -> Response:
    """Sends the events after the last one read, or all of them, and those still to come; a minute after its end it is gone."""
    resumed = services.answers.resumed(caller.owner_id, last_event_id)
    growing = services.answers.find(caller.owner_id, answer_id)
    if growing is None:
        raise NotFound(f"There is no answer {answer_id}, or not any more: ask the question again.")
    return streaming.response(growing, resumed[1] if resumed and resumed[0] is growing else 0)


@router.delete("/answers/{answer_id}", summary="Stop an answer", status_code=204, response_class=Response)
def stop(answer_id: UUID, caller: Caller, services: Wired) -> None:
    """Stops the model that writes it; one that has ended, or is not there, is left as it is."""
    services.answers.stop(caller.owner_id, answer_id)


def _events(body: Ask, caller: Principal, scope: AccessScope, services: Services) -> Events:
    settings = services.settings
    question, history = checked(body.question, settings.api.max_question_chars), conversation(body.history, settings)
    routed = services.router.route(caller, scope, question, history, body.collection)
    return answer(
        question,
        scope=scope,
        search=partial(services.search, filters=body.filters.checked(), explain=body.explain),
        pack=routed.packing(Packer(services.pool, scope)),
        generator=routed.generator,
        similarity=services.embedder.embed_queries,
        history=history,
        plan=Plan(
            context_tokens=routed.context_tokens,
            portion_tokens=routed.portion_tokens,
            window_tokens=routed.window_tokens,
            refuse_below=settings.answers.refuse_below,
            keeps_unsupported=settings.answers.unsupported == "mark",
            patience_s=settings.answers.patience_s,
            rewrite_timeout_s=settings.llm.rewrite_timeout_s,
        ),
    )


def _started(events: Events, caller: Principal, services: Services, body: Ask) -> Events:
    """Run the retrieval, whose failure still has a status of its own."""
    audited = _audited(events, caller, services, body)
    return _resumed(next(audited), audited)


def _audited(events: Events, caller: Principal, services: Services, body: Ask) -> Events:
    """Write down which documents were found before anybody sees anything of them; those found already are not told twice."""
    told: set[str] = set()
    try:
        for event in events:
            if isinstance(event, Sources):
                found = {str(source.hit.document_id) for source in event.sources}
                if found - told or not told:
                    detail = {"collection": body.collection, "document_ids": sorted(found)}
                    with transaction(services.pool) as connection:
                        documents.record_audit(connection, caller.owner_id, caller.key_id, "ask", detail)
                told |= found
            yield event
    finally:
        events.close()


def _resumed(first: AnswerEvent, events: Events) -> Events:
    try:
        yield first
        yield from events
    finally:
        events.close()
