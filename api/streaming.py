"""Answers as server-sent events, and what happens when the reader goes away before the end.

Each event is one ASCII line of JSON, so no character of a document can end a line early. A failure after the first
byte can have no status any more: it becomes an ``error`` event with a problem document, the last one sent.
"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import anyio
from anyio import from_thread
from pydantic import BaseModel
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from api import schemas
from api.errors import problem_of
from generation.answer import AnswerEvent, Cited, Done, Events, Sources, Token

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter asks proxies not to hold events back


async def stream(events: Events, instance: str, unavailable: Sequence[str]) -> AsyncIterator[str]:
    """Send the events as they come; at the end, or when the reader is gone, close them, which stops the model."""
    try:
        async for message in iterate_in_threadpool(_messages(events, instance, unavailable)):
            yield message
    finally:
        with anyio.CancelScope(shield=True):  # also when this very task is being cancelled
            await run_in_threadpool(events.close)


def while_connected(events: Events, request: Request) -> Iterator[AnswerEvent]:
    """Pass the events on, from a worker thread; raises ClientDisconnect as soon as nobody waits for them."""
    for event in events:
        if from_thread.run(request.is_disconnected):
            events.close()
            raise ClientDisconnect
        yield event


def _messages(events: Events, instance: str, unavailable: Sequence[str]) -> Iterator[str]:
    try:
        for event in events:
            yield encode(*_named(event, unavailable))
    except Exception as error:  # noqa: BLE001 - a stream's last handler
        yield encode("error", problem_of(error, instance))


def _named(event: AnswerEvent, unavailable: Sequence[str]) -> tuple[str, BaseModel]:
    match event:
        case Sources(context=context, standalone_question=standalone, note=note):
            found = {"hits": context.hits, "unavailable_sources": unavailable, "standalone_question": standalone, "note": note}
            return "sources", schemas.Hits.model_validate(found)
        case Token(text=text):
            return "token", schemas.Token(text=text)
        case Cited(citation=citation):
            return "citation", schemas.Citation.of(citation)
        case Done(answer=answer):
            return "done", schemas.Answer.of(answer, unavailable)


def encode(name: str, data: BaseModel | dict[str, Any]) -> str:
    """Write one event.

    >>> encode("token", {"text": "é\\n"})
    'event: token\\ndata: {"text": "\\\\u00e9\\\\n"}\\n\\n'
    """
    body = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"
