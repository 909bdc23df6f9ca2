"""The API's typed client: what the command line, the page and any intranet program use.

Goes in: a base URL and a key. Comes out: the API's JSON as dicts, with the fields docs/reference/api.md names.
Every failure is one ApiError, whose ``status`` is the HTTP status or 0 when there was no answer at all. One client
may be shared by threads. It keeps no state but the connections and follows no redirect. It retries nothing but to take up a
stream again where its connection broke.
"""

import json
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import httpx

from ui.access import AccessCalls, all_pages
from ui.feedback import FeedbackCalls
from ui.routing import RouteCalls

Json = dict[str, Any]
History = Sequence[Mapping[str, str]]  # turns {question, answer}, oldest first, at most 10
Filters = Mapping[str, Any]  # conditions on documents by their names in docs/reference/api.md
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
CONNECT_TIMEOUT_S = 5.0
RESUME_PAUSES_S = (0.1, 0.5, 1.5)  # before each try to take up a broken stream; the server waits 5 seconds for its reader
BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)  # may go better at once; silence would not
LAST = ("done", "error")  # the events that end a stream

Event = tuple[str, str, Json]  # id, name, data


class ApiError(Exception):
    """The API said no, or said nothing: ``title`` in two words, ``detail`` in a sentence, ``status`` 0 for no answer."""

    def __init__(self, title: str, detail: str, status: int) -> None:
        super().__init__(detail or title)
        self.title, self.detail, self.status = title, detail, status


