"""A small API with the real one's JSON, scripted answers that come word by word, and uploads that take a moment.

What it stands for is held to api/schemas.py by tests/contract/test_fake_api.py.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import Depends, FastAPI, Form, HTTPException, Request, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

Json = dict[str, Any]
KEY = "mun_fake-key-for-tests"
REFUSAL = "The documents do not say."
STATUS_TITLES = {401: "Not authenticated", 404: "Not found", 422: "Document rejected", 500: "Internal error"}


@dataclass
class FakeApi:
    """The state behind the fake: tests put documents and answers in, and read what came."""

    key: str = KEY
    word_delay_s: float = 0.0
    index_delay_s: float = 0.0
    store: str = "pgvector"
    url: str = ""
    collections: dict[str, Json] = field(default_factory=dict)
    documents: dict[str, Json] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    rewrites: dict[str, str] = field(default_factory=dict)  # how a question is understood after others
    notes: dict[str, str] = field(default_factory=dict)  # what a search has to say beside its passages
    asked: list[Json] = field(default_factory=list)  # the bodies of all questions
    stopped: list[str] = field(default_factory=list)  # answers that were told to stop
    feedback: dict[str, Json] = field(default_factory=dict)  # the newest last
    values: dict[str, Json] = field(default_factory=dict)  # what is extracted for a question, beside what every value has
    builds_left: int = 0
    broken: set[str] = field(default_factory=set)  # paths that answer 500

    def add_collection(self, name: str) -> Json:
        made = {"collection_id": str(uuid4()), "name": name, "embedding_model": "fake", "num_documents": 0, "num_chunks": 0}
        return self.collections.setdefault(
            name, made | {"created_at": _now(), "owner": "ada", "is_own": True, "sensitivity": "internal"}
        )

    def add_document(self, collection: str, source: str, text: str, *, title: str = "", num_pages: int = 0) -> str:
        self.add_collection(collection)["num_documents"] += 1
        document_id = str(uuid4())
        self.texts[document_id] = text
        self.documents[document_id] = {
            "document_id": document_id, "owner": "ada", "collection": collection, "source": source, "title": title or source,
            "media_type": "text/plain", "num_bytes": len(text), "num_pages": num_pages, "num_chunks": 1, "indexed_at": _now(),
            "language": "en", "dated": None, "tags": [], "metadata": {},
        }  # fmt: skip
        return document_id

    def add_answer(self, question: str, *claims: tuple[str, str, str], page: int | None = None) -> None:
        """Script an answer made of (sentence, document_id, quote) in order; the passage is the document's whole text."""
        quoted = {d: quote for _, d, quote in reversed(claims)}
        hits = [self._source(d, quoted[d], rank, page) for rank, d in enumerate(dict.fromkeys(d for _, d, _ in claims), start=1)]
        text, citations = "", []
        for number, (sentence, document_id, quote) in enumerate(claims, start=1):
            text += " " if text else ""
            place = {"answer_start": len(text), "answer_end": len(text) + len(sentence)}
            citations.append(self._citation(number, document_id, quote, page) | place)
            text += sentence
        self.answers[question] = _answer(text, citations=citations) | {"hits": hits}

    def _source(self, document_id: str, quote: str, rank: int, page: int | None) -> Json:
        start, title = self.texts[document_id].index(quote), self.documents[document_id]["title"]
        place = {"start": start, "end": start + len(quote), "page": page}
        decisive = {"document_id": document_id, "title": title, "quote": quote} | place
        return self._hit(document_id, rank, page) | {"decisive": decisive, "flags": []}

    def _hit(self, document_id: str, rank: int, page: int | None) -> Json:
        document, text = self.documents[document_id], self.texts[document_id]
        return {
            "document_id": document_id, "source": document["source"], "title": document["title"],
            "heading_path": ["Benefits", "Leave"], "page_first": page, "page_last": page,
            "start": 0, "end": len(text), "text": text, "score": 1.0 / rank, "rank": rank, "dated": None,
            "stages": [{"name": "dense", "rank": rank, "score": 0.75}, {"name": "fused", "rank": rank, "score": 1.0 / rank}],
        }  # fmt: skip

    def _citation(self, number: int, document_id: str, quote: str, page: int | None) -> Json:
        document, start = self.documents[document_id], self.texts[document_id].index(quote)
        boxes = [{"page": page, "x0": 72.0, "y0": 90.0, "x1": 300.0, "y1": 102.0}] if page else []
        return {
            "number": number, "document_id": document_id, "source": document["source"], "title": document["title"],
            "page": page, "quote": quote, "start": start, "end": start + len(quote), "mended": False, "boxes": boxes,
        }  # fmt: skip

    def search(self, question: str, collection: str | None, k: int) -> list[Json]:
        """Find the lines of the collection's documents that share words with the question, most first."""
        wanted, found = set(question.lower().split()), []
        for document_id, document in self.documents.items():
            if collection in (None, document["collection"]):
                start = 0
                for line in self.texts[document_id].splitlines(keepends=True):
                    place = {"start": start, "end": start + len(line), "text": line}
                    found.append(self._hit(document_id, 1, None) | place | {"score": len(wanted & set(line.lower().split()))})
                    start += len(line)
        best = sorted(found, key=lambda hit: -hit["score"])[:k]
        return [hit | {"score": float(hit["score"]), "rank": rank} for rank, hit in enumerate(best, start=1)]

    def understand(self, body: Json) -> tuple[str, str | None]:
        """Return the question that is searched for, and that question again if it is not the one asked."""
        self.asked.append(body)
        standalone = self.rewrites.get(body["question"]) if body.get("history") else None
        return standalone or body["question"], standalone

    def extracted(self, body: Json) -> list[Json]:
        """Give a value for each question: the scripted one, or that the document does not hold it."""
        self.asked.append(body)
        absent = {"state": "not_found", "value": None, "reason": "It is not there.", "quotes": [], "retryable": False}
        values = []
        for place, asked in enumerate(body["questions"], 1):
            told = {"id": asked.get("id", str(place)), "question": asked["question"], "type": asked["type"]}
            dated = {"alternatives": []} if asked["type"] == "date" else {}
            values.append(absent | dated | told | self.values.get(asked["question"], {}))
        return values

    def delete_collection(self, name: str) -> None:
        del self.collections[name]
        self.documents = {i: d for i, d in self.documents.items() if d["collection"] != name}

    def upload(self, collection: str, source: str, data: bytes, labels: Json) -> Json:
        """A file named *broken* fails after a while; any other becomes a document."""
        job: Json = {
            "job_id": str(uuid4()), "source": source, "collection": collection, "state": "queued", "document_id": None,
            "error": None, "attempts": 0, "num_bytes": len(data), "created_at": _now(), "updated_at": _now(),
        }  # fmt: skip
        self.jobs[job["job_id"]] = job
        threading.Thread(target=self._index, args=(job, data, labels), daemon=True).start()
        return dict(job)

    def _index(self, job: Json, data: bytes, labels: Json) -> None:
        time.sleep(self.index_delay_s / 2)
        job |= {"state": "running", "attempts": 1}
        time.sleep(self.index_delay_s / 2)
        if "broken" in job["source"]:
            job |= {"state": "failed", "error": "The file is damaged: it has no pages. Save it again and send it anew."}
        else:
            document_id = self.add_document(job["collection"], job["source"], data.decode("utf-8", "replace"))
            self.documents[document_id] |= labels
            job |= {"document_id": document_id, "state": "indexed"}


