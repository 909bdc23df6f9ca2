"""An engine outside: nothing leaves that is not redacted, cleared and written down first, and the reader notices none of it."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from core.access import Principal
from core.egress import Sender
from core.errors import DependencyUnavailable, Forbidden, ModelUnavailable
from core.routes import Engine
from core.sensitivity import _SEAL, Clearance
from core.types import Context, Hit
from generation.engines.base import Message
from generation.engines.outside import Line, Outside, Recorded
from generation.privacy.placeholders import Redaction
from generation.window import Counter
from tests.fakes_generation import FakeModelServer, ScriptedGenerator, hit, pack_all
from tests.unit.generation.privacy.test_placeholders import ByList

SENDER = Sender(Principal("alice", UUID(int=1)), "press", "cloud", "news", Clearance((UUID(int=5),), _SEAL))
MESSAGES = [Message("system", "Answer."), Message("user", "Where does Ann Lee live?\n\nAnn Lee lives in Oslo.")]


@dataclass
class Listed:
    """A ledger that keeps what it is told; ``refusal`` is raised in place of writing."""

    refusal: Exception | None = None
    entries: list[tuple[Sender, str, Sequence[UUID], bytes]] = field(default_factory=list)
    ended: list[tuple[int, int | None, int]] = field(default_factory=list)

    def add(self, sender: Sender, url: str, document_ids: Sequence[UUID], body: bytes) -> int:
        if self.refusal:
            raise self.refusal
        self.entries.append((sender, url, document_ids, body))
        return len(self.entries)

    def end(self, egress_id: int, status: int | None, response_bytes: int) -> None:
        self.ended.append((egress_id, status, response_bytes))


@pytest.fixture
def ledger() -> Listed:
    return Listed()


@pytest.fixture
def server() -> Iterator[FakeModelServer]:
    with FakeModelServer("<PERSON_1> lives in <PLACE_1>.", api_key="hunter2") as server:
        yield server


@pytest.fixture
def line(server: FakeModelServer, ledger: Listed) -> Iterator[Line]:
    engine = Engine(url=server.url, model="fake-model", api_key="hunter2", outside=True, timeout_s=5)  # type: ignore[arg-type]
    line = Line(engine, ledger)  # type: ignore[arg-type]
    yield line
    line.close()


@pytest.fixture
def outside(line: Line) -> Callable[..., Outside]:
    def make(may_leave: bool = True) -> Outside:
        inside = ScriptedGenerator("Written inside.")
        redaction = Redaction(ByList())
        return Outside(line, sender=SENDER, redaction=redaction, inside=inside, may_leave=lambda _: may_leave)

    return make


def packed(generator: Outside, *hits: Hit) -> Context:
    return generator.packing(pack_all)("q", hits, budget_tokens=100, count_tokens=len)


def written(generator: Outside) -> str:
    return "".join(generator.stream(MESSAGES, max_tokens=50))


def test_the_reader_sees_names_and_the_engine_none(outside: Callable[..., Outside], server: FakeModelServer) -> None:
    assert written(outside()) == "Ann Lee lives in Oslo."
    (request,) = server.requests
    assert request["messages"][1]["content"] == "Where does <PERSON_1> live?\n\n<PERSON_1> lives in <PLACE_1>."
    assert "Ann" not in json.dumps(request) and "Oslo" not in json.dumps(request)


def test_the_ledger_has_the_very_bytes_before_they_leave_and_what_came_back(
    outside: Callable[..., Outside], server: FakeModelServer, ledger: Listed
) -> None:
    generator = outside()
    packed(generator, hit("Ann Lee lives in Oslo.", rank=7))
    pieces = generator.stream(MESSAGES, max_tokens=50)
    next(pieces)
    ((sender, url, document_ids, body),) = ledger.entries
    assert (sender, url, list(document_ids)) == (SENDER, f"{server.url}/chat/completions", [UUID(int=7)])
    assert json.loads(body) == server.requests[0]
    assert b"hunter2" not in body and "hunter2" not in url
    assert ledger.ended == []
    assert list(pieces)
    ((_, status, num_bytes),) = ledger.ended
    assert status == 200 and num_bytes > 100


@pytest.mark.parametrize("refusal", [Forbidden("public no more"), DependencyUnavailable("no database")], ids=repr)
def test_what_cannot_be_written_down_is_not_sent_but_answered_inside(
    outside: Callable[..., Outside], server: FakeModelServer, ledger: Listed, refusal: Exception
) -> None:
    ledger.refusal = refusal
    generator = outside()
    assert written(generator) == "Written inside."
    assert (outside().probability_of("yes", "no", MESSAGES), generator.model) == (1.0, "scripted")
    assert outside().json(MESSAGES, schema={"type": "string"}, max_tokens=9) == ""
    assert server.requests == []


def test_a_line_on_which_nobody_speaks_is_silent(line: Line, server: FakeModelServer, ledger: Listed) -> None:
    for call in (
        lambda: line.count_tokens("Ann Lee"),
        line.ping,
        lambda: list(line.stream(MESSAGES, max_tokens=9)),
        lambda: line.probability_of("yes", "no", MESSAGES),
    ):
        with pytest.raises(RuntimeError, match="nobody speaks"):
            call()
    assert server.requests == [] and ledger.entries == []


def test_no_clearance_no_sender() -> None:
    with pytest.raises(TypeError, match="cleared"):
        Clearance((UUID(int=5),), "forged")


def test_tokens_are_counted_and_signs_of_life_given_without_a_byte(
    outside: Callable[..., Outside], ledger: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = outside()
    assert generator.count_tokens("Ann Lee lives") == 3
    generator.ping()
    monkeypatch.setattr(ScriptedGenerator, "count_tokens", _unavailable)
    with pytest.raises(ModelUnavailable):
        generator.count_tokens("Ann Lee lives")
    counter = Counter(generator)
    assert [counter("Ann Lee lives"), counter("Ann Lee lives")] == [7, 7]  # estimates, which err high
    assert ledger.entries == []


def _unavailable(*_: object) -> int:
    raise ModelUnavailable("away")


def test_yes_or_no_is_redacted_and_json_stays_inside(
    outside: Callable[..., Outside], server: FakeModelServer, ledger: Listed
) -> None:
    generator = outside()
    assert generator.probability_of("yes", "no", MESSAGES) == pytest.approx(0.9, abs=0.05)
    assert generator.json(MESSAGES, schema={"type": "string"}, max_tokens=60) == ""
    assert len(server.requests) == len(ledger.entries) == len(ledger.ended) == 1
    assert all(b"Ann" not in body for *_, body in ledger.entries)


def test_passages_that_may_not_leave_keep_the_question_inside(
    outside: Callable[..., Outside], server: FakeModelServer, ledger: Listed
) -> None:
    generator = outside(may_leave=False)
    assert generator.model == "fake-model"
    packed(generator, hit("Ann Lee wohnt in Oslo.", rank=3))
    assert generator.model == "scripted"
    assert written(generator) == "Written inside."
    assert generator.probability_of("yes", "no", MESSAGES) == 1.0
    assert generator.json(MESSAGES, schema={"type": "string"}, max_tokens=9) == ""
    assert server.requests == [] and ledger.entries == []


def test_a_question_that_the_ledger_refused_stays_inside_whatever_is_packed_after(
    outside: Callable[..., Outside], server: FakeModelServer, ledger: Listed
) -> None:
    generator = outside()
    ledger.refusal = DependencyUnavailable("no database")
    assert written(generator) == "Written inside."
    ledger.refusal = None
    packed(generator, hit("Ann Lee lives in Oslo.", rank=3))
    assert generator.model == "scripted"
    assert written(generator) == "Written inside."
    assert server.requests == [] and ledger.entries == []


def test_no_cookie_joins_one_question_to_the_next(outside: Callable[..., Outside], line: Line) -> None:
    sent: list[httpx.Request] = []

    def served(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        body = b'data: {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}]}\n\n'
        return httpx.Response(200, headers=[("Set-Cookie", "a=1; Path=/"), ("set-cookie", "b=2")], stream=httpx.ByteStream(body))

    recorded = line._http._transport
    assert isinstance(recorded, Recorded)
    recorded._client.close()
    recorded._client = httpx.Client(transport=httpx.MockTransport(served))
    assert [written(outside()), written(outside())] == ["Yes.", "Yes."]
    line._http.cookies.set("c", "3")
    assert written(outside()) == "Yes."
    assert len(sent) == 3 and not any("cookie" in request.headers for request in sent)
    assert "a" not in line._http.cookies and "b" not in line._http.cookies


def test_a_reader_who_goes_away_stops_the_engine_and_the_ledger_says_how_much_came(
    outside: Callable[..., Outside], server: FakeModelServer, ledger: Listed
) -> None:
    server.reply, server.pause_s = "word " * 500, 0.01
    pieces = outside().stream(MESSAGES, max_tokens=2000)
    next(pieces)
    pieces.close()
    assert server.hung_up.wait(5)
    ((_, status, num_bytes),) = ledger.ended
    assert status == 200 and 0 < num_bytes < 10_000


def test_a_server_that_does_not_answer_is_an_error_and_an_entry_without_a_status(ledger: Listed) -> None:
    line = Line(Engine(url="http://127.0.0.1:9/v1", model="m", timeout_s=1), ledger)  # type: ignore[arg-type]
    generator = Outside(line, sender=SENDER, redaction=Redaction(ByList()), inside=ScriptedGenerator(), may_leave=lambda _: True)
    with pytest.raises(ModelUnavailable):
        generator.probability_of("yes", "no", MESSAGES, timeout_s=1)
    line.close()
    assert ledger.entries and {ended[1:] for ended in ledger.ended} == {(None, 0)}


def test_a_proxy_named_in_the_environment_does_not_go_around_the_ledger(
    ledger: Listed, server: FakeModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy here is a server that sees the request; the ledger must have seen it too."""
    monkeypatch.setenv("HTTP_PROXY", server.origin)
    monkeypatch.setenv("ALL_PROXY", server.origin)
    line = Line(Engine(url="http://llm.example.invalid/v1", model="m", outside=True), ledger)  # type: ignore[arg-type]
    mounts = line._http._mounts
    line.close()
    assert not any(mounts.values()), "a mount would take the place of the transport"
    assert isinstance(line._http, httpx.Client)


def test_nothing_of_what_is_sent_is_logged(outside: Callable[..., Outside], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        written(outside())
    assert "Ann" not in caplog.text and "PERSON_1" not in caplog.text
