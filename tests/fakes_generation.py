"""Stand-ins for the model: a scripted server of the OpenAI protocol, and a generator that needs no network.

Both pass tests/contract/test_generator.py, which real model servers pass too.
"""

import json
import math
import re
import threading
from collections import abc
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

from core.errors import ContextTooLong
from core.types import Context, Hit, Usage
from generation.engines.base import Message, Written
from tests.served import Served

PIECE = re.compile(r"\s*\S{1,4}")  # what a token looks like to the fakes
WORD = re.compile(r"\w+|[^\w\s]")


def as_pieces(text: str) -> list[str]:
    """Cut a text as a model's tokens might; joined they are the text."""
    pieces = PIECE.findall(text)
    return [*pieces, text[len("".join(pieces)) :]] if "".join(pieces) != text else pieces


def until(pieces: Sequence[str], stop: Sequence[str]) -> list[str]:
    """End the pieces ahead of the first of the words that stop the writing."""
    text = "".join(pieces)
    ends = [at for word in stop if (at := text.find(word)) >= 0]
    return list(pieces) if not ends else as_pieces(text[: min(ends)])


def hit(
    text: str, *, rank: int = 1, title: str = "Leave", heading_path: tuple[str, ...] = (), start: int = 0, page: int | None = 1
) -> Hit:
    """A hit as search would return it; every rank is a document of its own."""
    document_id = UUID(int=rank)
    return Hit(
        f"chunk-{rank}", document_id, f"{title}.md", title, heading_path, page, page, start, start + len(text), text, 1.0, rank
    )


def context(question: str, *texts: str) -> Context:
    """The passages given with a question, the first text ranking first."""
    return Context(question, tuple(hit(text, rank=rank, start=100 * rank) for rank, text in enumerate(texts, 1)))


def pack_all(question: str, hits: Sequence[Hit], /, *, budget_tokens: int, count_tokens: Callable[[str], int]) -> Context:
    """Give the model everything found."""
    return Context(question, tuple(hits))


