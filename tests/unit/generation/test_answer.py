import re
from collections import abc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import AccessScope
from core.errors import ContextTooLong, ModelUnavailable
from core.types import Answer, Hit, Hits, Turn
from generation.answer import REFUSAL, AnswerEvent, Cited, Done, Pause, Plan, Sources, Token, answer, fold
from generation.confidence import confidence
from generation.engines.base import Message, Written
from generation.engines.openai import OpenAICompatible
from tests.fakes_generation import FakeModelServer, ScriptedGenerator, as_pieces, hit, pack_all

SCOPE = cast("AccessScope", object())  # handed on to search, never looked into
QUESTION = "How many hours of annual leave can I carry over?"
STATED = "You can carry over a maximum of 240 annual leave hours."
PASSAGES = (f"Leave accrues. {STATED} It lapses after that.", "Award leave expires one year after it is issued.")


class FixedSearch:
    """Finds the same passages whatever is asked, and remembers how it was asked."""

    def __init__(self, *texts: str) -> None:
        self.hits = [hit(text, rank=rank) for rank, text in enumerate(texts, 1)]
        self.calls: list[tuple[str, AccessScope, int]] = []
        self.unknown_names: tuple[str, ...] = ()

    def __call__(self, query: str, /, *, scope: AccessScope, k: int) -> Hits:
        self.calls.append((query, scope, k))
        return Hits(self.hits[:k], self.unknown_names)


def test_what_the_search_has_to_note_is_told_with_the_sources_and_at_the_end() -> None:
    search = FixedSearch(*PASSAGES)
    search.unknown_names = ("Acme Inc.",)
    events = list(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=ScriptedGenerator(STATED)))
    first, last = events[0], events[-1]
    assert isinstance(first, Sources) and isinstance(last, Done)
    assert first.note == last.answer.note == "None of the documents searched is named “Acme Inc.”."


def ask(generator: ScriptedGenerator, *texts: str, question: str = QUESTION) -> list[AnswerEvent]:
    events = answer(question, scope=SCOPE, search=FixedSearch(*texts), pack=pack_all, generator=generator)
    return [event for event in events if not isinstance(event, Pause)]


def shown(events: list[AnswerEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def test_an_answer_is_sources_then_tokens_then_citations_then_done() -> None:
    events = ask(ScriptedGenerator("You can carry over up to 240 hours [2]."), *PASSAGES)
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Sources, Sources]
    assert kinds[-2:] == [Cited, Done]
    assert set(kinds[2:-2]) == {Token}
    done = fold(events)
    assert (done.text, done.refused) == ("You can carry over up to 240 hours.", False)
    assert [citation.quote.text for citation in done.citations] == [STATED]
    assert shown(events) == done.text


def test_search_gets_the_question_the_scope_and_k() -> None:
    search = FixedSearch(*PASSAGES)
    fold(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=ScriptedGenerator(STATED), plan=Plan(k=3)))
    assert search.calls == [(QUESTION, SCOPE, 3)]


def test_the_answer_names_its_model_its_prompts_and_its_times() -> None:
    done = fold(ask(ScriptedGenerator(STATED), *PASSAGES))
    assert done.model == "scripted"
    assert len(done.prompt_version) == 12
    times = [done.timings_ms[name] for name in ("evidence", "retrieval", "answerable", "first_token", "total")]
    assert times == sorted(times)
    assert times[0] >= 0


def test_what_the_model_says_the_passages_do_not_hold_is_refused_before_it_writes() -> None:
    generator = ScriptedGenerator(STATED, yes=0.1)
    events = ask(generator, *PASSAGES)
    assert [type(event) for event in events] == [Sources, Sources, Token, Done]
    assert shown(events) == fold(events).text == REFUSAL
    assert fold(events).refused
    assert len(generator.asked) == 1


def test_where_nothing_is_found_the_model_is_not_asked() -> None:
    generator = ScriptedGenerator(STATED)
    assert fold(ask(generator)).refused
    assert generator.asked == []


@pytest.mark.parametrize("text", ["", "Employees receive 200 stock options.", "The passages do not state it.", "[1]"])
def test_a_writing_that_nothing_supports_is_refused(text: str) -> None:
    done = fold(ask(ScriptedGenerator(text), *PASSAGES))
    assert (done.text, done.refused, done.citations) == (REFUSAL, True, ())


