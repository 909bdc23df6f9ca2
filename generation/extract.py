"""The door of extraction: typed questions to one document go in; for each a typed value with its quotes comes out, or why not.

A document is read whole if it fits the model's window and that is no more to read than passages for every question (servers
keep the prefix); of a longer one the passages nearest to each question, and for names and dates its opening, where contracts
tell them. The model is asked whether the passages hold the answer, writes words and value by guided decoding, and the program
makes of that what the document bears out (generation/typed/reading.py). A question whose model call fails is told as failed,
and those after it are asked all the same. Search and pack are passed in; no database is opened.
"""

import logging
import time
from collections import abc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from core.access import AccessScope
from core.errors import ContextTooLong, ModelUnavailable, MunimentError
from core.types import Context, Hit, Quote
from generation import prompt
from generation.answer import Pack, Search
from generation.engines.base import Generator
from generation.locate import Concordance
from generation.typed.question import Question, Value, schema_of
from generation.typed.reading import Reading, read
from generation.window import Counter

logger = logging.getLogger(__name__)

ANSWERABLE = 0.6  # least probability that the passages hold what is asked; docs/decisions/0005 tells how it was chosen
K = 10
MAX_WRITTEN_TOKENS = 480
RESERVED_TOKENS = 900  # of the window: for the rules, the question and what is written
OPENING_CHUNKS = 3
WHOLE_CHUNKS = 40  # a document of more is not read whole, whatever the window
MAX_FAILURES = 2  # of the model server, one after the other; it is not asked again after that

State = Literal["found", "not_found", "unverified", "failed"]
Opening = Callable[[int], Sequence[Hit]]  # the first passages of the document, in their order


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of one question; a value is there exactly if it was found, and then so are the words it follows from.

    ``quotes`` of a value that is ``unverified`` are the words that were looked at; ``alternatives`` what they may mean.
    """

    question: Question
    state: State
    reason: str
    value: Value | None = None
    quotes: tuple[Quote, ...] = ()
    alternatives: tuple[Value, ...] = ()
    retryable: bool = False

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.state == "found"):
            raise ValueError("a value is told exactly where one was found")
        if self.state == "found" and not self.quotes:
            raise ValueError("no value without the words it follows from")


@dataclass(frozen=True, slots=True)
class Extraction:
    """The values of one document, in the order of the questions. ``timings_ms`` holds ``total``."""

    values: tuple[Extracted, ...]
    model: str
    prompt_version: str
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the work is: which question is being searched for, checked, or answered by the model."""

    question_id: str
    step: Literal["search", "check", "write"]


@dataclass(frozen=True, slots=True)
class Extracting:
    """One question is done."""

    extracted: Extracted


@dataclass(frozen=True, slots=True)
class Finished:
    """All are done; always the last event."""

    extraction: Extraction


ExtractEvent = Progress | Extracting | Finished
Events = abc.Generator[ExtractEvent, None, None]


def extract(
    questions: Sequence[Question],
    *,
    scope: AccessScope,
    search: Search,
    opening: Opening,
    pack: Pack,
    generator: Generator,
    context_tokens: int,
    window_tokens: int,
    language: str = "en",
) -> Events:
    """Ask one document, to which ``search`` is bound; closing the events stops before the model's next call.

    ``language`` is the document's (ISO 639-1). A failure that may pass is told as the
    state of its question; of others, such as a document that is gone, what search raises is raised.
    """
    started = time.perf_counter()
    room = max(window_tokens - RESERVED_TOKENS, 1)
    budgets = min(context_tokens, room), min(context_tokens * len(questions), room)
    document = _Document(scope, search, opening, pack, generator, Counter(generator), *budgets, language)
    values: list[Extracted] = []
    num_failures = 0
    for question in questions:
        if num_failures < MAX_FAILURES:
            extracted = yield from _answered(question, document)
        else:
            extracted = _failed(question, "It was not asked: the model server did not answer the questions before it.")
        num_failures = num_failures + 1 if extracted.retryable else 0
        values.append(extracted)
        yield Extracting(extracted)
    times = {"total": round(1000 * (time.perf_counter() - started), 1)}
    states = {state: sum(v.state == state for v in values) for state in ("found", "not_found", "unverified", "failed")}
    logger.info("extract.done", extra={**states, **times})
    yield Finished(Extraction(tuple(values), generator.model, prompt.PROMPT_VERSION, times))