def minimal(schema: Mapping[str, Any]) -> Any:
    """The smallest value of the kinds of schema that the product uses."""
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "anyOf" in schema:
        return minimal(schema["anyOf"][0])
    kind = schema.get("type", "null")
    if kind == "object":
        return {name: minimal(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [minimal(schema["items"])] * schema.get("minItems", 0)
    return {"string": "", "integer": 0, "number": 0, "boolean": False}.get(kind if isinstance(kind, str) else kind[0])


class ScriptedGenerator:
    """Writes what the script says; ``asked`` holds every conversation it was given, ``num_read`` the pieces taken."""

    def __init__(
        self,
        text: str = "",
        *,
        yes: float = 1.0,
        pieces: Sequence[str] | None = None,
        window_tokens: int = 4096,
        json: Any = None,
    ) -> None:
        self.model = "scripted"
        self.asked: list[list[Message]] = []
        self.num_read = 0
        self.num_running = 0
        self.closed = False
        self._pieces = as_pieces(text) if pieces is None else list(pieces)
        self._yes = yes
        self._json = json  # the value, or a function from the messages to it; None: the least that the schema allows
        self._window_tokens = window_tokens

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> abc.Generator[str, None, Written]:
        self._take(messages)
        pieces = until(self._pieces, stop)
        self.num_running += 1
        try:
            for piece in pieces[:max_tokens]:
                self.num_read += 1
                yield piece
        finally:
            self.closed = True
            self.num_running -= 1
        num_given = sum(self.count_tokens(m.content) for m in messages)
        return Written(len(pieces) > max_tokens, Usage(num_given, min(len(pieces), max_tokens)))

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        self._take(messages)
        return self._json(messages) if callable(self._json) else self._json if self._json is not None else minimal(schema)

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        self._take(messages)
        return self._yes

    def count_tokens(self, text: str) -> int:
        return len(WORD.findall(text))

    def ping(self) -> None:
        return

    def _take(self, messages: Sequence[Message]) -> None:
        if sum(self.count_tokens(m.content) for m in messages) > self._window_tokens:
            raise ContextTooLong("too long for the script")
        self.asked.append(list(messages))


class SlowGenerator(ScriptedGenerator):
    """Waits for ``release`` ahead of its piece number ``at``, as a model does that is busy with others."""

    def __init__(self, text: str, *, at: int = 0) -> None:
        super().__init__(text)
        self.at = at
        self.release = threading.Event()
        self.ended = threading.Event()
        self.timeouts_s: list[float | None] = []

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> abc.Generator[str, None, Written]:
        self.timeouts_s.append(timeout_s)
        pieces = super().stream(messages, max_tokens=max_tokens, temperature=temperature, stop=stop)
        try:
            for number, piece in enumerate(pieces):
                if number == self.at:
                    self.release.wait(10)
                yield piece
        finally:
            pieces.close()
            self.ended.set()
        return Written(cut_off=False)


class FakeModelServer(Served):
    """A model server on a free port of 127.0.0.1; use it in a ``with`` and point ``llm.url`` at ``.url``.

    ``reply`` is the text it writes, or a function from the conversation (OpenAI's message dicts) to it; ``yes`` the
    probability it gives Yes, likewise. ``requests`` holds every body it was sent, ``num_written`` the pieces that left
    it, ``num_running`` the answers under way, ``hung_up`` is set when a reader goes away in mid-answer. ``fail`` makes every
    call answer that status, ``restarting`` the first so many chats 503. A chat that has one of ``unknown``'s options is
    refused with its text, and ``too_long`` is how a prompt beyond the window is.
    """

    def __init__(
        self,
        reply: str | Callable[[list[dict[str, str]]], str] = "I have nothing to say.",
        *,
        yes: float | Callable[[list[dict[str, str]]], float] = 0.9,
        model: str = "fake-model",
        api_key: str | None = None,
        window_tokens: int = 4096,
        tokenize: bool = True,
        fail: int | None = None,
        break_after: int | None = None,
        pause_s: float = 0.0,
        json: Any = None,
        restarting: int = 0,
        unknown: Mapping[str, str] | None = None,
        too_long: str = "the request exceeds the available context size",
        num_silent_comments: int = 0,
        num_thoughts: int = 0,
        max_top: int = 20,
    ) -> None:
        self.max_top = max_top  # likeliest tokens it tells at most
        self.no_tokens_status = 404  # what /tokenize answers without ``tokenize``
        self.restarting, self.unknown, self.too_long = restarting, dict(unknown or {}), too_long
        self.num_silent_comments = num_silent_comments  # lines that mean nothing, sent ahead of the first piece
        self.num_thoughts = num_thoughts  # pieces of reasoning that are none of the answer, sent ahead of it
        self.json = json  # what it writes under a schema, or a function from the messages to it; None: the least allowed
        self.reply, self.yes, self.model, self.api_key = reply, yes, model, api_key
        self.window_tokens, self.tokenize, self.fail = window_tokens, tokenize, fail
        self.break_after, self.pause_s = break_after, pause_s
        self.requests: list[dict[str, Any]] = []
        self.num_written = 0
        self.num_running = 0
        self.hung_up = threading.Event()
        self.counting = threading.Lock()
        super().__init__(self._handler())

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def text_for(self, messages: list[dict[str, str]]) -> str:
        return self.reply(messages) if callable(self.reply) else self.reply

    def yes_for(self, messages: list[dict[str, str]]) -> float:
        return self.yes(messages) if callable(self.yes) else self.yes

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"fake": self})


