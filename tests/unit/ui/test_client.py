"""The client against a server that answers as no good API does; tests/integration/test_api.py has the good one."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ui import client as client_module
from ui.client import ApiError, Client

Answer = tuple[int, str, bytes]


class Server(ThreadingHTTPServer):
    """Answers every request with the same status, type and body, and keeps what it was asked."""

    daemon_threads = True
    answer: Answer = (200, "application/json", b"{}")
    breaks = False  # whether each connection breaks after the body, instead of ending there

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status, content_type, answer = self._answer()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if self.server.breaks:
            self.send_header("Content-Length", str(len(answer) + 1))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = _serve

    def _answer(self) -> Answer:
        return self.server.answer

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # seconds until it sees that it is to stop
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url + "/", " mun_key\n", timeout_s=5) as client:
        yield client


def test_the_key_and_quoted_names_are_sent(server: Server, client: Client):
    client.delete_collection("a b/ä?#")
    method, path, headers, _ = server.asked[0]
    assert (method, path, headers["Authorization"]) == ("DELETE", "/v1/collections/a%20b%2F%C3%A4%3F%23", "Bearer mun_key")


def test_only_what_is_given_is_sent(server: Server, client: Client):
    server.answer = (200, "application/json", b'{"hits": []}')
    assert client.search("q") == {"hits": []}
    client.search("q", store="faiss")
    assert [asked[3] for asked in server.asked] == [b'{"question":"q"}', b'{"question":"q","store":"faiss"}']


def test_a_conversation_is_sent_along(server: Server, client: Client):
    history = [{"question": "a", "answer": "b"}]
    server.answer = (200, "application/json", b'{"hits": []}')
    client.search("q", history=history)
    client.ask("q", history=history)
    server.answer = (200, "text/event-stream", b"event: done\ndata: {}\n\n")
    list(client.ask_stream("q", history=history))
    assert [json.loads(asked[3]) for asked in server.asked] == [{"question": "q", "history": history}] * 3


def test_a_problem_document_is_the_error(server: Server, client: Client):
    server.answer = (
        404,
        "application/problem+json",
        b'{"title": "Not found", "status": 404, "detail": "There is no such thing."}',
    )
    with pytest.raises(ApiError, match=r"There is no such thing\.") as caught:
        client.document("x")
    assert (caught.value.title, caught.value.status) == ("Not found", 404)


@pytest.mark.parametrize(
    "answer", [(200, "text/html", b"<html>"), (502, "text/html", b"Bad gateway"), (200, "text/plain", b"[1]")]
)
def test_what_is_no_muniment_api_is_told(server: Server, client: Client, answer):
    server.answer = answer
    with pytest.raises(ApiError, match="is this its address") as caught:
        client.collections()
    assert caught.value.status == answer[0]


def test_no_answer_is_status_0(client: Client):
    with Client("http://127.0.0.1:9", "k", timeout_s=1) as nobody, pytest.raises(ApiError) as caught:
        nobody.collections()
    assert (caught.value.status, caught.value.title) == (0, "API not reachable")


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1", "http://[bad"])
def test_a_bad_address_is_an_api_error_too(url: str):
    with pytest.raises(ApiError), Client(url, "k") as client:
        client.collections()


def test_text_that_is_no_text_is_an_api_error(client: Client):
    with pytest.raises(ApiError, match="no valid Unicode"):
        client.search("\udcff")


EVENTS = b'event: sources\ndata: {"hits": []}\n\nevent: token\ndata: {"text": "a\\u2028b"}\n\n'


def test_a_stream_is_read_event_by_event(server: Server, client: Client):
    server.answer = (200, "text/event-stream", EVENTS + b'event: done\ndata: {"answer": "ab"}\n\nevent: token\ndata: {}\n\n')
    events = list(client.ask_stream("q", "c"))
    assert events == [("sources", {"hits": []}), ("token", {"text": "a\u2028b"}), ("done", {"answer": "ab"})]
    assert server.asked[0][2]["Accept"] == "text/event-stream"


def test_typed_questions_go_to_one_document_and_their_values_come_one_by_one(server: Server, client: Client):
    asked = [{"question": "When?", "type": "date"}]
    server.answer = (200, "application/json", b'{"values": []}')
    assert client.extract("7", asked) == {"values": []}
    server.answer = (200, "text/event-stream", b'event: value\ndata: {"id": "1"}\n\nevent: done\ndata: {"values": []}\n\n')
    assert list(client.extract_stream("7", asked)) == [("value", {"id": "1"}), ("done", {"values": []})]
    assert [json.loads(body) for *_, body in server.asked] == [{"document_id": "7", "questions": asked}] * 2
    assert server.asked[1][2]["Accept"] == "text/event-stream"


def test_a_stream_cut_short_is_an_error(server: Server, client: Client):
    server.answer = (200, "text/event-stream", EVENTS)
    stream = client.ask_stream("q")
    assert [name for name, _ in (next(stream), next(stream))] == ["sources", "token"]
    with pytest.raises(ApiError, match="ended before the answer"):
        next(stream)


def test_an_error_event_is_an_error(server: Server, client: Client):
    problem = b'event: error\ndata: {"title": "Model not available", "detail": "later", "status": 503}\n\n'
    server.answer = (200, "text/event-stream", EVENTS + problem)
    with pytest.raises(ApiError, match="later") as caught:
        list(client.ask_stream("q"))
    assert caught.value.status == 503


def test_a_stream_refused_is_a_problem(server: Server, client: Client):
    server.answer = (422, "application/problem+json", b'{"title": "Invalid request", "status": 422, "detail": "empty"}')
    with pytest.raises(ApiError, match="empty"):
        list(client.ask_stream(""))


NAMES = ("sources", "token", "token", "citation", "done")
PARTS = [f'id: a-b:{n}\nevent: {name}\ndata: {{"number": {n}}}\n\n'.encode() for n, name in enumerate(NAMES, 1)]
WHOLE = [(name, {"number": n}) for n, name in enumerate(NAMES, 1)]
PROBLEM = (404, "application/problem+json", b'{"title": "Not found", "status": 404, "detail": "no such answer"}')


class Streams:
    """What the server sends of PARTS, connection by connection: so many bytes each, after the last event that was read."""

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.num_bytes: list[int] = []  # all of them where none is left
        self.instead: Answer | None = None  # when it is to be taken up again
        self.server = server
        monkeypatch.setattr(Handler, "_answer", lambda handler: self.next())
        monkeypatch.setattr(client_module, "RESUME_PAUSES_S", (0.0, 0.0, 0.0))

    def next(self) -> Answer:
        method, path, headers, _ = self.server.asked[-1]
        if method == "GET" and self.instead:
            return self.instead
        assert method == "DELETE" or path == ("/v1/answers/a-b" if "Last-Event-ID" in headers else "/v1/ask")
        after = int(headers.get("Last-Event-ID", "a-b:0").removeprefix("a-b:"))
        num_bytes = self.num_bytes.pop(0) if self.num_bytes else None
        return (200, "text/event-stream", b"".join(PARTS[after:])[:num_bytes])

    @property
    def methods(self) -> list[str]:
        return [method for method, *_ in self.server.asked]


@pytest.fixture
def streams(server: Server, monkeypatch: pytest.MonkeyPatch) -> Streams:
    return Streams(server, monkeypatch)


@pytest.mark.parametrize("breaks", [True, False])
@pytest.mark.parametrize("event", range(1, len(PARTS)))
def test_a_stream_is_taken_up_again_wherever_it_breaks(
    server: Server, client: Client, streams: Streams, event: int, *, breaks: bool
):
    server.breaks = breaks
    begun = sum(map(len, PARTS[:event]))
    for num_bytes in range(begun, begun + len(PARTS[event])):
        streams.num_bytes = [num_bytes]
        server.asked.clear()
        assert list(client.ask_stream("q")) == WHOLE
        (_, _, _, body), (_, _, headers, nothing) = server.asked
        assert (json.loads(body), headers["Last-Event-ID"], nothing) == ({"question": "q"}, f"a-b:{event}", b"")


def test_a_stream_that_goes_on_may_break_often(server: Server, client: Client, streams: Streams):
    server.breaks = True
    streams.num_bytes = [num for part in PARTS for num in (len(part), 0, 0)][:-3]
    assert list(client.ask_stream("q")) == WHOLE
    assert streams.methods == ["POST", *["GET"] * 12]


@pytest.mark.parametrize(("breaks", "title"), [(True, "API not reachable"), (False, "Answer cut short")])
def test_after_a_few_tries_the_answer_is_stopped(server: Server, client: Client, streams: Streams, *, breaks: bool, title: str):
    server.breaks = breaks
    streams.num_bytes = [len(PARTS[0]), 0, 0, 0]
    stream = client.ask_stream("q")
    assert next(stream) == WHOLE[0]
    with pytest.raises(ApiError) as caught:
        next(stream)
    assert (caught.value.title, caught.value.status) == (title, 0)
    assert streams.methods == ["POST", "GET", "GET", "GET", "DELETE"]


@pytest.mark.parametrize(("status", "told"), [(404, (0, "API not reachable")), (503, (503, "Not found"))])
def test_a_status_is_no_reason_to_try_again(server: Server, client: Client, streams: Streams, status: int, told: tuple[int, str]):
    server.breaks, streams.num_bytes = True, [len(PARTS[0])]
    streams.instead = (status, *PROBLEM[1:])
    stream = client.ask_stream("q")
    next(stream)
    server.breaks = False
    with pytest.raises(ApiError) as caught:
        next(stream)
    assert (caught.value.status, caught.value.title) == told
    assert streams.methods.count("GET") == 1


def test_what_breaks_before_the_first_event_is_not_asked_again(server: Server, client: Client, streams: Streams):
    server.breaks, streams.num_bytes = True, [len(PARTS[0]) - 1]
    with pytest.raises(ApiError) as caught:
        next(client.ask_stream("q"))
    assert (caught.value.title, streams.methods) == ("API not reachable", ["POST"])


@pytest.mark.parametrize("name", ["ask", "extract"])
def test_a_stream_is_stopped_by_closing_it_and_not_at_its_end(server: Server, client: Client, name: str):
    server.answer = (200, "text/event-stream", b"".join(PARTS))
    for num_read, stopped in ((1, [("DELETE", "/v1/answers/a-b")]), (len(PARTS), [])):
        server.asked.clear()
        stream = client.ask_stream("q") if name == "ask" else client.extract_stream("7", [])
        assert [next(stream) for _ in range(num_read)] == WHOLE[:num_read]
        stream.close()
        assert [(method, path) for method, path, *_ in server.asked][1:] == stopped


def test_proxies_of_the_environment_do_not_see_loopback(server: Server, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answer = (200, "application/json", b'{"collections": []}')
    with Client(server.url, "k") as client:
        assert client.collections() == []
