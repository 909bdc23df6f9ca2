"""What every generator must do: the scripted one, a fake server of the OpenAI protocol, real llama.cpp and real vLLM.

TestGenerator is for all of them, TestServer for those behind a network, whose connections can be lost. vLLM's part needs an
environment of its own: ``make test-vllm``.
"""

import time
from collections import abc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlsplit

import pytest

from core import settings as core_settings
from core.errors import ContextTooLong, ModelUnavailable, WeightsError
from core.models import catalogue
from generation.engines.base import Generator, Message, Written
from generation.engines.openai import OpenAICompatible
from tests.fakes_generation import FakeModelServer, ScriptedGenerator
from tests.fakes_network import LossyFront
from tests.llama import llama_server
from tests.model_server import SMALLEST, ModelServer
from tests.vllm import vllm_server

WINDOW_TOKENS = 512
UNNOTICED_S = 60.0  # ahead of its first piece llama.cpp does not look whether anybody waits still: it reads the prompt to its end
COUNTED = "one, two, three, four, five, six, seven, eight, nine, ten"
COUNT = [Message("user", f"Repeat these words exactly: {COUNTED}")]
TALE = [Message("user", "Tell me a long story about a dog.")]
TO_BE_READ = [Message("user", "slow " * 400)]  # which takes a model some time before its first word
TOO_LONG = [Message("user", "far too long " * WINDOW_TOKENS)]
COLOUR = {
    "type": "object",
    "properties": {"colour": {"enum": ["blue", "red"]}, "found": {"type": "boolean"}},
    "required": ["colour", "found"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A generator, how many answers it is writing, and a client like it by way of another port, where there is a network."""

    generator: Generator
    num_running: Callable[[], int]
    port: int = 0
    via: Callable[[int], Generator] | None = None
    gone_s: float = 1.0  # how long it may take to notice that who waits for a first piece has gone


def real(server: ModelServer) -> Subject:
    return Subject(server.client(), server.num_running, server.port, server.client)


@pytest.fixture(scope="module")
def llama() -> Iterator[Subject]:
    settings = core_settings.load().with_values(llm={"model": SMALLEST})
    try:
        catalogue.ensure(SMALLEST, settings)
    except WeightsError as error:
        pytest.skip(f"no weights for the real llama.cpp: {error}")
    with llama_server(settings, window_tokens=WINDOW_TOKENS) as server:
        yield replace(real(server), gone_s=UNNOTICED_S)


@pytest.fixture(scope="module")
def vllm() -> Iterator[Subject]:
    with vllm_server(core_settings.load(), window_tokens=WINDOW_TOKENS) as server:
        yield real(server)


@pytest.fixture
def fake() -> Iterator[Subject]:
    def reply(messages: list[dict[str, str]]) -> str:
        time.sleep(0.3 if messages == [asdict(message) for message in TO_BE_READ] else 0)
        return "Once upon a time. " * 100 if "story" in messages[-1]["content"] else COUNTED

    with FakeModelServer(reply, window_tokens=WINDOW_TOKENS, pause_s=0.005) as server:

        def via(port: int) -> Generator:
            return OpenAICompatible(url=f"http://127.0.0.1:{port}/v1", model=server.model, api_key=None, timeout_s=5)

        port = urlsplit(server.url).port or 0
        yield Subject(via(port), lambda: server.num_running, port, via)


@pytest.fixture
def scripted() -> Subject:
    generator = ScriptedGenerator(COUNTED, yes=0.9, window_tokens=WINDOW_TOKENS)
    return Subject(generator, lambda: generator.num_running)


@pytest.fixture(params=["scripted", "fake", "llama", pytest.param("vllm", marks=pytest.mark.vllm)])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def generator(subject: Subject) -> Generator:
    return subject.generator


@pytest.fixture(params=["fake", "llama", pytest.param("vllm", marks=pytest.mark.vllm)])
def server(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


def written(pieces: abc.Generator[str, None, Written]) -> Written:
    """Read a writing to its end."""
    while True:
        try:
            next(pieces)
        except StopIteration as stop:
            assert isinstance(stop.value, Written)
            return stop.value


def is_idle(subject: Subject, within_s: float = 1.0) -> bool:
    """Tell whether the server stops writing in time."""
    deadline = time.monotonic() + within_s
    while subject.num_running() and time.monotonic() < deadline:
        time.sleep(0.02)
    return subject.num_running() == 0


class TestGenerator:
    def test_it_answers_and_names_its_model(self, generator: Generator) -> None:
        generator.ping()
        assert generator.model

    def test_it_writes_in_pieces_the_same_text_each_time(self, generator: Generator) -> None:
        pieces = list(generator.stream(COUNT, max_tokens=12))
        assert len(pieces) > 3
        assert all(pieces)
        assert "two" in "".join(pieces).casefold()
        assert "".join(generator.stream(COUNT, max_tokens=12)) == "".join(pieces)

    def test_a_wait_of_its_own_changes_nothing_while_it_is_not_needed(self, generator: Generator) -> None:
        assert list(generator.stream(COUNT, max_tokens=5, timeout_s=100)) == list(generator.stream(COUNT, max_tokens=5))

    def test_it_writes_no_more_tokens_than_allowed(self, generator: Generator) -> None:
        assert 1 <= len(list(generator.stream(COUNT, max_tokens=3))) <= 3

    def test_it_stops_ahead_of_a_word(self, generator: Generator) -> None:
        assert "four" in "".join(generator.stream(COUNT, max_tokens=40)).casefold()
        pieces = generator.stream(COUNT, max_tokens=40, stop=["four", "Four"])
        text = "".join(pieces).casefold()
        assert "three" in text
        assert "four" not in text

    def test_it_tells_whether_its_writing_was_cut_off(self, generator: Generator) -> None:
        assert written(generator.stream(COUNT, max_tokens=3)).cut_off
        assert not written(generator.stream(COUNT, max_tokens=200)).cut_off
        assert not written(generator.stream(COUNT, max_tokens=40, stop=["four", "Four"])).cut_off

    def test_it_tells_what_it_was_given_and_wrote(self, generator: Generator) -> None:
        usage = written(generator.stream(COUNT, max_tokens=5)).usage
        assert usage
        assert usage.prompt_tokens >= 20
        assert 1 <= usage.completion_tokens <= 5
        more = written(generator.stream([Message("user", COUNT[0].content * 2)], max_tokens=5)).usage
        assert more and more.prompt_tokens >= usage.prompt_tokens + 10

    def test_it_writes_json_by_a_schema(self, generator: Generator) -> None:
        value = generator.json([Message("user", "The sky is blue. Which colour is it?")], schema=COLOUR, max_tokens=60)
        assert value["colour"] == "blue"
        assert isinstance(value["found"], bool)

    def test_a_closed_stream_stops_the_writing_within_a_second(self, subject: Subject) -> None:
        stream = subject.generator.stream(TALE, max_tokens=400)
        next(stream)
        assert subject.num_running() >= 1
        stream.close()
        assert is_idle(subject)
        assert list(subject.generator.stream(COUNT, max_tokens=2))

    def test_it_says_yes_where_it_is_told_to(self, generator: Generator) -> None:
        messages = [Message("user", "Reply with one word, which is: Yes")]
        yes = generator.probability_of("yes", "no", messages)
        assert 0.5 < yes <= 1.0

    def test_it_counts_tokens(self, generator: Generator) -> None:
        assert generator.count_tokens("") == 0
        short, long = generator.count_tokens("Four words stand here"), generator.count_tokens("Four words stand here " * 50)
        assert 4 <= short <= 11
        assert long > 40 * short

    def test_what_does_not_fit_its_window_is_refused(self, generator: Generator) -> None:
        with pytest.raises(ContextTooLong):
            list(generator.stream(TOO_LONG, max_tokens=1))
        with pytest.raises(ContextTooLong):
            generator.probability_of("yes", "no", TOO_LONG)
        with pytest.raises(ContextTooLong):
            generator.json(TOO_LONG, schema=COLOUR, max_tokens=20)

    def test_sixteen_ask_at_once_and_each_is_answered(self, subject: Subject) -> None:
        def ask(number: int) -> Written:
            words = [Message("user", f"{number}: {COUNT[0].content}")]
            return written(subject.generator.stream(words, max_tokens=6))

        with ThreadPoolExecutor(16) as pool:
            ends = list(pool.map(ask, range(16)))
        assert all(end.usage and 1 <= end.usage.completion_tokens <= 6 for end in ends)
        assert is_idle(subject)


class TestServer:
    def test_who_waits_no_longer_is_told_so_and_the_server_stops(self, server: Subject) -> None:
        with pytest.raises(ModelUnavailable, match="silent for too long"):
            list(server.generator.stream(TO_BE_READ, max_tokens=50, timeout_s=0.05))
        assert is_idle(server, within_s=server.gone_s)

    def test_a_json_value_that_takes_too_long_is_given_up(self, server: Subject) -> None:
        words = {"type": "array", "items": {"enum": ["word"]}, "minItems": 100}
        with pytest.raises(ModelUnavailable, match="silent for too long"):
            server.generator.json(TO_BE_READ, schema=words, max_tokens=100, timeout_s=0.05)
        assert is_idle(server, within_s=server.gone_s)

    def test_connections_lost_before_the_first_piece_are_made_anew(self, server: Subject) -> None:
        assert server.via
        with LossyFront(server.port, num_reset=2) as front:
            assert list(server.via(front.port).stream(COUNT, max_tokens=4)) == list(server.generator.stream(COUNT, max_tokens=4))
            assert front.num_connections == 3
        with LossyFront(server.port, num_reset=2) as front:
            assert 0.0 <= server.via(front.port).probability_of("yes", "no", COUNT) <= 1.0

    def test_a_connection_lost_in_mid_answer_is_an_error_and_no_second_answer(self, server: Subject) -> None:
        assert server.via
        with LossyFront(server.port, break_after=1500) as front:
            stream, read = server.via(front.port).stream(TALE, max_tokens=400), []
            with pytest.raises(ModelUnavailable):
                for piece in stream:
                    read.append(piece)
            assert read
            assert front.num_connections == 1
        assert is_idle(server)

    def test_a_server_that_is_not_there_is_given_up_in_seconds(self, server: Subject) -> None:
        assert server.via
        with LossyFront(server.port, num_reset=1000) as front:
            started = time.monotonic()
            with pytest.raises(ModelUnavailable, match="does not answer"):
                list(server.via(front.port).stream(COUNT, max_tokens=4))
            assert time.monotonic() - started < 5
            assert front.num_connections == 5


def test_the_fake_server_notices_that_its_reader_went_away() -> None:
    with FakeModelServer("word " * 2000, pause_s=0.002) as server:
        stream = OpenAICompatible(url=server.url, model=server.model, api_key=None, timeout_s=5).stream(COUNT, max_tokens=5000)
        next(stream)
        stream.close()
        assert server.hung_up.wait(5)
        assert server.num_written < 1000
