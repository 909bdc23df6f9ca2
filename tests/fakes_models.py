"""A real HTTP server that speaks the hub's and the package index's protocol, and can misbehave as networks do."""

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any

from core.models.entries import ModelEntry, ModelFile, WheelMember


class FakeServer:
    """Serves ``files`` (path to bytes); what was asked stands in ``requests`` as (path, Range header)."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.logins: list[str | None] = []
        self.breaks: dict[str, list[int]] = {}  # path: after how many bytes the next answers break off
        self.ignores_range = False
        self.tells_length = True
        self.html_index = False
        self.hold = threading.Event()  # answers wait for it
        self.hold.set()
        self.url = ""

    def asked_for(self, end: str) -> list[str | None]:
        """The Range headers of the requests whose path ends so."""
        return [sent for path, sent in self.requests if path.endswith(end)]

    def add_hub(self, entry: ModelEntry, contents: Mapping[str, bytes]) -> None:
        for name, content in contents.items():
            self.files[f"/{entry.repo}/resolve/{entry.revision}/{name}"] = content

    def add_repository(
        self,
        repo: str,
        contents: Mapping[str, bytes],
        *,
        commit: str,
        lfs: Container[str] = (),
        licence: str = "mit",
        card: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Serve a commit of a repository as its newest; returns what the hub tells of its files, to be told otherwise."""
        siblings: list[dict[str, Any]] = []
        for name, content in contents.items():
            large = {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 133}}
            siblings.append({"rfilename": name, "size": len(content), "blobId": "0" * 40} | (large if name in lfs else {}))
            self.files[f"/{repo}/resolve/{commit}/{name}"] = content
        dates = {"createdAt": "2023-06-30T07:31:03.000Z", "lastModified": "2024-02-15T08:13:01.000Z"}
        told = {"id": repo, "sha": commit, "tags": [f"license:{licence}"], "siblings": siblings, **dates}
        self.tell_repository(repo, told | ({"cardData": card} if card else {}))
        return siblings

    def tell_repository(self, repo: str, answer: Mapping[str, Any]) -> None:
        self.files[f"/api/models/{repo}?blobs=true"] = json.dumps(answer).encode()

    def add_wheel(self, project: str, version: str, members: Mapping[str, bytes]) -> str:
        filename = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        self.files[f"/files/{filename}"] = stream.getvalue()
        return filename

    def index_page(self, project: str) -> tuple[str, bytes] | None:
        prefix = f"/files/{project.replace('-', '_')}-"
        wheels = {path: content for path, content in self.files.items() if path.startswith(prefix)}
        if not wheels:
            return None
        hashes = {path: hashlib.sha256(content).hexdigest() for path, content in wheels.items()}
        if self.html_index:
            links = (f'<a href="{path}#sha256={hashes[path]}">{PurePosixPath(path).name}</a>' for path in wheels)
            return "text/html", f"<html><body>{''.join(links)}</body></html>".encode()
        files = [
            {"filename": PurePosixPath(path).name, "url": path, "hashes": {"sha256": hashes[path]}, "size": len(content)}
            for path, content in wheels.items()
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project, "versions": [], "files": files}
        return "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()


@contextmanager
def running(server: FakeServer) -> Iterator[FakeServer]:
    """Run the server on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append((self.path, self.headers.get("Range")))
            server.logins.append(self.headers.get("Authorization"))
            assert server.hold.wait(30)
            if match := re.fullmatch(r"/simple/([^/]+)/", self.path):
                page = server.index_page(match[1])
                self._answer(page[1], page[0]) if page else self.send_error(404)
            elif self.path in server.files:
                self._answer(server.files[self.path], "application/octet-stream")
            else:
                self.send_error(404)

        def _answer(self, content: bytes, media_type: str) -> None:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(asked[1]) if asked and not server.ignores_range else 0
            if start >= len(content) > 0:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if server.tells_length:
                self.send_header("Content-Length", str(len(content) - start))
            self.send_header("Content-Type", media_type)
            self.end_headers()
            breaks = server.breaks.get(self.path)
            self.wfile.write(content[start:][: breaks.pop(0) if breaks else None])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:
            server.hold.set()
            http.shutdown()
            thread.join()


def entry_of(name: str, contents: Mapping[str, bytes], num_parts: int = 1) -> ModelEntry:
    """A catalogue entry for these contents; its wheels are NAME-part1, NAME-part2, ... of version 1.0."""
    files = tuple(
        ModelFile(
            path,
            len(content),
            hashlib.sha256(content).hexdigest(),
            tuple(WheelMember(f"{name}-part{n}", "1.0", f"data/{n}/{path}") for n in range(1, num_parts + 1)),
        )
        for path, content in contents.items()
    )
    return ModelEntry(name, "generator", "1", "Apache-2.0", "https://example.org", f"someone/{name}", "main", 512, None, files)


def add_wheels(server: FakeServer, entry: ModelEntry, contents: Mapping[str, bytes]) -> list[str]:
    """Cut every file into its entry's parts and serve them as wheels; returns the wheels' names in order."""
    num_parts = len(entry.files[0].parts)
    members: dict[str, dict[str, bytes]] = {}
    for file in entry.files:
        step = -(-file.size // num_parts)
        for n, part in enumerate(file.parts):
            members.setdefault(part.project, {})[part.path] = contents[file.name][n * step : (n + 1) * step]
    return [server.add_wheel(project, "1.0", inside) for project, inside in members.items()]