def test_a_writing_that_disclaims_is_not_read_to_its_end() -> None:
    generator = ScriptedGenerator("I do not know. " + "So it goes on and on. " * 20)
    assert fold(ask(generator, *PASSAGES)).refused
    assert generator.num_read < 10
    assert generator.closed


def test_a_later_sentence_cut_off_at_the_token_limit_is_not_in_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    half = "Award leave expires one year after it is"
    pieces = as_pieces(f"{STATED} {half}")
    monkeypatch.setattr("generation.window.MAX_ANSWER_TOKENS", len(pieces))
    monkeypatch.setattr("generation.window.MIN_ANSWER_TOKENS", 1)
    assert fold(ask(ScriptedGenerator(pieces=pieces), *PASSAGES)).text == f"{STATED} {half}"
    done = fold(ask(ScriptedGenerator(pieces=[*pieces, " never", " issued."]), *PASSAGES))
    assert (done.text, len(done.citations)) == (STATED, 1)


def test_an_opening_that_nothing_supports_is_withdrawn() -> None:
    events = ask(ScriptedGenerator(f"You can eat chocolate frogs in Ohio. {STATED}"), *PASSAGES)
    done = fold(events)
    assert shown(events) == f"You can {STATED}"
    assert (done.text, done.refused) == (STATED, False)
    assert [done.text[c.answer_start : c.answer_end] for c in done.citations] == [STATED]


def test_a_question_after_others_is_searched_and_answered_as_it_was_rewritten() -> None:
    search, history = FixedSearch(*PASSAGES), [Turn(QUESTION, "At most 240.")]
    rewritten = "How many hours of sick leave can I carry over?"
    events = list(
        answer(
            "And sick leave?",
            scope=SCOPE,
            search=search,
            pack=pack_all,
            generator=ScriptedGenerator(rewritten),
            history=history,
        )
    )
    assert [call[0] for call in search.calls] == [f"{QUESTION} And sick leave?", rewritten]
    told = [(event.given, event.standalone_question) for event in events if isinstance(event, Sources)]
    assert told == [(False, None), (False, rewritten), (True, rewritten)]
    done = fold(events)
    assert done.standalone_question == rewritten
    assert done.timings_ms["rewrite"] <= done.timings_ms["retrieval"]


def test_a_question_that_was_not_rewritten_is_told_as_none() -> None:
    for history in ((), (Turn("Who?", "Nobody."),)):
        search = FixedSearch(*PASSAGES)
        events = answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=ScriptedGenerator(STATED), history=history)
        assert fold(events).standalone_question is None
        assert search.calls[-1][0] == QUESTION


def test_closing_the_events_stops_the_model() -> None:
    generator = ScriptedGenerator(STATED * 9)
    events = answer(QUESTION, scope=SCOPE, search=FixedSearch(*PASSAGES), pack=pack_all, generator=generator)
    while not isinstance(next(events), Token):
        pass
    events.close()
    assert generator.closed
    assert generator.num_read < 5


def test_sources_come_before_the_model_is_asked() -> None:
    generator = ScriptedGenerator(STATED)
    events = answer(QUESTION, scope=SCOPE, search=FixedSearch(*PASSAGES), pack=pack_all, generator=generator)
    first = next(events)
    assert isinstance(first, Sources)
    assert [source.hit.text for source in first.sources] == list(PASSAGES)
    assert generator.asked == []
    events.close()


def test_while_the_model_server_is_down_the_passages_speak_and_afterwards_the_model_does_again() -> None:
    with FakeModelServer(STATED, fail=503) as server:
        generator = OpenAICompatible(url=server.url, model=server.model, api_key=None, timeout_s=5)

        def ask_it() -> list[AnswerEvent]:
            search = FixedSearch(*PASSAGES)
            return list(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=generator))

        events = ask_it()
        down = fold(events)
        assert down.degraded
        assert not down.refused
        assert [citation.quote.text for citation in down.citations] == [STATED]  # the other has nothing to do with it
        assert down.text == f"“{STATED}”" == shown(events)
        assert [down.text[c.answer_start + 1 : c.answer_end - 1] for c in down.citations] == [STATED]
        assert down.confidence is None
        server.fail = None
        assert (fold(ask_it()).degraded, fold(ask_it()).text) == (None, STATED)