def fold(events: Iterable[ExtractEvent]) -> Extraction:
    """Run the events to their end and return all values."""
    for event in events:
        if isinstance(event, Finished):
            return event.extraction
    raise ValueError("the events ended without a result")


@dataclass
class _Document:
    """The one document that is asked, and with what."""

    scope: AccessScope
    search: Search
    opening: Opening
    pack: Pack
    generator: Generator
    count: Counter
    context_tokens: int
    whole_tokens: int
    language: str
    _whole: Context | None = field(default=None, init=False)
    _is_long: bool = field(default=False, init=False)

    def context(self, question: Question) -> tuple[Context, bool]:
        """Give the passages to ask, and whether they are all there are."""
        whole = self._read_whole()
        if whole is not None:
            return replace(whole, question=question.text), True
        hits: list[Hit] = list(self.search(question.text, scope=self.scope, k=K))
        if question.kind in {"party", "date"}:
            hits = _first(self.opening(OPENING_CHUNKS), hits)
        return self._packed(question.text, hits, self.context_tokens), False

    def _read_whole(self) -> Context | None:
        """Read the document if it fits the window; it is found out once."""
        if self._whole is None and not self._is_long:
            budget = self.whole_tokens
            hits = self.opening(WHOLE_CHUNKS + 1)
            self._is_long = not hits or len(hits) > WHOLE_CHUNKS or self._num_tokens(hits, budget) > budget
            self._whole = None if self._is_long else self._packed("", hits, budget)
        return self._whole

    def _num_tokens(self, hits: Sequence[Hit], budget: int) -> int:
        """Count the tokens of passages, as far as it matters."""
        if sum(len(hit.text) for hit in hits) > 8 * budget:  # no tokenizer needs to be asked
            return budget + 1
        return self.count("\n\n".join(hit.text for hit in hits))

    def _packed(self, question: str, hits: Sequence[Hit], budget: int) -> Context:
        """Choose what fits, without the date in a passage's label, which a model copies as if the document said it there."""
        packed = self.pack(question, hits, budget_tokens=budget, count_tokens=self.count)
        return Context(question, tuple(replace(hit, dated=None) for hit in packed.hits))


def _first(opening: Sequence[Hit], hits: Sequence[Hit]) -> list[Hit]:
    """Put a document's opening before what else was found, ranks as they then stand."""
    known = {hit.chunk_id for hit in opening}
    together = [*opening, *(hit for hit in hits if hit.chunk_id not in known)]
    return [replace(hit, rank=rank) for rank, hit in enumerate(together, 1)]


def _answered(question: Question, document: _Document) -> abc.Generator[ExtractEvent, None, Extracted]:
    try:
        return (yield from _asked(question, document))
    except MunimentError as error:
        if not (error.retryable or isinstance(error, ContextTooLong)):
            raise
        logger.warning("extract.failed", extra={"question_id": question.question_id, "error": type(error).__name__})
        return _failed(question, _told(error), retryable=error.retryable)


def _asked(question: Question, document: _Document) -> abc.Generator[ExtractEvent, None, Extracted]:
    yield Progress(question.question_id, "search")
    context, is_whole = document.context(question)
    absent = "The document states no answer to this." if is_whole else "The passages nearest to the question state no answer."
    if not context.hits:
        return Extracted(question, "not_found", absent)
    yield Progress(question.question_id, "check")
    holds = document.generator.probability_of(*prompt.holds(question, context))
    if holds < ANSWERABLE:
        return Extracted(question, "not_found", absent)
    yield Progress(question.question_id, "write")
    messages = prompt.extract(question, context)
    written = document.generator.json(messages, schema=schema_of(question), max_tokens=MAX_WRITTEN_TOKENS)
    return _judged(question, read(question, written, Concordance(context.hits), context, document.language), absent)


def _judged(question: Question, reading: Reading, absent: str) -> Extracted:
    if reading.value is not None:
        return Extracted(question, "found", reading.reason, reading.value, reading.quotes)
    if reading.is_absent:
        return Extracted(question, "not_found", absent)
    return Extracted(question, "unverified", reading.reason, None, reading.quotes, reading.alternatives)


def _failed(question: Question, reason: str, *, retryable: bool = True) -> Extracted:
    return Extracted(question, "failed", reason, retryable=retryable)


def _told(error: MunimentError) -> str:
    """Say what failed without naming hosts."""
    if isinstance(error, ContextTooLong):
        return str(error)
    what = "model server" if isinstance(error, ModelUnavailable) else "database"
    return f"The {what} did not answer; ask this question again in a moment."