@contextmanager
def serve(fake: FakeApi) -> Iterator[FakeApi]:
    """Serve the fake on a free port of the loopback; ``fake.url`` tells where."""
    server = uvicorn.Server(uvicorn.Config(make_app(fake), host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the fake API did not start"
        time.sleep(0.01)
    fake.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        server.should_exit = True
        thread.join(20)


def make_app(fake: FakeApi) -> FastAPI:
    """Build the routes of the contract that the page and the command line use."""

    def authenticate(request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {fake.key}":
            raise HTTPException(401, "This API key is unknown or was revoked.")
        if request.url.path in fake.broken:
            raise HTTPException(500, "Something went wrong inside; the log of the API has more.")

    app = FastAPI(dependencies=[Depends(authenticate)])

    @app.exception_handler(HTTPException)
    def problem(request: Request, error: HTTPException) -> JSONResponse:
        body = {"type": "about:blank", "title": STATUS_TITLES[error.status_code], "status": error.status_code}
        body |= {"detail": error.detail, "instance": request.url.path}
        return JSONResponse(body, error.status_code, media_type="application/problem+json")

    @app.get("/v1/collections")
    def list_collections() -> Json:
        return {"collections": [fake.collections[name] for name in sorted(fake.collections)]}

    @app.post("/v1/collections")
    def add_collection(body: Json) -> Json:
        return fake.add_collection(body["name"])

    @app.delete("/v1/collections/{name}", status_code=204)
    def delete_collection(name: str) -> Response:
        if name not in fake.collections:
            raise HTTPException(404, "There is no such collection.")
        fake.delete_collection(name)
        return Response(status_code=204)

    @app.post("/v1/search")
    def search(body: Json) -> Json:
        if body.get("store") not in (None, "pgvector"):
            raise HTTPException(422, f"store: this server has no store named {body['store']}.")
        question, standalone = fake.understand(body)
        scripted, k = fake.answers.get(question), body.get("k") or 10
        hits = scripted["hits"][:k] if scripted else fake.search(question, body.get("collection"), k)
        return {"hits": hits, "unavailable_sources": [], "standalone_question": standalone, "note": fake.notes.get(question)}

    @app.post("/v1/collections/{name}/documents", status_code=202)
    def upload(
        name: str,
        file: UploadFile,
        source: str = Form(""),
        tags: Annotated[list[str] | None, Form()] = None,
        metadata: str = Form("{}"),
    ) -> Json:
        if name not in fake.collections:
            raise HTTPException(404, "There is no such collection.")
        if str(file.filename).endswith(".exe"):
            raise HTTPException(422, "Programs are not documents; send a PDF, an office file or text.")
        labels = {"tags": tags or [], "metadata": json.loads(metadata)}
        return fake.upload(name, source or str(file.filename), file.file.read(), labels)

    @app.get("/v1/jobs")
    def jobs(ids: str) -> Json:
        return {"jobs": [fake.jobs[i] for i in ids.split(",") if i in fake.jobs]}

    @app.get("/v1/documents")
    def documents(collection: str | None = None, limit: int = 100, offset: int = 0) -> Json:
        mine = [d for d in fake.documents.values() if collection in (None, d["collection"])]
        return {"documents": mine[offset : offset + limit]}

    @app.get("/v1/documents/{document_id}/text")
    def text(document_id: str) -> PlainTextResponse:
        if document_id not in fake.documents:
            raise HTTPException(404, "There is no such document.")
        return PlainTextResponse(fake.texts[document_id])

    @app.get("/v1/documents/{document_id}")
    def document(document_id: str) -> Json:
        if document_id not in fake.documents:
            raise HTTPException(404, "There is no such document.")
        return fake.documents[document_id]

    @app.put("/v1/documents/{document_id}/labels")
    def set_labels(document_id: str, body: Json) -> Json:
        if document_id not in fake.documents:
            raise HTTPException(404, "There is no such document.")
        fake.documents[document_id] |= body
        return fake.documents[document_id]

    @app.delete("/v1/documents/{document_id}", status_code=204)
    def delete(document_id: str) -> Response:
        if fake.documents.pop(document_id, None) is None:
            raise HTTPException(404, "There is no such document.")
        return Response(status_code=204)

    @app.get("/v1/index")
    def index_status(store: str = "pgvector") -> Json:
        fake.builds_left = max(0, fake.builds_left - 1)
        return _index(store, is_building=fake.builds_left > 0)

    @app.post("/v1/index/rebuild", status_code=202)
    def rebuild_index(body: Json) -> Json:
        fake.builds_left = 2  # looks, until it is built
        return _index(body.get("store", "pgvector"), is_building=True)

    @app.put("/v1/index/store")
    def switch_store(body: Json) -> Json:
        fake.store = body["store"]
        return _index(fake.store, is_building=fake.builds_left > 0)

    @app.delete("/v1/answers/{answer_id}", status_code=204)
    def stop(answer_id: str) -> Response:
        fake.stopped.append(answer_id)
        return Response(status_code=204)

    @app.post("/v1/feedback", status_code=201)
    def add_feedback(body: Json) -> Json:
        fake.feedback.pop(body.pop("replaces", None) or "", None)
        said = {"should_refuse": False, "expected": "", "quote": "", "document": "", "comment": ""}
        kept = {"feedback_id": str(uuid4()), "owner": "ada", "collection": None, "created_at": _now()} | said | body
        return fake.feedback.setdefault(kept["feedback_id"], kept)

    @app.get("/v1/feedback")
    def list_feedback(limit: int = 100, offset: int = 0) -> Json:
        return {"feedback": list(reversed(fake.feedback.values()))[offset : offset + limit]}

    @app.delete("/v1/feedback/{feedback_id}", status_code=204)
    def delete_feedback(feedback_id: str) -> Response:
        if fake.feedback.pop(feedback_id, None) is None:
            raise HTTPException(404, "There is no such feedback.")
        return Response(status_code=204)

    @app.post("/v1/ask")
    def ask(body: Json) -> StreamingResponse:
        answer_id = uuid4()
        events = _events(fake, *fake.understand(body), answer_id)
        return StreamingResponse(_numbered(events, answer_id), media_type="text/event-stream")

    @app.post("/v1/extract")
    def extract(body: Json, request: Request) -> Response:
        if body["document_id"] not in fake.documents:
            raise HTTPException(404, "There is no such document.")
        values = fake.extracted(body)
        done = {"document_id": body["document_id"], "values": values, "model": "fake-model", "prompt_version": "1"}
        done |= {"timings_ms": {"total": 2100.0}}
        if "text/event-stream" not in request.headers.get("accept", ""):
            return JSONResponse(done)
        progress = [("progress", {"id": value["id"], "step": "search"}) for value in values]
        events = [event for pair in zip(progress, (("value", value) for value in values), strict=True) for event in pair]
        return StreamingResponse(_numbered([*events, ("done", done)], uuid4()), media_type="text/event-stream")

    return app


def _index(store: str, *, is_building: bool) -> Json:
    counts = {"num_passages": 10, "num_fresh": 1, "num_stale": 2, "num_changes": 0, "num_bytes": 3_000_000}
    built = {"built_at": _now(), "build_s": 1.5}
    return {"store": store, "kind": "hnsw", "is_ready": not is_building, "is_building": is_building} | counts | built


def _events(fake: FakeApi, question: str, standalone: str | None, answer_id: UUID) -> Iterator[tuple[str, Json]]:
    script = fake.answers.get(question, _answer(REFUSAL, refused=True) | {"hits": []})
    script = script | {"standalone_question": standalone, "note": fake.notes.get(question)}
    told = {name: script[name] for name in ("hits", "unavailable_sources", "standalone_question", "note")}
    for given in (False, True):
        yield "sources", told | {"given": given, "answer_id": str(answer_id)}
    for number, word in enumerate(script["answer"].split(" ")):
        time.sleep(fake.word_delay_s)
        yield "token", {"text": f" {word}" if number else word}
    for citation in script["citations"]:
        yield "citation", citation
    yield "done", script


def _numbered(events: Iterable[tuple[str, Json]], answer_id: UUID) -> Iterator[str]:
    for number, (name, data) in enumerate(events, start=1):
        yield f"id: {answer_id}:{number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def _answer(text: str, *, refused: bool = False, citations: list[Json] | None = None) -> Json:
    timings = {"evidence": 9.0, "retrieval": 12.0, "first_token": 340.0, "total": 2100.0}
    refusal = {"reason": "not_stated", "detail": "It is about other things."} if refused else None
    spans = sorted({(c["answer_start"], c["answer_end"]) for c in citations or []})
    claims = [{"start": start, "end": end, "verdict": "supported", "reason": ""} for start, end in spans]
    usage = {"prompt_tokens": 900, "completion_tokens": 40}
    answer: Json = {"answer": text, "refused": refused, "refusal": refusal, "citations": citations or [], "claims": claims}
    answer |= {"confidence": 0.9, "degraded": None, "conflicts": [], "usage": usage, "prompt_version": "0123456789ab"}
    return answer | {
        "left_out": [],
        "timings_ms": timings,
        "model": "fake-model",
        "unavailable_sources": [],
        "standalone_question": None,
        "note": None,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()
