"""Stand-ins for a reranking model: one in the process, and a server that speaks either dialect.

Both pass tests/contract/test_reranker.py. They score a text by the share of the question's words that it holds.
"""

import json
import re
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

from tests.served import Served

Dialect = Literal["documents", "texts"]
TEI_BATCH = 32


def share_of_words(query: str, text: str) -> float:
    """Tell what share of the question's words a text holds."""
    asked, held = (set(re.findall(r"\w+", t.casefold())) for t in (query, text))
    return len(asked & held) / max(len(asked), 1)


class FakeReranker:
    """Scores by shared words; ``asked`` holds what it was asked, ``error`` is raised instead, ``release`` waited for."""

    def __init__(self, *, error: Exception | None = None, release: threading.Event | None = None) -> None:
        self.error, self.release = error, release
        self.asked: list[tuple[str, list[str]]] = []

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((query, list(texts)))
        if self.release:
            self.release.wait(10)
        if self.error:
            raise self.error
        return [share_of_words(query, text) for text in texts]


class FakeRerankServer(Served):
    """A reranking server on a free port of 127.0.0.1; use it in a ``with``.

    It speaks one ``dialect`` and refuses the other, as the real ones do: what calls the texts otherwise is a 422, and in
    TEI's dialect more than 32 texts are a 413. ``requests`` holds every body. ``fail`` makes every call answer that
    status, ``body`` that text; ``pause_s`` passes before an answer.
    """

    def __init__(
        self,
        dialect: Dialect = "documents",
        *,
        api_key: str | None = None,
        fail: int | None = None,
        body: str | None = None,
        pause_s: float = 0.0,
        max_chars: int = 10_000,
    ) -> None:
        self.dialect, self.api_key, self.fail, self.body, self.pause_s = dialect, api_key, fail, body, pause_s
        self.max_chars = max_chars
        self.requests: list[dict[str, Any]] = []
        super().__init__(type("Handler", (_Handler,), {"fake": self}))

    @property
    def url(self) -> str:
        return self.origin

    def answer(self, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer as the dialect does: sorted by score, each with the index of its text."""
        texts = body.get(self.dialect)
        if texts is None:
            return 422, {"detail": [{"type": "missing", "loc": ["body", self.dialect], "input": body}]}
        if self.dialect == "texts" and len(texts) > TEI_BATCH:
            return 413, {"error": f"batch size {len(texts)} > maximum allowed batch size {TEI_BATCH}"}
        if any(len(body["query"]) + len(text) > self.max_chars for text in texts):
            return 400, {"error": f"too long: {body['query']}"}
        name = "relevance_score" if self.dialect == "documents" else "score"
        scores = [{"index": index, name: share_of_words(body["query"], text)} for index, text in enumerate(texts)]
        scores.sort(key=lambda row: -row[name])
        return 200, {"model": body.get("model"), "results": scores} if self.dialect == "documents" else scores


class _Handler(BaseHTTPRequestHandler):
    fake: FakeRerankServer

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.requests.append(body)
        status, answer = self._answer(body)
        if self.fake.stopping.wait(self.fake.pause_s):
            return
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.encode())
        except OSError:  # the asker gave up
            self.close_connection = True

    def _answer(self, body: dict[str, Any]) -> tuple[int, str]:
        if self.path != "/rerank":
            return 404, "{}"
        if self.fake.fail:
            return self.fake.fail, json.dumps({"error": f"told to fail at {body['query']}"})
        if self.fake.api_key and self.headers.get("Authorization") != f"Bearer {self.fake.api_key}":
            return 401, "{}"
        if self.fake.body is not None:
            return 200, self.fake.body
        status, answer = self.fake.answer(body)
        return status, json.dumps(answer)
