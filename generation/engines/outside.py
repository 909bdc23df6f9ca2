"""An engine outside of the walls, for one question: what leaves is redacted, cleared and written down, or does not leave.

That is not a matter of calling it right. An :class:`Outside` cannot be built without a redaction, and without a sender, which
holds a clearance that only core/sensitivity.py gives; and its line's transport sends no byte of which it is not told on whose
behalf, nor before the ledger has it. Tokens are counted here, since a tokenizer outside would be sent the bare text. A question
whose passages may not leave after all, by a label that changed, by their language or since it cannot be written down, is answered
on-premises.
"""

import logging
from collections import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from core.egress import Ledger, Sender
from core.errors import DependencyUnavailable, Forbidden, MunimentError
from core.routes import Engine
from core.types import Context, Hit
from generation.answer import Pack
from generation.engines.base import Generator, Message, Written
from generation.engines.openai import CONNECT_S, LOOPBACK, OpenAICompatible
from generation.privacy.placeholders import Redaction, Restorer


@dataclass(frozen=True, slots=True)
class Speaker:
    """On whose behalf a thread is speaking to an engine outside, and whose passages are in what it says."""

    sender: Sender
    document_ids: tuple[UUID, ...]


log = logging.getLogger(__name__)
REFUSALS = (Forbidden, DependencyUnavailable)  # of the ledger: no engine raises these
_speaker: ContextVar[Speaker | None] = ContextVar("speaker", default=None)


class Line(OpenAICompatible):
    """The connection to one engine outside; shared by questions, and silent unless one of them speaks."""

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        key = engine.api_key.get_secret_value() if engine.api_key else None
        super().__init__(url=engine.url, model=engine.model, api_key=key, timeout_s=engine.timeout_s)
        headers, timeout = self._http.headers, httpx.Timeout(engine.timeout_s, connect=CONNECT_S)
        self._http.close()
        # No environment here: a proxy named there would go around the transport. It is honoured behind it.
        self._http = httpx.Client(headers=headers, timeout=timeout, transport=Recorded(ledger, engine.url), trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


class Recorded(httpx.BaseTransport):
    """A transport that sends a request after the ledger has it, and nothing that nobody speaks.

    The ledger keeps bodies. So no header may carry anything of one question to the next: cookies are neither taken nor sent.
    """

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger = ledger
        self._client = httpx.Client(trust_env=urlsplit(url).hostname not in LOOPBACK)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Write a request down, then send it; raises what the ledger raises."""
        speaker = _speaker.get()
        if speaker is None:
            raise RuntimeError("nobody speaks: an engine outside is called through Outside alone")
        request.headers.pop("Cookie", None)
        body, url = request.read(), request.url.copy_with(userinfo=b"")
        egress_id = self._ledger.add(speaker.sender, str(url), speaker.document_ids, body)
        try:
            response = self._client.send(request, stream=True)
        except BaseException:
            self._ledger.end(egress_id, None, 0)
            raise
        stream = Counted(response, lambda num_bytes: self._ledger.end(egress_id, response.status_code, num_bytes))
        headers = [(name, told) for name, told in response.headers.multi_items() if name.lower() != "set-cookie"]
        return httpx.Response(response.status_code, headers=headers, stream=stream, extensions=response.extensions)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Counted(httpx.SyncByteStream):
    """A response's bytes, counted until they end or nobody reads on."""

    def __init__(self, response: httpx.Response, ended: Callable[[int], None]) -> None:
        self._response, self._ended, self._num_bytes, self._is_open = response, ended, 0, True

    def __iter__(self) -> Iterator[bytes]:
        """Pass on the bytes as they came."""
        for piece in self._response.iter_raw():
            self._num_bytes += len(piece)
            yield piece

    def close(self) -> None:
        """Tell how many were read, once."""
        self._response.close()
        if self._is_open:
            self._is_open = False
            self._ended(self._num_bytes)


class Outside:
    """A generator for one question, over a line to an engine outside; ``inside`` answers in its place where nothing may leave."""

    def __init__(
        self,
        line: Line,
        *,
        sender: Sender,
        redaction: Redaction,
        inside: Generator,
        may_leave: Callable[[Sequence[UUID]], bool],
    ) -> None:
        self._line, self._sender, self._redaction = line, sender, redaction
        self._inside, self._may_leave = inside, may_leave
        self._document_ids: tuple[UUID, ...] = ()
        self._leaves = True

    @property
    def model(self) -> str:
        """The name of the model that writes."""
        return self._line.model if self._leaves else self._inside.model

    def packing(self, pack: Pack) -> Pack:
        """Give a pack that notes whose passages are given, and keeps the question inside where one of them may not leave."""

        def packed(question: str, hits: Sequence[Hit], /, *, budget_tokens: int, count_tokens: Callable[[str], int]) -> Context:
            context = pack(question, hits, budget_tokens=budget_tokens, count_tokens=count_tokens)
            self._document_ids = tuple(sorted({hit.document_id for hit in context.hits}))
            self._leaves = self._leaves and self._may_leave(self._document_ids)
            return context

        return packed

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> abc.Generator[str, None, Written]:
        """Write on, piece by piece, what the placeholders stand for in their place; returns how the writing ended."""
        options: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "stop": stop, "timeout_s": timeout_s}
        if not self._leaves:
            return (yield from self._inside.stream(messages, **options))
        restorer = Restorer(self._redaction)
        with closing(self._line.stream(self._hidden(messages), **options)) as pieces:
            while True:
                try:
                    with self._speaking():
                        piece = next(pieces)
                except StopIteration as end:
                    written: Written = end.value
                    break
                except REFUSALS as error:
                    self._stay(error)
                    return (yield from self._inside.stream(messages, **options))
                if told := restorer.feed(piece):
                    yield told
        if told := restorer.end():
            yield told
        return written

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        """Tell how much likelier the next token is to be ``word`` than ``against``."""
        if self._leaves:
            try:
                with self._speaking():
                    return self._line.probability_of(word, against, self._hidden(messages), timeout_s=timeout_s)
            except REFUSALS as error:
                self._stay(error)
        return self._inside.probability_of(word, against, messages, timeout_s=timeout_s)

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        """Write one JSON value that follows ``schema``, inside: no rule leads outside for values read off documents."""
        return self._inside.json(messages, schema=schema, max_tokens=max_tokens, timeout_s=timeout_s)

    def count_tokens(self, text: str) -> int:
        """Count as the engine on-premises does; the text does not leave for it. Raises ModelUnavailable where that is away."""
        return self._inside.count_tokens(text)

    def ping(self) -> None:
        """Return: whether an engine outside is there is asked by questions alone."""

    def _stay(self, error: MunimentError) -> None:
        """Keep the rest of the question inside, since the ledger would not have it; nothing has been sent."""
        self._leaves = False
        log.warning("outside.refused", extra={"engine": self._sender.engine, "reason": str(error)})

    def _hidden(self, messages: Sequence[Message]) -> list[Message]:
        contents = self._redaction.hide([message.content for message in messages])
        return [replace(message, content=content) for message, content in zip(messages, contents, strict=True)]

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        token = _speaker.set(Speaker(self._sender, self._document_ids))
        try:
            yield
        finally:
            _speaker.reset(token)