def test_without_a_model_a_question_that_no_passage_speaks_to_is_refused_for_that_reason() -> None:
    class Away(ScriptedGenerator):
        def probability_of(self, word: str, against: str, messages: Sequence[Message], **options: Any) -> float:
            raise ModelUnavailable("away")

    done = fold(ask(Away(), *PASSAGES, question="Who is king of France?"))
    assert done.refusal
    assert (done.refusal.reason, bool(done.degraded), done.citations) == ("model_unavailable", True, ())


def test_a_server_that_cannot_count_is_not_asked_to_again() -> None:
    class Miscounting(ScriptedGenerator):
        num_asked = 0

        def count_tokens(self, text: str) -> int:
            self.num_asked += 1
            raise ContextTooLong("context length exceeded")

        def _take(self, messages: Sequence[Message]) -> None:
            self.asked.append(list(messages))

        def stream(self, messages: Sequence[Message], **options: Any) -> abc.Generator[str, None, Written]:
            yield STATED
            return Written(cut_off=False)

    generator, search, plan = Miscounting(), FixedSearch(*PASSAGES), Plan(window_tokens=1200)
    assert fold(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=generator, plan=plan)).text == STATED
    assert generator.num_asked == 1


def test_a_model_that_hangs_is_waited_for_as_long_as_the_plan_says() -> None:
    with FakeModelServer(STATED, pause_s=20) as server:
        generator = OpenAICompatible(url=server.url, model=server.model, api_key=None, timeout_s=60)
        plan = Plan(patience_s=0.3)
        search = FixedSearch(*PASSAGES)
        done = fold(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=generator, plan=plan))
    assert done.degraded
    assert done.timings_ms["total"] < 5000


def test_a_model_that_breaks_off_leaves_what_it_wrote_and_the_passages_support() -> None:
    class Breaking(ScriptedGenerator):
        def stream(self, messages: Sequence[Message], **options: Any) -> abc.Generator[str, None, Written]:
            yield from super().stream(messages, **options)
            raise ModelUnavailable("gone")

    for text, expected in ((f"{STATED} Award le", STATED), ("You can ca", f"“{STATED}”")):
        done = fold(ask(Breaking(text), *PASSAGES))
        assert done.text == expected
        assert done.degraded
        assert all(claim.verdict == "supported" for claim in done.claims)
        assert done.left_out == ("the model broke off",)


LONG = [f"{number} days are left over for nothing at all in this long passage of many words." for number in range(8)]


def test_a_prompt_the_server_has_no_room_for_is_given_fewer_passages() -> None:
    roomy, small = ScriptedGenerator(STATED), ScriptedGenerator(STATED, window_tokens=170)
    texts = (STATED, *LONG)
    given = len(fold(ask(roomy, *texts)).sources)
    answered = fold(ask(small, *texts))
    assert (answered.text, answered.degraded) == (STATED, None)
    assert 1 <= len(answered.sources) < given == len(texts)
    told = [event for event in ask(ScriptedGenerator(STATED, window_tokens=170), *texts) if isinstance(event, Sources)]
    assert told[-1].given
    assert told[-1].sources == answered.sources
    assert {c.quote.hit.rank for c in answered.citations} <= {s.hit.rank for s in answered.sources}


def test_the_window_decides_how_many_passages_are_given() -> None:
    texts = (STATED, *LONG)
    num_given = []
    for window_tokens in (420, 4096):
        search, plan = FixedSearch(*texts), Plan(window_tokens=window_tokens)
        generator = ScriptedGenerator(STATED, window_tokens=window_tokens)
        done = fold(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=generator, plan=plan))
        assert done.text == STATED
        num_given.append(len(done.sources))
    assert 1 <= num_given[0] < num_given[1] == len(texts)


class Reader(ScriptedGenerator):
    """Says yes as its script has it for the passages it is asked about, by their numbers."""

    def __init__(self, text: str, yes_of: Mapping[tuple[int, ...], float]) -> None:
        super().__init__(text)
        self.yes_of = yes_of

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        super().probability_of(word, against, messages, timeout_s=timeout_s)
        return self.yes_of[numbers_of(messages)]


