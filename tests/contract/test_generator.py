"""What every generator must do: the scripted one, a fake server of the OpenAI protocol, and real llama.cpp."""

from collections import abc
from collections.abc import Iterator

import pytest

from core import settings as core_settings
from core.errors import ContextTooLong, WeightsError
from generation.engines.base import Generator, Message, Written
from generation.engines.openai import OpenAICompatible
from tests.fakes_generation import FakeModelServer, ScriptedGenerator
from tests.llama import running_llama

WINDOW_TOKENS = 512
STORY = [Message("user", "Count from one to twenty in words, separated by commas.")]
COUNTED = "one, two, three, four, five, six, seven, eight, nine, ten"


@pytest.fixture(scope="module")
def llama() -> Iterator[Generator]:
    try:
        with running_llama(core_settings.load(), window_tokens=WINDOW_TOKENS) as generator:
            yield generator
    except WeightsError as error:
        pytest.skip(f"no weights for the real llama.cpp: {error}")


@pytest.fixture
def fake() -> Iterator[Generator]:
    with FakeModelServer(COUNTED, window_tokens=WINDOW_TOKENS) as server:
        yield OpenAICompatible(url=server.url, model=server.model, api_key=None, timeout_s=5)


@pytest.fixture
def scripted() -> Generator:
    return ScriptedGenerator(COUNTED, yes=0.9, window_tokens=WINDOW_TOKENS)


@pytest.fixture(params=["scripted", "fake", "llama"])
def generator(request: pytest.FixtureRequest) -> Generator:
    found: Generator = request.getfixturevalue(request.param)
    return found


def written(pieces: abc.Generator[str, None, Written]) -> Written:
    """Read a writing to its end."""
    while True:
        try:
            next(pieces)
        except StopIteration as stop:
            assert isinstance(stop.value, Written)
            return stop.value


class TestGenerator:
    def test_it_answers_and_names_its_model(self, generator: Generator) -> None:
        generator.ping()
        assert generator.model

    def test_it_writes_in_pieces_the_same_text_each_time(self, generator: Generator) -> None:
        pieces = list(generator.stream(STORY, max_tokens=24))
        assert len(pieces) > 3
        assert all(pieces)
        assert "two" in "".join(pieces).casefold()
        assert "".join(generator.stream(STORY, max_tokens=24)) == "".join(pieces)

    def test_a_wait_of_its_own_changes_nothing_while_it_is_not_needed(self, generator: Generator) -> None:
        assert list(generator.stream(STORY, max_tokens=5, timeout_s=100)) == list(generator.stream(STORY, max_tokens=5))

    def test_it_writes_no_more_tokens_than_allowed(self, generator: Generator) -> None:
        assert 1 <= len(list(generator.stream(STORY, max_tokens=3))) <= 3

    def test_it_tells_whether_its_writing_was_cut_off(self, generator: Generator) -> None:
        assert written(generator.stream(STORY, max_tokens=3)).cut_off
        assert not written(generator.stream(STORY, max_tokens=200)).cut_off

    def test_it_tells_what_it_was_given_and_wrote(self, generator: Generator) -> None:
        usage = written(generator.stream(STORY, max_tokens=5)).usage
        assert usage
        assert usage.prompt_tokens >= 8
        assert 1 <= usage.completion_tokens <= 5

    def test_it_writes_json_by_a_schema(self, generator: Generator) -> None:
        schema = {
            "type": "object",
            "properties": {"colour": {"enum": ["blue", "red"]}, "found": {"type": "boolean"}},
            "required": ["colour", "found"],
            "additionalProperties": False,
        }
        value = generator.json([Message("user", "The sky is blue. Which colour is it?")], schema=schema, max_tokens=60)
        assert value["colour"] == "blue"
        assert isinstance(value["found"], bool)

    def test_a_closed_stream_leaves_the_generator_usable(self, generator: Generator) -> None:
        stream = generator.stream(STORY, max_tokens=200)
        next(stream)
        stream.close()
        assert list(generator.stream(STORY, max_tokens=2))

    def test_it_says_yes_to_what_is_so(self, generator: Generator) -> None:
        messages = [Message("user", "The sky is blue.\n\nDoes this text state the colour of the sky? Reply with Yes or No.")]
        assert 0.5 < generator.probability_of("yes", "no", messages) <= 1.0

    def test_it_counts_tokens(self, generator: Generator) -> None:
        assert generator.count_tokens("") == 0
        short, long = generator.count_tokens("Four words stand here"), generator.count_tokens("Four words stand here " * 50)
        assert 4 <= short <= 11
        assert long > 40 * short

    def test_what_does_not_fit_its_window_is_refused(self, generator: Generator) -> None:
        messages = [Message("user", "far too long " * WINDOW_TOKENS)]
        with pytest.raises(ContextTooLong):
            list(generator.stream(messages, max_tokens=1))
        with pytest.raises(ContextTooLong):
            generator.probability_of("yes", "no", messages)


def test_the_fake_server_notices_that_its_reader_went_away() -> None:
    with FakeModelServer("word " * 2000, pause_s=0.002) as server:
        stream = OpenAICompatible(url=server.url, model=server.model, api_key=None, timeout_s=5).stream(STORY, max_tokens=5000)
        next(stream)
        stream.close()
        assert server.hung_up.wait(5)
        assert server.num_written < 1000
