"""A question after others is rewritten, in time and plausibly, or goes on as it was typed."""

import doctest
import logging
import time

import pytest

from core.errors import ContextTooLong, ModelUnavailable
from core.types import Turn
from generation import rewrite
from generation.engines.openai import OpenAICompatible
from generation.rewrite import MAX_CHARS, MAX_TOKENS, is_plausible, standalone
from tests.fakes_generation import FakeModelServer, ScriptedGenerator, SlowGenerator, as_pieces

QUESTION = "And sick leave?"
WHOLE = "How many hours of sick leave can I carry over?"
HISTORY = [Turn("How many hours of annual leave can I carry over?", "You can carry over a maximum of 240 annual leave hours.")]


@pytest.mark.parametrize(
    "written", [WHOLE, f"  {WHOLE}\n", f'"{WHOLE}"', f"Rewritten: {WHOLE}", f"The standalone question: {WHOLE}", f"“{WHOLE}”"]
)
def test_a_question_is_rewritten_from_the_conversation(written: str) -> None:
    generator = ScriptedGenerator(written)
    assert standalone(QUESTION, HISTORY, generator) == WHOLE
    (messages,) = generator.asked
    assert HISTORY[0].question in messages[-1].content and HISTORY[0].answer in messages[-1].content
    assert QUESTION in messages[-1].content


def test_without_a_conversation_or_with_a_long_question_the_model_is_not_asked() -> None:
    generator = ScriptedGenerator(WHOLE)
    long = "sick leave " * MAX_CHARS
    assert standalone(QUESTION, [], generator) == QUESTION
    assert standalone(long, HISTORY, generator) == long
    assert generator.asked == []


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   \n ",
        "You can carry over 240 hours of sick leave.",  # an answer
        "Sure! Here it is:\n\nHow many hours of sick leave can I carry over?",
        HISTORY[0].question,  # the question before
        "Wie viele Stunden Krankheitsurlaub kann ich übertragen?",  # another language
        "How many hours of leave can I carry over?",  # not what was asked for
        "How many of the 480 hours of sick leave can I carry over?",  # an invented number
        "How many hours of sick leave can I carry over at Bravatek?",  # an invented name
        "How much annual leave is there? How much sick leave is there?",  # two questions
        "What is the purpose of the organisation's policy on sick leave and its general approach to employees?",
        f"{WHOLE[:-1]} " + "and carry over " * 30 + "?",
    ],
)
def test_what_is_not_the_question_in_full_is_dropped(written: str) -> None:
    assert standalone(QUESTION, HISTORY, ScriptedGenerator(written)) == QUESTION


def test_what_was_cut_off_is_dropped() -> None:
    pieces = as_pieces(WHOLE)
    assert standalone(QUESTION, HISTORY, ScriptedGenerator(pieces=[*pieces, *[" "] * (MAX_TOKENS - len(pieces))])) == WHOLE
    assert standalone(QUESTION, HISTORY, ScriptedGenerator(pieces=[*pieces, *[" "] * MAX_TOKENS])) == QUESTION


def test_an_endless_writing_is_not_read_to_its_end() -> None:
    generator = ScriptedGenerator(pieces=["sick leave " * 20] * 90)
    assert standalone(QUESTION, HISTORY, generator) == QUESTION
    assert generator.closed
    assert generator.num_read < 10


def test_a_question_that_stands_alone_may_be_repeated() -> None:
    question = "Who approves purchase requests"
    assert standalone(question, HISTORY, ScriptedGenerator(f"{question}?")) == f"{question}?"
    assert standalone(HISTORY[0].question, HISTORY, ScriptedGenerator(HISTORY[0].question)) == HISTORY[0].question


def test_words_that_stand_for_something_may_go() -> None:
    history = [Turn("What is a PIV card?", "A PIV card is used to log in.")]
    assert is_plausible("How do I get a PIV card?", "How do I get one?", history)
    assert not is_plausible("What is a PIV card?", "How do I get one?", history)
    assert not is_plausible("?!", "?!", history)


@pytest.mark.parametrize("at", [0, 3])
def test_a_model_that_is_busy_is_not_waited_for_and_is_stopped(at: int, caplog: pytest.LogCaptureFixture) -> None:
    generator = SlowGenerator(WHOLE, at=at)
    started = time.monotonic()
    assert standalone(QUESTION, HISTORY, generator, 0.2) == QUESTION
    assert time.monotonic() - started < 5
    generator.release.set()
    assert generator.ended.wait(5)
    assert generator.num_read == at + 1
    assert generator.timeouts_s == [0.2]
    assert vars(caplog.records[0])["reason"] == "it took more than 0.2 s"


def test_a_server_that_is_silent_sees_its_reader_go() -> None:
    with FakeModelServer(WHOLE, pause_s=1) as server:
        generator = OpenAICompatible(url=server.url, model=server.model, api_key=None, timeout_s=60)
        assert standalone(QUESTION, HISTORY, generator, 0.3) == QUESTION
        assert server.hung_up.wait(20)


class FailingGenerator(ScriptedGenerator):
    def __init__(self, error: Exception) -> None:
        super().__init__(WHOLE)
        self.error = error

    def count_tokens(self, text: str) -> int:
        raise self.error


@pytest.mark.parametrize("error", [ModelUnavailable("away"), ContextTooLong("too long")])
def test_a_model_that_fails_leaves_the_question_and_a_line_in_the_log(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert standalone(QUESTION, HISTORY, FailingGenerator(error)) == QUESTION
    assert str(error) in [vars(record).get("reason") for record in caplog.records]
    assert all("sick" not in str(vars(record)) for record in caplog.records)


def test_the_examples_hold() -> None:
    assert doctest.testmod(rewrite).failed == 0
