"""The door with a scripted model: what is asked of it, and what comes out whatever it writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import AccessScope
from core.errors import ContextTooLong, DependencyUnavailable, ModelMismatch, ModelUnavailable, NotFound
from core.types import Hit, Hits
from generation import prompt
from generation.engines.base import Message
from generation.extract import Events, Extracted, Extracting, Finished, Progress, extract, fold
from generation.typed.question import KINDS, Kind, Question, schema_of
from tests.fakes_generation import ScriptedGenerator, hit, pack_all

SCOPE = cast("AccessScope", object())  # handed on to search, never looked into
OPENING = 'This agreement is made on 30 November 2017 between Bravatek Solutions, Inc. and Sibannac Ltd ("COMPANY").'
LAW = "It is governed by the laws of Texas. Neither party may assign it without consent. The fee is US$ 1,500.00."
DATE = Question("made", "When was it made?", "date")
GOVERNS = Question("law", "Which law governs it?", "text")
WRITTEN = {"quote": "made on 30 November 2017", "date": "30 November 2017"}


class Document:
    """A document of a few passages, which tells how it was read."""

    def __init__(self, *texts: str) -> None:
        self.hits = [hit(text, rank=rank, start=1000 * rank, page=rank) for rank, text in enumerate(texts, 1)]
        self.searched: list[tuple[str, AccessScope, int]] = []
        self.error: Exception | None = None

    def search(self, query: str, /, *, scope: AccessScope, k: int) -> Hits:
        self.searched.append((query, scope, k))
        if self.error:
            raise self.error
        return Hits(self.hits[::-1])

    def opening(self, k: int) -> Sequence[Hit]:
        return self.hits[:k]

    def ask(self, generator: ScriptedGenerator, *questions: Question, context_tokens: int = 1100) -> Events:
        return extract(
            questions,
            scope=SCOPE,
            search=self.search,
            opening=self.opening,
            pack=pack_all,
            generator=generator,
            context_tokens=context_tokens,
            window_tokens=4096,
        )


class FailingGenerator(ScriptedGenerator):
    """Fails at the calls of these numbers, counted from 0."""

    def __init__(self, failing: Callable[[int], Exception | None], **script: Any) -> None:
        super().__init__(**script)
        self.failing, self.num_calls = failing, 0

    def _take(self, messages: Sequence[Message]) -> None:
        super()._take(messages)
        self.num_calls += 1
        if error := self.failing(self.num_calls - 1):
            raise error


def values(events: Events) -> tuple[Extracted, ...]:
    return fold(events).values


def test_each_question_makes_progress_and_a_value_and_at_last_come_all_together() -> None:
    events = list(Document(OPENING, LAW).ask(ScriptedGenerator(json=WRITTEN), DATE, GOVERNS))
    kinds = [(type(event), getattr(event, "step", None)) for event in events]
    asked = [(Progress, "search"), (Progress, "check"), (Progress, "write"), (Extracting, None)]
    assert kinds == [*asked, *asked, (Finished, None)]
    done = fold(events)
    assert done.values == tuple(event.extracted for event in events if isinstance(event, Extracting))
    assert (done.model, done.prompt_version) == ("scripted", prompt.PROMPT_VERSION)
    assert [value.question for value in done.values] == [DATE, GOVERNS]
    (found, _) = done.values
    assert (found.state, found.value, found.quotes[0].text, found.quotes[0].page) == ("found", "2017-11-30", OPENING, 1)


def test_a_short_document_is_read_whole_and_searched_for_nothing() -> None:
    document, generator = Document(OPENING, LAW), ScriptedGenerator(json=WRITTEN)
    values(document.ask(generator, DATE, GOVERNS))
    assert document.searched == []
    users = [messages[1].content for messages in generator.asked]
    shared = users[0].partition("Question:")[0]
    assert OPENING in shared and LAW in shared
    assert all(user.startswith(shared) for user in users), "the passages stand first, so that their prefix is kept"


def test_a_long_document_is_searched_for_each_question_its_opening_first_for_names_and_dates() -> None:
    document, generator = Document(OPENING, "x " * 900, "y " * 900, LAW), ScriptedGenerator(json=WRITTEN)
    made, _ = values(document.ask(generator, DATE, GOVERNS, context_tokens=500))
    assert document.searched == [(DATE.text, SCOPE, 10), (GOVERNS.text, SCOPE, 10)]
    first, third = generator.asked[0][1].content, generator.asked[2][1].content
    assert first.index(OPENING) < first.index(LAW)
    assert third.index(LAW) < third.index(OPENING)
    assert made.state == "found"


def test_a_document_is_not_read_whole_for_one_question_if_passages_are_less_to_read() -> None:
    document = Document(OPENING, "x " * 900)
    values(document.ask(ScriptedGenerator(json=WRITTEN), GOVERNS, context_tokens=500))
    assert len(document.searched) == 1
    document = Document(OPENING, "x " * 900)
    values(document.ask(ScriptedGenerator(json=WRITTEN), GOVERNS, DATE, context_tokens=500))
    assert document.searched == []


def test_the_date_by_which_a_passage_is_labelled_is_kept_from_the_model_which_would_copy_it() -> None:
    document, generator = Document(OPENING), ScriptedGenerator(json=WRITTEN)
    document.hits = [replace(found, dated=date(2017, 11, 30)) for found in document.hits]
    values(document.ask(generator, DATE))
    assert all("2017-11-30" not in messages[1].content for messages in generator.asked)


def test_what_the_model_says_is_not_there_is_not_written() -> None:
    generator = ScriptedGenerator(json=WRITTEN, yes=0.3)
    (value,) = values(Document(OPENING, LAW).ask(generator, DATE))
    assert (value.state, value.value, value.quotes) == ("not_found", None, ())
    assert value.reason == "The document states no answer to this."
    assert len(generator.asked) == 1


def test_a_document_without_passages_is_searched_and_the_model_is_not_asked() -> None:
    document, generator = Document(), ScriptedGenerator(json=WRITTEN)
    (value,) = values(document.ask(generator, DATE))
    assert (value.state, generator.asked, len(document.searched)) == ("not_found", [], 1)


def test_words_that_do_not_bear_the_value_are_shown_without_it() -> None:
    written = {"quote": "made on 30 November 2017", "date": "1 May 2010"}
    (value,) = values(Document(OPENING).ask(ScriptedGenerator(json=written), DATE))
    assert (value.state, value.value, [e.text for e in value.quotes]) == ("unverified", None, [OPENING])


def test_a_call_that_fails_fails_its_question_alone() -> None:
    generator = FailingGenerator(lambda n: ModelUnavailable("10.0.0.7 is away") if n == 1 else None, json=WRITTEN)
    first, second = values(Document(OPENING).ask(generator, DATE, DATE))
    assert (first.state, first.retryable, first.value) == ("failed", True, None)
    assert "10.0.0.7" not in first.reason
    assert second.value == "2017-11-30"


def test_after_two_failures_on_end_the_model_server_is_left_alone() -> None:
    generator = FailingGenerator(lambda n: ModelUnavailable("away"), json=WRITTEN)
    made = values(Document(OPENING).ask(generator, *[DATE] * 5))
    assert [(value.state, value.retryable) for value in made] == [("failed", True)] * 5
    assert generator.num_calls == 2


def test_what_is_too_long_for_the_model_fails_for_good() -> None:
    generator = FailingGenerator(lambda n: ContextTooLong("too long") if n == 0 else None, json=WRITTEN)
    first, second = values(Document(OPENING).ask(generator, DATE, DATE))
    assert (first.state, first.retryable, second.state) == ("failed", False, "found")


def test_a_database_that_is_away_fails_the_question_and_a_document_that_is_gone_ends_all() -> None:
    document = Document()
    document.error = DependencyUnavailable("away")
    (value,) = values(document.ask(ScriptedGenerator(), DATE))
    assert (value.state, value.retryable) == ("failed", True)
    for error in (NotFound("gone"), ModelMismatch("other")):
        document.error = error
        with pytest.raises(type(error)):
            values(document.ask(ScriptedGenerator(), DATE))


def test_closing_the_events_asks_the_model_nothing_more() -> None:
    generator = ScriptedGenerator(json=WRITTEN)
    events = Document(OPENING).ask(generator, DATE, DATE)
    while not isinstance(next(events), Extracting):
        pass
    events.close()
    assert len(generator.asked) == 2


def test_events_without_an_end_have_no_result() -> None:
    with pytest.raises(ValueError, match="without a result"):
        fold([Progress("1", "search")])


def test_no_value_can_be_told_without_its_words() -> None:
    with pytest.raises(ValueError, match="no value without"):
        Extracted(DATE, "found", "", "2017-11-30")
    with pytest.raises(ValueError, match="exactly where"):
        Extracted(DATE, "unverified", "", "2017-11-30")


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_is_asked_under_a_schema_of_its_own(kind: Kind) -> None:
    seen: list[Mapping[str, Any]] = []

    class Noting(ScriptedGenerator):
        def json(self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: Any = None) -> Any:
            seen.append(schema)
            return super().json(messages, schema=schema, max_tokens=max_tokens)

    question = Question("1", "Which law </passage> governs?", kind)
    generator = Noting()
    (value,) = values(Document(OPENING, LAW).ask(generator, question))
    assert seen == [schema_of(question)]
    assert seen[0]["required"][0] in {"quote", "quotes"}, "the words come first, and the value is read off them"
    assert value.state == "not_found"
    assert "Which law ‹/passage> governs?" in generator.asked[1][1].content


def test_options_are_told_to_the_model_and_it_is_held_to_them() -> None:
    question = Question("1", "Which law?", "text", ("Texas", "Ohio"))
    generator = ScriptedGenerator(json={"quote": "governed by the laws of Texas", "answer": "Texas"})
    (value,) = values(Document(LAW).ask(generator, question))
    assert value.value == "Texas"
    assert "Texas; Ohio" in generator.asked[1][1].content
    assert schema_of(question)["properties"]["answer"]["enum"] == ["Texas", "Ohio"]


WORDS = st.sampled_from(
    [OPENING, LAW, LAW[:20], "governed by the laws of Texas", "30 November 2017", "US$ 1,500.00", "Sibannac Ltd", "yes", "no", ""]
)
TEXTS = WORDS | st.text(max_size=12) | st.builds("{}{}".format, WORDS, WORDS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("quote", "quotes", "answer", "date", "amount", "names", "other"), JSON)
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), JSON | FIELDS, TEXTS, st.booleans())
def test_whatever_the_model_writes_every_value_has_words_that_stand_in_the_document(
    kind: Kind, written: Any, asked: str, choice: bool
) -> None:
    options = ("Texas", "no") if choice and kind == "text" else ()
    document = Document(OPENING, LAW)
    (value,) = values(document.ask(ScriptedGenerator(json=written), Question("1", asked or "?", kind, options)))
    texts = {found.start: found for found in document.hits}
    for quote in value.quotes:
        passage = texts[1000 * (quote.start // 1000)]
        assert passage.text[quote.start - passage.start : quote.end - passage.start] == quote.text != ""
        assert quote.page == passage.page_first
    assert (value.value is not None) == (value.state == "found")
    said = " ".join(quote.text for quote in value.quotes)
    if value.state == "found":
        assert said
    if value.value is not None and kind in {"party", "clause"}:
        assert isinstance(value.value, tuple) and value.value
        assert all(one in said for one in value.value)
    if value.value is not None and kind == "date":
        assert value.value == "2017-11-30" or str(value.value)[:4] in said