class _Handler(BaseHTTPRequestHandler):
    fake: FakeModelServer

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        if self._allowed():
            self._json(200, {"object": "list", "data": [{"id": self.fake.model, "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._allowed():
            return
        if self.path == "/v1/chat/completions":
            self._chat(body)
        elif self.path == "/tokenize" and self.fake.tokenize:
            self._json(200, {"tokens": list(range(len(WORD.findall(body["content"]))))})
        else:
            self._error(self.fake.no_tokens_status if self.path == "/tokenize" else 404, "not_found", "no such path")

    def _chat(self, body: dict[str, Any]) -> None:
        self.fake.requests.append(body)
        if self.fake.restarting > 0:
            self.fake.restarting -= 1
            self._error(503, "unavailable_error", "Loading model")
        elif refused := next((said for option, said in self.fake.unknown.items() if option in body), None):
            self._error(400, "invalid_request_error", refused)
        elif body.get("top_logprobs", 0) > self.fake.max_top:
            self._error(422, "validation", f"Input validation error: `top_n_tokens` must be <= {self.fake.max_top}")
        elif sum(len(WORD.findall(m["content"])) for m in body["messages"]) > self.fake.window_tokens:
            self._error(400, "invalid_request_error", self.fake.too_long)
        else:
            self._run(body)

    def _run(self, body: dict[str, Any]) -> None:
        fake = self.fake
        with fake.counting:
            fake.num_running += 1
        try:
            (self._stream if body.get("stream") else self._answer)(body)
        except OSError:  # a reader that waited for the whole
            fake.hung_up.set()
        finally:
            with fake.counting:
                fake.num_running -= 1

    def _allowed(self) -> bool:
        if self.fake.fail:
            self._error(self.fake.fail, "server_error", "told to fail")
        elif self.fake.api_key and self.headers.get("Authorization") != f"Bearer {self.fake.api_key}":
            self._error(401, "authentication_error", "Invalid API Key")
        else:
            return True
        return False

    def _answer(self, body: dict[str, Any]) -> None:
        if "response_format" in body:
            self._write_json(body)
            return
        if not body.get("logprobs"):
            self._write_text(body, self.fake.text_for(body["messages"]))
            return
        yes = min(max(self.fake.yes_for(body["messages"]), 1e-6), 1 - 1e-6)
        is_stated = "Stated or Missing" in body["messages"][-1]["content"]
        word, against = ("St", "Missing") if is_stated else ("Yes", "No")
        top = [
            {"token": token, "logprob": math.log(p)}
            for token, p in (
                (word, 0.9 * yes),
                (against, 0.9 * (1 - yes)),
                (f" {word.lower()}", 0.1 * yes),
                (against.lower(), 0.1 * (1 - yes)),
            )
        ]
        first = {"token": word if yes >= 0.5 else against, "logprob": 0.0, "top_logprobs": top[: body.get("top_logprobs", 0)]}
        choice: dict[str, Any] = {
            "index": 0,
            "message": {"role": "assistant", "content": first["token"]},
            "finish_reason": "length",
        }
        choice["logprobs"] = {"content": [first]}
        self._json(200, {"object": "chat.completion", "model": self.fake.model, "choices": [choice]})

    def _write_json(self, body: dict[str, Any]) -> None:
        self.fake.text_for(body["messages"])  # which may take its time
        wanted = self.fake.json
        value = wanted(body["messages"]) if callable(wanted) else wanted
        text = json.dumps(minimal(body["response_format"]["json_schema"]["schema"]) if value is None else value)
        self._write_text(body, text)

    def _write_text(self, body: dict[str, Any], text: str) -> None:
        pieces = as_pieces(text)
        is_cut = len(pieces) > body["max_tokens"]
        message = {"role": "assistant", "content": "".join(pieces[: body["max_tokens"]])}
        choice = {"index": 0, "message": message, "finish_reason": "length" if is_cut else "stop"}
        usage = _counted(body, min(len(pieces), body["max_tokens"]))
        self._json(200, {"object": "chat.completion", "model": self.fake.model, "choices": [choice], "usage": usage})

    def _stream(self, body: dict[str, Any]) -> None:
        self._head(200, "text/event-stream")
        try:
            for _ in range(self.fake.num_silent_comments):
                if self.fake.stopping.wait(self.fake.pause_s):
                    return
                self.wfile.write(b": still here\n\n")
                self.wfile.flush()
            self._event({"role": "assistant", "content": None})
            for _ in range(self.fake.num_thoughts):
                if self.fake.stopping.wait(self.fake.pause_s):
                    return
                self._event({"reasoning_content": "hm "})
            pieces = until(as_pieces(self.fake.text_for(body["messages"])), body.get("stop", []))
            most = body["max_tokens"] if "max_tokens" in body else body["max_completion_tokens"]
            for number, piece in enumerate(pieces[:most]):
                if number == self.fake.break_after or self.fake.stopping.wait(self.fake.pause_s):
                    return
                self._event({"content": piece})
                self.fake.num_written += 1
            self._event({}, "length" if len(pieces) > most else "stop")
            if body.get("stream_options", {}).get("include_usage"):
                self._send({"choices": [], "usage": _counted(body, min(len(pieces), most))})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.fake.hung_up.set()

    def _event(self, delta: dict[str, Any], finish_reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        self._send({"choices": [choice]})

    def _send(self, fields: dict[str, Any]) -> None:
        chunk = {"object": "chat.completion.chunk", "model": self.fake.model, **fields}
        self.wfile.write(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n")
        self.wfile.flush()

    def _error(self, status: int, kind: str, message: str) -> None:
        self._json(status, {"error": {"code": status, "type": kind, "message": message}})

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._head(status, "application/json")
        self.wfile.write(json.dumps(body).encode())

    def _head(self, status: int, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Connection", "close")
        self.end_headers()


def _counted(body: dict[str, Any], num_written: int) -> dict[str, int]:
    num_given = sum(len(WORD.findall(m["content"])) for m in body["messages"])
    return {"prompt_tokens": num_given, "completion_tokens": num_written, "total_tokens": num_given + num_written}
