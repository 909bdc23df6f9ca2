"""Answers as server-sent events, and what happens when the reader of a whole answer goes away before the end.

Each event is one ASCII line of JSON, so no character of a document can end a line early. A failure after the first
byte can have no status any more: it becomes an ``error`` event with a problem document, the last one sent.
"""

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from anyio import from_thread
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse

from api import schemas
from api.admission import questions_at_once
from api.answers import Growing
from api.errors import problem_of
from api.lifespan import Services
from generation.events import AnswerEvent, Cited, Done, Events, Pause, Sources, Token

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter asks proxies not to hold events back
EVENT_STREAM = "text/event-stream"

Event = TypeVar("Event")


def streams(request: Request) -> bool:
    """Tell whether events are asked for."""
    return EVENT_STREAM in request.headers.get("accept", "")


def identity(request: Request, body: BaseModel) -> str:
    """Name what is asked, so that a broken stream is taken up again by the very same request only."""
    told = f"{request.url.path}\n{body!r}"  # not as JSON: the text may yet turn out to be no valid Unicode
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()


def started(
    services: Services, owner_id: str, asked: str, messages: Callable[[Growing], Iterator[str]], close: Callable[[], None]
) -> StreamingResponse:
    """Let an answer grow and send it as it does; ``close`` stops the model. Raises Busy where too many grow already."""
    limit = questions_at_once(services.settings.llm.parallel)
    return response(services.answers.start(owner_id, messages, close, asked=asked, limit=limit))


def response(growing: Growing, after: int = 0) -> StreamingResponse:
    """Send what has been sent of an answer after that many messages, and what is still to come."""
    return StreamingResponse(growing.follow(after), headers=HEADERS, media_type=EVENT_STREAM)


def while_connected(events: Generator[Event, None, None], request: Request) -> Iterator[Event]:
    """Pass the events on, from a worker thread; raises ClientDisconnect as soon as nobody waits for them."""
    for event in events:
        if from_thread.run(request.is_disconnected):
            events.close()
            raise ClientDisconnect
        yield event


def messages(events: Events, instance: str, unavailable: Sequence[str], answer_id: UUID) -> Iterator[str]:
    """Encode the events of one answer; what goes wrong is the last of them."""
    return encoded(events, lambda event: _named(event, unavailable, answer_id), instance)


def encoded(
    events: Iterator[Event], named: Callable[[Event], tuple[str, BaseModel | dict[str, Any]] | None], instance: str
) -> Iterator[str]:
    """Encode events by the names and JSON that ``named`` gives them; what goes wrong is the last of them.

    An event without a name is an empty message, which is not sent.
    """
    try:
        for event in events:
            told = named(event)
            yield encode(*told) if told else ""
    except Exception as error:  # noqa: BLE001 - a stream's last handler
        yield encode("error", problem_of(error, instance))


def _named(event: AnswerEvent, unavailable: Sequence[str], answer_id: UUID) -> tuple[str, BaseModel | dict[str, Any]] | None:
    match event:
        case Pause():
            return None
        case Token(text=text):
            return "token", {"text": text}
        case Cited(citation=citation):
            return "citation", schemas.Citation.of(citation)
        case Sources():
            return "sources", schemas.Sources(
                answer_id=answer_id,
                hits=[schemas.Source.of(source) for source in event.sources],
                given=event.given,
                unavailable_sources=list(unavailable),
                standalone_question=event.standalone_question,
                note=event.note,
            )
        case Done(answer=answer):
            return "done", schemas.Answer.of(answer, unavailable)


def encode(name: str, data: BaseModel | dict[str, Any]) -> str:
    """Write one event.

    >>> encode("token", {"text": "é\\n"})
    'event: token\\ndata: {"text": "\\\\u00e9\\\\n"}\\n\\n'
    """
    body = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"