class Client(AccessCalls, FeedbackCalls, RouteCalls):
    """Calls to one API with one key; a context manager that closes its connections.

    Those about permissions: AccessCalls; about what readers say of answers: FeedbackCalls; about routing: RouteCalls.
    """

    def __init__(self, url: str, key: str, timeout_s: float = 300.0) -> None:
        self.url = url.rstrip("/")
        with _translated():
            self._http = httpx.Client(
                base_url=self.url,
                headers={"Authorization": f"Bearer {key.strip()}"},
                timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
                trust_env=httpx.URL(self.url).host not in LOOPBACK,  # a company's proxy must not see loopback traffic
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> Json:
        """Return the state of each dependency, whether or not all are well."""
        with _translated():
            response = self._http.get("/readyz")
        return _body(response) if response.status_code in (200, 503) else _checked(response)

    def collections(self) -> list[Json]:
        """List the collections you may read by name; ``is_own`` tells yours, `OWNER/NAME` addresses another's."""
        return list(self._call("GET", "/v1/collections")["collections"])

    def add_collection(self, name: str) -> Json:
        """Make a collection; one that is there already is returned as it is."""
        return self._call("POST", "/v1/collections", json={"name": name})

    def delete_collection(self, name: str) -> None:
        """Delete a collection with all its documents."""
        self._call("DELETE", f"/v1/collections/{quote(name, safe='')}")

    def upload(
        self,
        collection: str,
        path_or_stream: Path | BinaryIO,
        source: str,
        *,
        allowed: Sequence[str] = (),
        access_source: str | None = None,
        tags: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Json:
        """Send a file to be indexed; returns its job, to be followed with :meth:`jobs`. The collection must exist.

        ``allowed`` and ``access_source`` say who may read the document from its first moment; else it inherits. ``tags`` and
        ``metadata`` label it; where they are None a new version keeps what the document had.
        """
        if isinstance(path_or_stream, Path):
            with path_or_stream.open("rb") as stream:
                return self.upload(
                    collection,
                    stream,
                    source,
                    allowed=allowed,
                    access_source=access_source,
                    tags=tags,
                    metadata=metadata,
                )
        filename = source.replace("\\", "/").rsplit("/", 1)[-1] or "file"
        url = f"/v1/collections/{quote(collection, safe='')}/documents"
        form = _given(source=source, allowed=list(allowed) or None, access_source=access_source)
        if tags is not None:
            form["tags"] = list(tags) or ""
        if metadata is not None:
            form["metadata"] = json.dumps(dict(metadata))
        return self._call("POST", url, data=form, files={"file": (filename, path_or_stream)})

    def jobs(self, ids: Iterable[str]) -> list[Json]:
        """Return the jobs with these ids (at most 500 a call), in no promised order."""
        return list(self._call("GET", "/v1/jobs", params={"ids": ",".join(ids)})["jobs"])

    def documents(self, collection: str | None = None) -> list[Json]:
        """List all documents of a collection, or all that you may read, fetched a page at a time."""
        return list(all_pages(self, "/v1/documents", "documents", _given(collection=collection))["documents"])

    def document(self, document_id: str) -> Json:
        """Return what is known about one document."""
        return self._call("GET", f"/v1/documents/{quote(document_id, safe='')}")

    def document_text(self, document_id: str) -> str:
        """Return the document's text, to the character."""
        return self._bytes(f"/v1/documents/{quote(document_id, safe='')}/text").decode("utf-8")

    def set_labels(self, document_id: str, *, tags: Sequence[str], metadata: Mapping[str, Any]) -> Json:
        """Give a document of yours these tags and this metadata, and no others; returns the document."""
        body = {"tags": list(tags), "metadata": dict(metadata)}
        return self._call("PUT", f"/v1/documents/{quote(document_id, safe='')}/labels", json=body)

    def delete_document(self, document_id: str) -> None:
        """Delete a document; it is gone from search when this returns."""
        self._call("DELETE", f"/v1/documents/{quote(document_id, safe='')}")

    def search(
        self,
        question: str,
        collection: str | None = None,
        k: int | None = None,
        store: str | None = None,
        *,
        ranking: str | None = None,
        history: History | None = None,
        filters: Filters | None = None,
        explain: bool | None = None,
    ) -> Json:
        """Return ``hits``, the passages nearest to the question, best first, and the names of ``unavailable_sources``.

        ``store`` names the vector store to search, where it is not the server's own choice; ``ranking`` ``dense`` or ``words``
        leaves the other side out. ``filters`` narrow the search to
        documents that meet them all; with ``explain`` each hit tells its ``stages``. ``history`` is as in :meth:`ask_stream`.
        """
        body = _given(
            question=question,
            collection=collection,
            k=k,
            store=store,
            ranking=ranking,
            history=history,
            filters=filters,
            explain=explain,
        )
        return self._call("POST", "/v1/search", json=body)

    def ask(
        self,
        question: str,
        collection: str | None = None,
        *,
        history: History | None = None,
        filters: Filters | None = None,
    ) -> Json:
        """Return the whole answer with its citations; ``history`` and ``filters`` are as in :meth:`ask_stream`."""
        body = _given(question=question, collection=collection, history=history, filters=filters)
        return self._call("POST", "/v1/ask", json=body)

    def ask_stream(
        self,
        question: str,
        collection: str | None = None,
        *,
        history: History | None = None,
        filters: Filters | None = None,
        explain: bool | None = None,
    ) -> Generator[tuple[str, Json], None, None]:
        """Yield the answer as it grows: (event, data) with events sources (a later one counts), token, citation, at last done.

        ``filters`` and ``explain`` are as in :meth:`search`; the hits stand in sources.

        With ``history``, what was asked and answered before, the question is rewritten to stand alone; where that made
        another of it, sources and done tell it as ``standalone_question``. An ``error`` event becomes an ApiError, and so
        does a stream that ends without ``done``. A connection that breaks in between is made anew, and no event is lost or
        comes twice. Close the iterator early to have the model stop.
        """
        body = _given(question=question, collection=collection, history=history, filters=filters, explain=explain)
        return self._stream("/v1/ask", body)

    def extract(self, document_id: str, questions: Sequence[Mapping[str, Any]]) -> Json:
        """Return ``values``, what became of each typed question to a document, in their order.

        A question is {question, type, id?, options?}, its type yes_no, date, amount, party, clause or text.
        """
        return self._call("POST", "/v1/extract", json={"document_id": document_id, "questions": list(questions)})

    def extract_stream(self, document_id: str, questions: Sequence[Mapping[str, Any]]) -> Generator[tuple[str, Json], None, None]:
        """Yield (event, data) as the questions are answered: progress, a value for each, and at last done.

        Errors and closing early are as in :meth:`ask_stream`.
        """
        return self._stream("/v1/extract", {"document_id": document_id, "questions": list(questions)})

    def _stream(self, url: str, body: Json) -> Generator[tuple[str, Json], None, None]:
        answer_id = ""  # while it grows
        try:
            with _translated(), closing(self._unbroken(url, body)) as events:
                for event_id, name, data in events:
                    answer_id = "" if name in LAST else _answer_id(event_id)
                    if name == "error":
                        title, detail = str(data.get("title", "Error")), str(data.get("detail", ""))
                        raise ApiError(title, detail, int(data.get("status", 500)))
                    yield name, data
        finally:
            if answer_id:
                self._stop(answer_id)

    def _unbroken(self, url: str, body: Json) -> Generator[Event, None, None]:
        """Yield all events to the last one; where the connection breaks after some, a few tries are made to read the others.

        Raises what broke it where they fail, or the answer is gone; ApiError for any other status.
        """
        request = self._http.build_request("POST", url, json=body, headers={"Accept": "text/event-stream"})
        last_id = ""
        broken: Exception | None = None
        pauses_s: Iterator[float] = iter(())  # before the first event there is nothing to take up
        while True:
            try:
                with self._opened(request) as response:
                    for last_id, name, data in _events(response.iter_lines()):
                        pauses_s = iter(RESUME_PAUSES_S) if last_id else iter(())
                        yield last_id, name, data
                        if name in LAST:
                            return
                broken = ApiError("Answer cut short", "The connection ended before the answer did; ask again.", 0)
            except BROKEN as error:
                broken = error
            except ApiError as error:
                raise (broken if broken and error.status == 404 else error) from None
            if (pause_s := next(pauses_s, None)) is None:
                raise broken
            time.sleep(pause_s)
            request = self._http.build_request("GET", f"/v1/answers/{_answer_id(last_id)}", headers={"Last-Event-ID": last_id})

    @contextmanager
    def _opened(self, request: httpx.Request) -> Iterator[httpx.Response]:
        response = self._http.send(request, stream=True)
        try:
            if response.is_error:
                response.read()
                raise _error(response)
            yield response
        finally:
            response.close()

    def _stop(self, answer_id: str) -> None:
        """Have the model stop at once; if that cannot be said the server finds out by itself a little later."""
        with suppress(httpx.HTTPError):
            self._http.delete(f"/v1/answers/{answer_id}", timeout=CONNECT_TIMEOUT_S)

    def keys(self) -> list[Json]:
        """List the live keys (for an admin's key)."""
        return list(self._call("GET", "/v1/keys")["keys"])

    def add_key(self, owner: str, name: str) -> Json:
        """Make a key for an owner (with an admin's key); ``key`` in the answer is shown only now."""
        return self._call("POST", "/v1/keys", json={"owner": owner, "name": name})

    def delete_key(self, key_id: str) -> None:
        """Revoke a key (with an admin's key)."""
        self._call("DELETE", f"/v1/keys/{quote(key_id, safe='')}")

    def index(self, store: str | None = None) -> Json:
        """Tell how the vector index stands (for an admin's key); of the store that is searched, or of another."""
        return self._call("GET", "/v1/index", params=_given(store=store))

    def switch_index(self, store: str) -> Json:
        """Have another vector store searched from now on (with an administrator's key)."""
        return self._call("PUT", "/v1/index/store", json={"store": store})

    def rebuild_index(self, store: str | None = None) -> Json:
        """Have the vector index built anew in the background (with an admin's key)."""
        return self._call("POST", "/v1/index/rebuild", json=_given(store=store))

    def _call(self, method: str, url: str, **arguments: Any) -> Json:
        with _translated():
            response = self._http.request(method, url, **arguments)
        return _checked(response)

    def _bytes(self, url: str) -> bytes:
        with _translated():
            response = self._http.get(url)
        if response.is_error:
            raise _error(response)
        return response.content


def _given(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        title = "No answer in time" if isinstance(error, httpx.TimeoutException) else "API not reachable"
        raise ApiError(title, f"The API gave no answer: {str(error) or type(error).__name__}", 0) from error
    except UnicodeEncodeError as error:
        raise ApiError("Invalid text", "What was to be sent is no valid Unicode text.", 422) from error


def _checked(response: httpx.Response) -> Json:
    if not response.is_success:
        raise _error(response)
    return _body(response) if response.content else {}


def _body(response: httpx.Response) -> Json:
    try:
        body = response.json()
    except ValueError as error:
        raise _error(response) from error
    if not isinstance(body, dict):
        raise _error(response)
    return body


def _error(response: httpx.Response) -> ApiError:
    """Read a problem document (RFC 9457), or make do with the status where something else answered."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, Mapping) or "title" not in problem:
        detail = f"{response.url} answered {response.status_code}, and not as Muniment's API does; is this its address?"
        return ApiError(response.reason_phrase or "Unexpected answer", detail, response.status_code)
    return ApiError(str(problem["title"]), str(problem.get("detail", "")), response.status_code)


def _events(lines: Iterable[str]) -> Iterator[Event]:
    """Read server-sent events; our server writes one ASCII ``data`` line of JSON an event. One without its empty line is none."""
    event_id = name = told = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "id":
            event_id = value
        elif field == "event":
            name = value
        elif field == "data":
            told = value
        elif not line and told:
            yield event_id, name, json.loads(told)
            told = ""


def _answer_id(event_id: str) -> str:
    return event_id.rpartition(":")[0]
