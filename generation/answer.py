"""The door: a question goes in, events come out, ending with the whole answer.

The program has a question that follows others rewritten to stand alone, finds passages, asks the model whether they hold
the answer, lets it write a few sentences, and attaches to each the passage sentences that support it. An opening nothing
supports is withdrawn, and an answer nothing supports becomes a refusal: :class:`Done` is what counts, also against tokens
already shown. It never opens a database and never imports retrieval: search and pack are passed in, so what is evaluated
is what is served. Where nothing was found the model is asked for no answer.
"""

import logging
import time
from collections import abc
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from core.access import AccessScope
from core.types import Answer, Citation, Context, Hit, Hits, Turn
from generation import prompt
from generation.citations import Evidence
from generation.draft import Draft
from generation.engines.base import Generator
from generation.rewrite import TIMEOUT_S, standalone

logger = logging.getLogger(__name__)

REFUSAL = "The documents do not hold an answer to this question."
ANSWERABLE = 0.6  # least probability of Yes; docs/decisions/0005 tells how it was chosen
MAX_ANSWER_TOKENS = 200
K = 10
CONTEXT_TOKENS = 1100


class Search(Protocol):
    """Finds passages within a scope, best first."""

    def __call__(self, query: str, /, *, scope: AccessScope, k: int) -> Hits:
        """Find at most k."""
        ...


class Pack(Protocol):
    """Chooses the passages that fit the model's prompt."""

    def __call__(
        self, question: str, hits: Sequence[Hit], /, *, budget_tokens: int, count_tokens: Callable[[str], int]
    ) -> Context:
        """Keep what fits."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages the model is given; always the first event. ``standalone_question`` and ``note`` are as in the Answer."""

    context: Context
    standalone_question: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the text to show."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation for text that has been shown."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer, which may refuse what was shown so far; always the last event."""

    answer: Answer


AnswerEvent = Sources | Token | Cited | Done
Events = abc.Generator[AnswerEvent, None, None]


def answer(
    question: str,
    *,
    scope: AccessScope,
    search: Search,
    pack: Pack,
    generator: Generator,
    k: int = K,
    context_tokens: int = CONTEXT_TOKENS,
    history: Sequence[Turn] = (),
    rewrite_timeout_s: float = TIMEOUT_S,
) -> Events:
    """Answer from what ``search`` finds in the scope, or refuse; closing the events stops the model.

    After ``history``, oldest turn first, the question is first rewritten to stand alone, and what is searched and
    answered is that. ``timings_ms`` counts from the question on: ``rewrite`` (with a history), ``retrieval`` and
    ``answerable`` when each was settled, ``first_token`` when the first text was shown, ``total``. Raises what search and
    the generator raise.
    """
    watch = _Watch()
    asked = question
    if history:
        asked = standalone(question, history, generator, rewrite_timeout_s)
        watch.note("rewrite")
    rewritten = asked if asked != question else None
    hits = search(asked, scope=scope, k=k)
    context = pack(asked, hits, budget_tokens=context_tokens, count_tokens=generator.count_tokens)
    watch.note("retrieval")
    yield Sources(context, rewritten, hits.note)
    answerable = bool(context.hits) and _is_answerable(context, generator)
    watch.note("answerable")
    draft = Draft(Evidence(context))
    if answerable:
        yield from _write(context, generator, draft, watch)
    if not draft.text:
        watch.note("first_token")
        yield Token(REFUSAL)
    yield Done(replace(_finish(draft, generator.model, watch), standalone_question=rewritten, note=hits.note))


def fold(events: Iterable[AnswerEvent]) -> Answer:
    """Run the events to their end and return the whole answer."""
    for event in events:
        if isinstance(event, Done):
            return event.answer
    raise ValueError("the events ended without an answer")


def _is_answerable(context: Context, generator: Generator) -> bool:
    return generator.probability_of("yes", "no", prompt.check(context)) >= ANSWERABLE


def _write(context: Context, generator: Generator, draft: Draft, watch: "_Watch") -> Events:
    with closing(generator.stream(prompt.write(context), max_tokens=MAX_ANSWER_TOKENS)) as pieces:
        while not draft.closed:
            try:
                piece = next(pieces)
            except StopIteration as stop:
                yield from _shown(draft.end(cut_off=stop.value.cut_off), watch)
                return
            yield from _shown(draft.add(piece), watch)


def _shown(parts: Iterable[str | Citation], watch: "_Watch") -> Events:
    for part in parts:
        if isinstance(part, Citation):
            yield Cited(part)
        else:
            watch.note("first_token")
            yield Token(part)


def _finish(draft: Draft, model: str, watch: "_Watch") -> Answer:
    refused = not draft.citations
    text, citations = draft.supported()
    watch.note("total")
    logger.info("answer.done", extra={"refused": refused, "num_citations": len(draft.citations), **watch.times_ms})
    return Answer(
        text=REFUSAL if refused else text,
        refused=refused,
        citations=citations,
        model=model,
        prompt_version=prompt.PROMPT_VERSION,
        timings_ms=watch.times_ms,
    )


class _Watch:
    """Milliseconds since the question came, noted once under each name."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.times_ms: dict[str, float] = {}

    def note(self, name: str) -> None:
        self.times_ms.setdefault(name, round(1000 * (time.perf_counter() - self._started), 1))