def numbers_of(messages: Sequence[Message]) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"<passage (\d+)>", messages[-1].content)))


def read_in_portions(yes_of: Mapping[tuple[int, ...], float], **plan: float) -> tuple[list[tuple[int, ...]], Answer]:
    """Ask over three passages, of which two short ones fit into a portion; gives what was read each time, and the answer."""
    reader, texts = Reader(STATED, yes_of), (PASSAGES[1], "Leave is asked for in writing.", PASSAGES[0])
    wanted = Plan(portion_tokens=18, **plan)  # type: ignore[arg-type]
    *_, done = answer(QUESTION, scope=SCOPE, search=FixedSearch(*texts), pack=pack_all, generator=reader, plan=wanted)
    assert isinstance(done, Done)
    return [numbers_of(messages) for messages in reader.asked], done.answer


def test_passages_that_surely_hold_the_answer_are_all_the_model_reads() -> None:
    read, told = read_in_portions({(1, 2): 0.95})
    assert read == [(1, 2), (1, 2)]
    assert [source.hit.rank for source in told.sources] == [1, 2, 3]  # all were found, and all may be evidence
    assert [citation.quote.text for citation in told.citations] == [STATED]


def test_where_the_best_passages_do_not_hold_the_answer_the_model_reads_the_next_ones() -> None:
    read, told = read_in_portions({(1, 2): 0.4, (3,): 0.9})
    assert read == [(1, 2), (3,), (3,)]
    assert told.refusal is None and told.confidence and told.confidence > 0.8


def test_a_portion_that_only_probably_holds_the_answer_does_not_keep_the_model_from_the_next() -> None:
    read, told = read_in_portions({(1, 2): 0.7, (3,): 0.4, (1,): 0.8})
    assert read[:3] == [(1, 2), (3,), (1, 2)]  # written from the likelier, and then asked about what would be cited
    assert told.refusal is None and told.confidence and told.confidence > 0.5


def test_a_question_is_refused_only_after_all_passages_were_read() -> None:
    read, told = read_in_portions({(1, 2): 0.3, (3,): 0.2})
    assert read == [(1, 2), (3,)]
    assert told.refusal and told.refusal.reason == "not_stated"
    assert told.confidence == confidence(0.3)  # of the likeliest


@pytest.mark.parametrize(
    ("yes", "again", "is_answered"), [(0.75, 0.4, False), (0.75, 0.9, True), (0.5, 0.6, False), (0.97, 0.9, True)]
)
def test_what_is_true_and_beside_the_question_is_no_answer(yes: float, again: float, is_answered: bool) -> None:
    question = "What does a parking permit for the garage cost?"
    events = ask(Reader(STATED, {(1, 2): yes, (1,): again}), *PASSAGES, question=question)
    told = fold(events)
    assert bool(told.citations) is any(isinstance(event, Cited) for event in events) is is_answered
    if not is_answered:
        assert told.refusal and told.refusal.reason == "not_stated" and told.text == REFUSAL
        assert told.confidence and told.confidence < 0.5


def test_the_model_is_asked_again_about_the_cited_sentences_alone_only_where_that_may_turn_the_scales() -> None:
    unsure, sure = (Reader(STATED, {(1, 2): yes, (1,): 0.9}) for yes in (0.7, 0.99))
    assert fold(ask(unsure, *PASSAGES)).citations and fold(ask(sure, *PASSAGES)).citations
    assert ([numbers_of(m) for m in unsure.asked], [numbers_of(m) for m in sure.asked]) == (
        [(1, 2), (1, 2), (1,)],
        [(1, 2), (1, 2)],
    )
    alone = unsure.asked[-1][-1].content
    assert STATED in alone and PASSAGES[1] not in alone and "It lapses after that." not in alone


def test_a_sentence_beside_the_question_is_passed_over_for_the_one_that_answers() -> None:
    beside = "Award leave expires one year after it is issued."
    told = fold(ask(ScriptedGenerator(f"{beside} {STATED}", yes=0.62), *PASSAGES, question="How many hours may be carried over?"))
    assert [citation.quote.text for citation in told.citations] == [STATED]
    assert told.text == STATED


