"""A reranker behind HTTP, of either dialect: that of vLLM, Jina and Cohere, or that of Text Embeddings Inference (TEI).

Which one a server speaks shows in what it refuses: one is tried, then the other, and what was understood is remembered.
Foreign errors become ours here. What a server says of a refusal is not repeated: it may quote the question.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from core.errors import ContextTooLong, ModelUnavailable
from retrieval.rerankers.base import checked

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NOT_UNDERSTOOD = {400, 413, 422}
MAX_BYTES = 1_000_000  # of an answer, which holds numbers only unless a server sends the texts back


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server calls the texts, how many it takes in one request, and what else it is told."""

    texts: str
    num_texts: int
    options: dict[str, Any]


DIALECTS = (Dialect("documents", 1000, {}), Dialect("texts", 32, {"truncate": True}))  # TEI takes 32 unless told otherwise


class EndpointReranker:
    """A :class:`~retrieval.rerankers.base.Reranker` at ``url``/rerank; safe to share between threads."""

    def __init__(self, *, url: str, model: str | None, api_key: str | None, timeout_s: float) -> None:
        self._url = f"{url.rstrip('/')}/rerank"
        self._model = {"model": model} if model else {}
        self._timeout_s = timeout_s
        self._spoken: Dialect | None = None
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=timeout_s,
            trust_env=urlsplit(url).hostname not in LOOPBACK,  # no proxy between us and ourselves
        )

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Ask the server. See the protocol."""
        if not texts:
            return []
        deadline = time.monotonic() + self._timeout_s
        for dialect in sorted(DIALECTS, key=lambda d: d is not self._spoken):
            scores = self._scores(dialect, query, texts, deadline)
            if scores is not None:
                self._spoken = dialect
                return scores
        if self._spoken is None:
            raise ModelUnavailable(f"{self._url} understands neither dialect of rerankers: correct rerank.url or rerank.model.")
        raise ContextTooLong(f"{self._url} refuses this question with its passages: they do not fit the reranker's window.")

    def _scores(self, dialect: Dialect, query: str, texts: Sequence[str], deadline: float) -> list[float] | None:
        """Score in as many requests as the dialect needs; None if the server does not understand it."""
        scores: list[float] = []
        for start in range(0, len(texts), dialect.num_texts):
            batch = list(texts[start : start + dialect.num_texts])
            answer = self._post({**self._model, "query": query, dialect.texts: batch, **dialect.options}, deadline)
            if answer is None:
                return None
            scores += checked(self._in_order(answer, len(batch)), len(batch), self._url)
        return scores

    def _post(self, body: dict[str, Any], deadline: float) -> bytes | None:
        with self._translated(), self._http.stream("POST", self._url, json=body) as response:
            if response.status_code in NOT_UNDERSTOOD:
                return None
            if response.status_code in {401, 403}:
                raise ModelUnavailable(f"{self._url} refuses our key: set rerank.api_key.")
            if response.status_code == 404:
                raise ModelUnavailable(f"There is nothing at {self._url}: correct rerank.url, or rerank.model.")
            if not response.is_success:
                raise ModelUnavailable(f"{self._url} answered {response.status_code}.")
            return self._read(response, deadline)

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        read = b""
        for piece in response.iter_bytes():
            read += piece
            if time.monotonic() > deadline:
                raise ModelUnavailable(f"{self._url} took more than {self._timeout_s:g} s to answer.")
            if len(read) > MAX_BYTES:
                raise ModelUnavailable(f"{self._url} answers with more than {MAX_BYTES} bytes: it is no reranker.")
        return read

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException:
            raise ModelUnavailable(f"{self._url} gave no answer in {self._timeout_s:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelUnavailable(f"{self._url} does not answer ({error}): start it, or correct rerank.url.") from error

    def _in_order(self, answer: bytes, num_texts: int) -> list[float]:
        """Read the scores off either dialect's answer, which is sorted by them, into the order of the texts."""
        try:
            told = json.loads(answer)
            rows = told["results"] if isinstance(told, dict) else told
            by_index = {int(row["index"]): float(row["relevance_score" if "relevance_score" in row else "score"]) for row in rows}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ModelUnavailable(f"What answers at {self._url} is no reranker: it gives no index and score a text.") from error
        return [by_index[index] for index in range(num_texts) if index in by_index]
