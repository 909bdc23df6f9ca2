"""A model server that remembers: what it was asked before it answers from a file, everything else the real server answers.

At temperature 0 a model writes the same to the same prompt, and on two cores a question takes it half a minute. So that a change
of what the program makes of a model's words can be measured in minutes, what the default model said to the project's questions
is kept in ``tests/data/answers/recorded.jsonl.gz``. A prompt that is not there goes to ``--server``, and is kept then; without
one it is refused, and the answer degrades. Times measured through this server mean nothing.

    python -m tests.benchmarks.recorder [--server http://127.0.0.1:18090] [--port 18999]
    MUNIMENT_LLM_URL=http://127.0.0.1:18999/v1 MUNIMENT_SEARCH_PORTION_TOKENS=450 muniment up --detach
"""

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.settings import PROJECT_ROOT

FILE = PROJECT_ROOT / "tests" / "data" / "answers" / "recorded.jsonl.gz"
COUNTED, MODELS = "/tokenize", "/v1/models"
KEPT_HEADERS = ("authorization", "content-type", "accept")
Json = dict[str, Any]


class Recording:
    """Answers by what was asked; a count of tokens is kept as the count."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = {entry["key"]: entry for entry in self._entries()}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, path: str, body: bytes) -> Response | None:
        """Give what was answered to this, if it was asked."""
        entry = self._known.get(key_of(path, body))
        if entry is None:
            return None
        if "num_tokens" in entry:
            return JSONResponse({"tokens": [0] * entry["num_tokens"]})
        return Response(entry["body"], media_type=entry["type"])

    def keep(self, path: str, body: bytes, answered: str, media_type: str) -> None:
        """Write down an answer; the file is appended to, and so whole after every one."""
        entry: Json = {"key": key_of(path, body)}
        entry |= (
            {"num_tokens": len(json.loads(answered)["tokens"])} if path == COUNTED else {"type": media_type, "body": answered}
        )
        self._known[entry["key"]] = entry
        with gzip.open(self._path, "at", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def _entries(self) -> Iterator[Json]:
        if self._path.is_file():
            with gzip.open(self._path, "rt", encoding="utf-8") as file:
                yield from map(json.loads, file)


def key_of(path: str, body: bytes) -> str:
    """Name what is asked.

    >>> key_of("/v1/chat/completions", b'{"a": 1}') == key_of("/v1/chat/completions", b'{"a": 2}')
    False
    """
    return hashlib.sha256(path.encode() + b"\0" + body).hexdigest()[:24]


def application(recording: Recording, server: str | None) -> Starlette:
    """Make the server; without one behind it what is not recorded is answered with 503."""
    client = httpx.AsyncClient(base_url=server, timeout=600, trust_env=False) if server else None

    async def answer(request: Request) -> Response:
        path, body = request.url.path, await request.body()
        if found := recording.find(path, body):
            return found
        if client is None and path == "/health":
            return JSONResponse({"status": "ok"})
        if client is None:
            return JSONResponse({"error": {"message": "this was not recorded", "code": 503}}, status_code=503)
        headers = {name: value for name, value in request.headers.items() if name in KEPT_HEADERS}
        answered = await client.request(request.method, path, content=body, headers=headers)
        media_type = answered.headers.get("content-type", "application/json")
        if answered.is_success and (request.method == "POST" or path == MODELS):
            recording.keep(path, body, answered.text, media_type)
        return Response(answered.content, answered.status_code, media_type=media_type)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


def main(arguments: list[str]) -> None:
    """Serve until a signal ends the process."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.recorder", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--server", metavar="URL", help="the model server that is asked what is not recorded, without /v1")
    parser.add_argument("--port", type=int, default=18999)
    parser.add_argument("--file", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    recording = Recording(options.file)
    print(f"{len(recording)} answers are recorded; serving on http://127.0.0.1:{options.port}/v1", flush=True)
    uvicorn.run(application(recording, options.server), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