def test_with_a_low_threshold_the_likeliest_portion_is_answered_from() -> None:
    assert read_in_portions({(1, 2): 0.5, (3,): 0.2, (1,): 0.9}, refuse_below=0.1)[0][:3] == [(1, 2), (3,), (1, 2)]


def test_with_a_high_threshold_no_portion_is_answered_from_before_it_is_met() -> None:
    assert read_in_portions({(1, 2): 0.95, (3,): 0.99}, refuse_below=confidence(0.97))[0] == [(1, 2), (3,), (3,)]


def test_the_evidence_is_told_first_with_its_decisive_sentences_and_without_the_model() -> None:
    generator = ScriptedGenerator(STATED)
    events = answer(QUESTION, scope=SCOPE, search=FixedSearch(*PASSAGES), pack=pack_all, generator=generator)
    first = next(events)
    assert isinstance(first, Sources)
    assert not first.given
    assert [source.decisive.text for source in first.sources if source.decisive] == [STATED, PASSAGES[1]]
    assert generator.asked == []
    events.close()


def test_a_refusal_says_why_and_shows_the_nearest_passages() -> None:
    unstated = fold(ask(ScriptedGenerator(STATED, yes=0.1), *PASSAGES))
    unsupported = fold(ask(ScriptedGenerator("Dogs bark."), *PASSAGES))
    nothing = fold(ask(ScriptedGenerator(STATED)))
    reasons = [done.refusal.reason for done in (unstated, unsupported, nothing) if done.refusal]
    assert reasons == ["not_stated", "not_supported", "nothing_found"]
    assert [source.hit.text for source in unstated.sources] == list(PASSAGES)
    assert unstated.confidence < 0.5 < unsupported.confidence


def test_what_nothing_supports_is_left_out_or_marked_as_the_plan_says() -> None:
    text = f"{STATED} Dogs bark at night in Ohio."
    left_out = fold(ask(ScriptedGenerator(text), *PASSAGES))
    assert (left_out.text, [claim.verdict for claim in left_out.claims]) == (STATED, ["supported"])
    assert left_out.left_out == ("no passage says this",)
    search, plan = FixedSearch(*PASSAGES), Plan(keeps_unsupported=True)
    marked = fold(answer(QUESTION, scope=SCOPE, search=search, pack=pack_all, generator=ScriptedGenerator(text), plan=plan))
    assert marked.text == text
    assert [(text[claim.start : claim.end], claim.verdict) for claim in marked.claims] == [
        (STATED, "supported"),
        ("Dogs bark at night in Ohio.", "unsupported"),
    ]
    assert {(c.answer_start, c.answer_end) for c in marked.citations} == {(0, len(STATED))}
    assert marked.left_out == ()


@pytest.mark.parametrize("keeps_unsupported", [False, True])
@pytest.mark.parametrize(
    ("text", "yes", "reasons"),
    [
        ("Dogs bark at night. Cats sleep all day.", 0.9, ["no passage says this"] * 2),
        ("The passages do not state it. Dogs bark.", 0.9, ["the model does not know"]),
        ("", 0.9, []),
        (STATED, 0.1, []),  # it was not asked to write
        (STATED, 0.6, ["what the passages say of it is beside the question"]),
        ("A maximum of.", 0.9, ["no passage says this"]),
    ],
)
def test_a_refusal_tells_why_each_sentence_was_withdrawn(
    text: str, yes: float, reasons: list[str], *, keeps_unsupported: bool
) -> None:
    search, model, plan = FixedSearch(*PASSAGES), ScriptedGenerator(text, yes=yes), Plan(keeps_unsupported=keeps_unsupported)
    question = QUESTION if yes != 0.6 else "Who may bring a parrot?"
    done = fold(answer(question, scope=SCOPE, search=search, pack=pack_all, generator=model, plan=plan))
    assert (done.text, done.claims, list(done.left_out)) == (REFUSAL, (), reasons)


CARRY = "Employees can carry over a maximum of {} annual leave hours to the next year."


def policy(hours: int, title: str = "Leave policy", dated: date | None = None) -> Hit:
    return replace(hit(f"Leave accrues. {CARRY.format(hours)} It lapses after that.", title=title), dated=dated)


