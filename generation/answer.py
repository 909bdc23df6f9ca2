"""The door: a question goes in, events come out, ending with the whole answer.

The program shows the evidence first: the passages found, each with its decisive sentence. Then it asks the model whether
the passages hold the answer, lets it write a few sentences, and holds each against the passages: what they support is
cited, what nothing supports is left out or marked, and an answer nothing supports becomes a refusal. A model that is
away, silent or broken off is no reason to answer nothing: then the passages speak for themselves. It never opens a database
and never imports retrieval: search and pack are passed in, so what is evaluated is what is served.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.access import AccessScope
from core.errors import ContextTooLong, ModelError
from core.types import Answer, Citation, Conflict, Context, Hit, Hits, Quote, Refusal, Source, Turn, Usage, Verdict
from generation import prompt
from generation.citations import Evidence
from generation.confidence import PARTLY, confidence, hope
from generation.conflicts import conflicts
from generation.draft import Draft, Finished
from generation.engines.base import Generator
from generation.events import AnswerEvent, Cited, Done, Events, Pause, Sources, Token, fold
from generation.outgoing import Outgoing
from generation.rewrite import TIMEOUT_S, standalone
from generation.sources import Decisive, decisive, flagged
from generation.verify import UNSAID, Similarity
from generation.window import Counter, Room, fitted, passage_tokens, portions

__all__ = ["REFUSAL", "AnswerEvent", "Cited", "Done", "Events", "Pause", "Plan", "Sources", "Token", "answer", "fold"]

logger = logging.getLogger(__name__)

REFUSAL = "The documents do not hold an answer to this question."
NOTHING_FOUND = "Nothing that was searched has anything to do with the question."
NOT_STATED = "The passages found are about other things than what was asked; the nearest are shown."
NOT_SUPPORTED = "What the model wrote is not in the passages found, so it is not shown; the nearest passages are."
NO_MODEL = "The model does not answer just now, and no passage found speaks for itself; ask again in a moment."
SURE = 0.66  # from which on a portion of the passages is answered from before the others are read
UNSURE = (0.2, 0.88)  # confidences between which one more yes or no, to the cited sentences alone, may turn the scales
LEAST_COVERAGE = 0.2  # of the question by a sentence that is quoted in the model's place
EXTRACT = "“{quote}”"
NUM_EXTRACTS = 3
K = 10
CONTEXT_TOKENS = 1100
WINDOW_TOKENS = 4096


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
class Plan:
    """How to answer: what may be taken for granted of the model, and what to do with what is not supported."""

    k: int = K
    context_tokens: int = CONTEXT_TOKENS
    portion_tokens: int | None = None  # of passages that the model reads at once; None: all
    window_tokens: int = WINDOW_TOKENS
    refuse_below: float = 0.5
    keeps_unsupported: bool = False
    patience_s: float | None = None  # for the model's first word, and then for each next one; None: the engine's own
    rewrite_timeout_s: float = TIMEOUT_S


def answer(
    question: str,
    *,
    scope: AccessScope,
    search: Search,
    pack: Pack,
    generator: Generator,
    similarity: Similarity | None = None,
    history: Sequence[Turn] = (),
    plan: Plan | None = None,
) -> Events:
    """Answer from what ``search`` finds in the scope, or refuse; closing the events stops the model.

    After ``history``, oldest turn first, evidence is shown for the question as typed, which is then rewritten to stand alone;
    what is searched and answered is that. ``timings_ms`` counts from the question on: ``evidence`` when the first passages
    were told, ``rewrite`` (with a history), ``retrieval`` and ``answerable`` when each was settled, ``first_token`` when the
    first text was shown, ``total``. Raises what search raises; what the generator raises makes the passages speak instead.
    """
    plan, watch, asked = plan or Plan(), _Watch(), question
    if history:
        hits = search(f"{history[-1].question} {question}", scope=scope, k=plan.k)
        yield Sources(_sources(hits, decisive(question, hits)), given=False, note=hits.note)
        watch.note("evidence")
        asked = standalone(question, history, generator, plan.rewrite_timeout_s)
        watch.note("rewrite")
    hits = search(asked, scope=scope, k=plan.k)
    findings = decisive(asked, hits)
    told = Sources(_sources(hits, findings), False, asked if asked != question else None, hits.note)
    watch.note("evidence")
    yield told
    count = Counter(generator)
    budget = passage_tokens(asked, count, plan.context_tokens, plan.window_tokens)
    room = fitted(pack(asked, hits, budget_tokens=budget, count_tokens=count), count, plan.window_tokens)
    watch.note("retrieval")
    told = replace(told, sources=_sources(room.context.hits, findings), given=True)
    yield told
    asking = _Asking(told, findings, generator, similarity, plan, watch, count)
    asking.read(room)
    yield from asking.events()
    yield Done(asking.finished())


@dataclass(slots=True)
class _Asking:
    """One question with its passages in hand; what came of it is gathered here while the events go out."""

    told: Sources
    findings: dict[str, Decisive]
    generator: Generator
    similarity: Similarity | None
    plan: Plan
    watch: "_Watch"
    count: Counter
    room: Room = field(init=False)
    said_yes: float = field(init=False)  # of the passages in ``reading``, by their numbers, which the answer is written from
    reading: range = field(init=False)
    evidence: Evidence = field(init=False)
    draft: Draft = field(init=False)
    confidence: float | None = None
    degraded: str | None = None
    usage: Usage | None = None

    def read(self, room: Room) -> None:
        """Take these passages, and no others, as what the model may read and what may be cited."""
        self.room = room
        self.evidence = Evidence(room.context, self.similarity)
        self.draft = Draft(
            self.evidence, Outgoing(room.context), keeps_unsupported=self.plan.keeps_unsupported, bears=self._bears
        )

    def events(self) -> Iterator[AnswerEvent]:
        """Judge, write, and let the passages speak where the model cannot; nothing was found: ask it nothing."""
        if self.room.context.hits:
            try:
                is_answerable = self._judged()
                if len(self.told.sources) > len(self.room.context.hits):  # the server had no room for all of them
                    self.told = replace(self.told, sources=self.told.sources[: len(self.room.context.hits)])
                    yield self.told
                if is_answerable:
                    yield from self._write()
            except ModelError as error:
                logger.warning("answer.degraded", extra={"error": type(error).__name__})  # its message may hold the question
                yield from self._extract()
        if not self.draft.text:
            yield from self._shown([REFUSAL])

    def finished(self) -> Answer:
        """Give the whole answer."""
        refusal = self._refusal()
        withdrawn = tuple(claim.reason or UNSAID for claim in self.draft.claims)  # what says too little to be cited has none
        final = Finished(REFUSAL, (), (), withdrawn) if refusal else self.draft.finished()
        disagreeing = self._conflicts()
        self.watch.note("total")
        told = {"refused": bool(refusal), "num_citations": len(final.citations), "taken_out": self.draft.taken_out}
        logger.info("answer.done", extra={**told, **self.watch.times_ms})
        return Answer(
            text=final.text,
            citations=final.citations,
            model=self.generator.model,
            prompt_version=prompt.PROMPT_VERSION,
            timings_ms=self.watch.times_ms,
            claims=final.claims,
            left_out=final.left_out,
            refusal=refusal,
            confidence=self.confidence,
            degraded=self.degraded,
            conflicts=disagreeing,
            sources=self.told.sources,
            usage=self.usage,
            standalone_question=self.told.standalone_question,
            note=self.told.note,
        )

    def _judged(self) -> bool:
        """Tell whether the passages hold the answer; those the server has no room for after all are left out, the last first."""
        while True:
            try:
                return self._is_answerable()
            except ContextTooLong:
                hits = self.room.context.hits
                if len(hits) == 1:
                    raise
                self.read(replace(self.room, context=replace(self.room.context, hits=hits[: len(hits) // 2])))

    def _is_answerable(self) -> bool:
        """Ask of each portion whether it holds the answer, up to the first that surely does, and settle on the likeliest."""
        judged: list[tuple[float, range]] = []
        for portion in portions(self.room.context.hits, self.count, self.plan.portion_tokens):
            choice = prompt.check(self.room.context, portion)
            judged.append((self.generator.probability_of(*choice, timeout_s=self._patience()), portion))
            if confidence(judged[-1][0]) >= max(SURE, self.plan.refuse_below):
                break
        self.said_yes, self.reading = max(judged, key=lambda one: one[0])
        self.confidence = confidence(self.said_yes)
        self.watch.note("answerable")
        return hope(self.said_yes) >= self.plan.refuse_below

    def _bears(self, quotes: Sequence[Quote], verdict: Verdict) -> bool:
        """Weigh what the answer would rest on; the model is asked about it again where that may turn the scales."""
        speaks = self.evidence.bearing(quotes) - (PARTLY if verdict == "partly" else 0.0)
        self.confidence = confidence(self.said_yes, speaks)
        if UNSURE[0] < self.confidence < UNSURE[1]:
            choice = prompt.check(replace(self.room.context, hits=self.evidence.alone(quotes)))
            again = self.generator.probability_of(*choice, timeout_s=self._patience())
            self.confidence = confidence(self.said_yes, speaks, again)
        return self.confidence >= self.plan.refuse_below

    def _patience(self) -> float | None:
        """Tell how long to wait for the model's next word; what the yes or no took counts towards the first."""
        whole, gone_s = self.plan.patience_s, self.watch.seconds()
        return None if whole is None else max(whole - gone_s, whole / 3)

    def _write(self) -> Iterator[AnswerEvent]:
        messages, tokens = prompt.write(self.room.context, self.reading), self.room.answer_tokens
        with closing(self.generator.stream(messages, max_tokens=tokens, timeout_s=self._patience())) as pieces:
            while not self.draft.closed:
                try:
                    piece = next(pieces)
                except StopIteration as stop:
                    self.usage = stop.value.usage
                    yield from self._shown(self.draft.end(cut_off=stop.value.cut_off))
                    return
                shown = list(self._shown(self.draft.add(piece)))
                yield from shown or [Pause()]

    def _extract(self) -> Iterator[AnswerEvent]:
        """Let the passages speak: what was written and is supported stays, else the decisive sentences of the best are quoted."""
        self.draft.break_off()
        if self.draft.citations:
            self.degraded = "The model broke off; what it had written and the passages support is shown."
            return
        self.degraded = "The model does not answer just now; these are the passages' own words. Ask again for an answer in full."
        found = [found for hit in self.room.context.hits if (found := _within(hit, self.findings))]
        least = max(LEAST_COVERAGE, max((one.coverage for one in found), default=0.0) / 2)
        for one in [one for one in found if one.coverage >= least][:NUM_EXTRACTS]:
            yield from self._shown(self.draft.quote(one.quote, EXTRACT))

    def _refusal(self) -> Refusal | None:
        if self.draft.citations:
            return None
        if not self.room.context.hits:
            return Refusal("nothing_found", NOTHING_FOUND)
        if self.degraded:
            return Refusal("model_unavailable", NO_MODEL)
        if self.confidence is not None and self.confidence < self.plan.refuse_below:
            return Refusal("not_stated", NOT_STATED)
        return Refusal("not_supported", NOT_SUPPORTED)

    def _conflicts(self) -> tuple[Conflict, ...]:
        """Find what disagrees with what is cited; the passages are read for it only where another document is among them."""
        context, quotes = self.room.context, [citation.quote for citation in self.draft.citations]
        if not quotes or len({hit.document_id for hit in context.hits}) == 1:
            return ()
        return tuple(conflicts(quotes, context, self.evidence.passages))

    def _shown(self, parts: Iterable[str | Citation]) -> Iterator[AnswerEvent]:
        for part in parts:
            if isinstance(part, Citation):
                yield Cited(part)
            else:
                self.watch.note("first_token")
                yield Token(part)


def _sources(hits: Iterable[Hit], findings: dict[str, Decisive]) -> tuple[Source, ...]:
    found = [(hit, _within(hit, findings)) for hit in hits]
    return tuple(Source(hit, one.quote if one else None, flagged(hit)) for hit, one in found)


def _within(hit: Hit, findings: dict[str, Decisive]) -> Decisive | None:
    """Find the best of the decisive sentences that stand in a passage, which may be joined of several."""
    inside = [
        finding
        for finding in findings.values()
        if finding.quote.hit.document_id == hit.document_id and hit.start <= finding.quote.start and finding.quote.end <= hit.end
    ]
    best = max(inside, key=lambda finding: finding.coverage, default=None)
    return Decisive(Quote(hit, best.quote.start, best.quote.end), best.coverage) if best else None


class _Watch:
    """Milliseconds since the question came, noted once under each name."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.times_ms: dict[str, float] = {}

    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def note(self, name: str) -> None:
        self.times_ms.setdefault(name, round(1000 * self.seconds(), 1))