def ask_two(text: str, *found: Hit) -> Answer:
    search = FixedSearch()
    search.hits = [replace(one, rank=rank, document_id=UUID(int=rank), chunk_id=str(rank)) for rank, one in enumerate(found, 1)]
    question = "How many annual leave hours can employees carry over?"
    return fold(answer(question, scope=SCOPE, search=search, pack=pack_all, generator=ScriptedGenerator(text)))


@pytest.mark.parametrize("is_newer_first", [True, False])
@pytest.mark.parametrize(
    ("text", "cited"),
    [
        (CARRY.format(240), 240),
        (CARRY.format(200), 200),
        ("Employees can carry over at most 240 annual leave hours.", 240),
    ],
)
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (policy(240, dated=date(2023, 1, 1)), policy(200, dated=date(2024, 1, 1))),
        (policy(240), policy(200, dated=date(2024, 1, 1))),
        (policy(240, "Leave policy v2"), policy(200, "Leave policy v10")),
    ],
)
def test_two_documents_that_disagree_on_a_number_are_both_told_the_newer_first(
    older: Hit, newer: Hit, text: str, cited: int, is_newer_first: bool
) -> None:
    told = ask_two(text, *((newer, older) if is_newer_first else (older, newer)))
    assert [citation.quote.text for citation in told.citations] == [CARRY.format(cited)]
    (conflict,) = told.conflicts
    assert (conflict.newer.text, conflict.older.text) == (CARRY.format(200), CARRY.format(240))
    assert (conflict.newer.hit.title, conflict.newer.hit.dated) == (newer.title, newer.dated)
    assert (conflict.older.hit.title, conflict.older.hit.dated) == (older.title, older.dated)
    assert conflict.newer.hit.document_id != conflict.older.hit.document_id
    assert conflict.what == "“200 annual leave hours” against “240 annual leave hours”"


def test_an_answer_that_cites_both_sides_of_a_conflict_tells_it_once() -> None:
    older, newer = policy(240, dated=date(2023, 1, 1)), policy(200, dated=date(2024, 1, 1))
    told = ask_two(f"{CARRY.format(240)} {CARRY.format(200)}", older, newer)
    assert [citation.quote.text for citation in told.citations] == [CARRY.format(240), CARRY.format(200)]
    assert [(conflict.newer.text, conflict.older.text) for conflict in told.conflicts] == [(CARRY.format(200), CARRY.format(240))]


def test_two_documents_that_agree_are_in_no_conflict() -> None:
    older, newer = policy(240, "Leave policy v1", date(2023, 1, 1)), policy(240, "Leave policy v2", date(2024, 1, 1))
    told = ask_two(CARRY.format(240), newer, older)
    assert [citation.quote.text for citation in told.citations] == [CARRY.format(240)]
    assert told.conflicts == ()


def test_the_bill_tells_what_the_writing_took() -> None:
    usage = fold(ask(ScriptedGenerator(STATED), *PASSAGES)).usage
    assert usage
    assert usage.completion_tokens == len(as_pieces(STATED))
    assert usage.prompt_tokens > 40


def test_events_without_an_end_have_no_answer() -> None:
    with pytest.raises(ValueError, match="without an answer"):
        fold([Token("half an ans")])


FRAGMENT = st.sampled_from(
    [STATED, PASSAGES[1], " ", "[1]", "[", "1]", "Dogs are paid in Ohio. ", "\n\n- ", "I don't know. ", "“240”"]
)


@settings(max_examples=200)
@given(st.lists(FRAGMENT | st.text(max_size=15), max_size=12), st.floats(0, 1))
def test_whatever_the_model_says_the_answer_is_either_cited_or_refused(pieces: list[str], yes: float) -> None:
    events = ask(ScriptedGenerator(pieces=pieces, yes=yes), *PASSAGES)
    done = fold(events)
    assert done.refused == (not done.citations)
    if done.refused:
        assert done.text == REFUSAL
    else:
        assert shown(events).endswith(done.text)
        cited = [event.citation for event in events if isinstance(event, Cited)]
        assert [(c.number, c.quote) for c in cited] == [(c.number, c.quote) for c in done.citations]
        assert done.citations[0].answer_start == 0
    for citation in done.citations:
        assert citation.quote.text in PASSAGES[citation.quote.hit.rank - 1]
        assert citation.answer_end <= len(done.text)
