"""The door: questions go to the API one by one, and every answer is held against what is known of its question.

In: a client of the API, questions and a plan. Out: a Run. A question that fails is recorded and counts as not answered; what
was measured before Ctrl-C, or before the API went away for good, is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import fmean, median
from typing import Any

import numpy as np

from core.errors import InvalidInput
from evaluation.answers.asking import INTERRUPTED, put_all
from evaluation.answers.curve import Fit, Point, aurc, curve, fit
from evaluation.answers.fidelity import TextDoor, text_door
from evaluation.answers.outcome import MAIN, Outcome, compare, measure_names
from evaluation.datasets import Question, locate
from evaluation.metrics import mean
from ui.client import Client

WAITED = ("evidence", "first_token", "total")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask of: ``parallel`` questions at once, and ``limit`` of them at most, spread over the file."""

    collection: str
    parallel: int = 1
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluation: an outcome a question, in order. ``stopped`` says why there are fewer than were to be."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    started_at: datetime
    notes: tuple[str, ...] = ()
    stopped: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether it was Ctrl-C that stopped it."""
        return self.stopped == INTERRUPTED

    @property
    def observations(self) -> dict[str, list[float]]:
        """What every measure is the mean of, in the order they are shown."""
        every = [outcome.observations() for outcome in self.outcomes]
        names = measure_names([outcome.question for outcome in self.outcomes])
        return {name: [value for own in every for value in own.get(name, ())] for name in names}

    @property
    def measures(self) -> dict[str, float]:
        """Each measure's value, 1.0 where there is nothing to count; more is better."""
        found = {name: mean(values) for name, values in self.observations.items()}
        if "balanced_accuracy" in found:
            found["balanced_accuracy"] = (found["refusal_recall"] + found["answered"]) / 2
        return found

    @property
    def counted(self) -> dict[str, int]:
        """How many observations each measure is the mean of."""
        found = {name: len(values) for name, values in self.observations.items()}
        return found | (
            {"balanced_accuracy": found["refusal_recall"] + found["answered"]} if "balanced_accuracy" in found else {}
        )

    @property
    def waited_ms(self) -> dict[str, dict[str, float]]:
        """The median and the 95th percentile of what the client waited for, in milliseconds."""
        waited = {name: [o.reply.waited_ms[name] for o in self.outcomes if name in o.reply.waited_ms] for name in WAITED}
        quantiles = {name: np.percentile(times, [50, 95]) for name, times in waited.items() if times}
        return {name: {"p50": round(float(p50), 1), "p95": round(float(p95), 1)} for name, (p50, p95) in quantiles.items()}

    @property
    def server_ms(self) -> dict[str, float]:
        """The medians of the times that the server tells, by its own names for them."""
        times = [outcome.reply.timings_ms for outcome in self.outcomes]
        names = dict.fromkeys(name for told in times for name in told)
        return {name: round(median(told[name] for told in times if name in told), 1) for name in names}

    @property
    def tokens(self) -> dict[str, float]:
        """The means of the tokens that the model was given and wrote, where the server tells."""
        told = [outcome.reply.usage for outcome in self.outcomes if outcome.reply.usage]
        names = dict.fromkeys(name for usage in told for name in usage)
        return {name: round(fmean(usage.get(name, 0) for usage in told), 1) for name in names}

    @property
    def curve(self) -> list[Point]:
        """Accuracy over coverage as the threshold of confidence falls; empty where the server tells no confidence."""
        plain = [outcome for outcome in self.outcomes if not outcome.question.attack]
        answered = [(o.reply.confidence, o.right) for o in plain if o.answered and o.reply.confidence is not None]
        return curve(answered, len(plain)) if plain else []

    @property
    def fit(self) -> Fit | None:
        """The threshold of confidence that suits these questions best; None where they or the server do not tell."""
        plain = [o for o in self.outcomes if not o.question.attack and not o.reply.error]
        known = [(o.reply.confidence, o.question.answerable) for o in plain if o.reply.confidence is not None]
        return fit([confidence for confidence, _ in known], [answerable for _, answerable in known])

    def count(self, field: str) -> int:
        """Count the replies whose field (refused, error, degraded) is set."""
        return sum(bool(getattr(outcome.reply, field)) for outcome in self.outcomes)

    def report(self) -> dict[str, Any]:
        """Give what ``--json`` prints and ``--save`` writes."""
        models = dict.fromkeys((o.reply.model, o.reply.prompt_version) for o in self.outcomes if o.reply.model)
        return {
            "measures": self.measures,
            "counted": self.counted,
            "main_measure": MAIN,
            "waited_ms": self.waited_ms,
            "server_ms": self.server_ms,
            "tokens": self.tokens,
            "curve": [asdict(point) for point in self.curve],
            "aurc": aurc(self.curve),
            "fit": asdict(found) if (found := self.fit) else None,
            "num_queries": len(self.outcomes),
            "num_refused": self.count("refused"),
            "num_degraded": self.count("degraded"),
            "num_failed": self.count("error"),
            "collection": self.plan.collection,
            "models": [{"model": model, "prompt_version": version} for model, version in models],
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "stopped": self.stopped,
            "notes": list(self.notes),
            "queries": [_row(outcome) for outcome in self.outcomes],
        }


def evaluate(client: Client, questions: Sequence[Question], plan: Plan) -> Run:
    """Ask every question and judge the answers; raises InvalidInput, or ApiError where not one could be asked."""
    if not questions:
        raise InvalidInput("The file holds no question: write some, in the form that docs/howto/measure-answers.md shows.")
    started_at = datetime.now(UTC)
    asked = spread(questions, plan.limit)
    documents = {document["source"]: document["document_id"] for document in client.documents(plan.collection)}
    text = text_door(client)
    notes = (*_absent(asked, plan.collection, documents), *_lost(asked, documents, text))
    replies, stopped = put_all(client, asked, plan.collection, plan.parallel)
    outcomes = tuple(compare(question, reply, text) for question, reply in zip(asked, replies, strict=False))
    return Run(plan, outcomes, started_at, notes, stopped)


def spread(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """Take at most ``limit`` questions, evenly spread, so that each kind keeps its part.

    >>> [q.question for q in spread([Question(str(n)) for n in range(6)], 3)]
    ['0', '2', '4']
    """
    num = min(limit or len(questions), len(questions))
    return [questions[i * len(questions) // num] for i in range(num)]


def _absent(questions: Sequence[Question], collection: str, sources: Iterable[str]) -> list[str]:
    """Say which gold documents the collection lacks; raises InvalidInput if it has none of them."""
    held = list(sources)
    gold = {question.document: question for question in questions if question.answerable}
    absent = sorted(name for name, question in gold.items() if not any(question.is_about(source) for source in held))
    if gold and len(absent) == len(gold):
        raise InvalidInput(
            f"The collection {collection} holds none of the questions' documents, such as {absent[0]}: ingest them into it first."
        )
    return [f"{len(absent)} documents of questions are not in the collection, such as {absent[0]}."] if absent else []


def _lost(questions: Sequence[Question], documents: Mapping[str, str], text: TextDoor) -> list[str]:
    """Say how many gold quotes do not stand in their document's text as the platform reads it."""
    texts = {gold: text(i) or "" for q in questions for gold in q.gold for source, i in documents.items() if gold.is_in(source)}
    lost = [gold for gold, document in texts.items() if gold.quote and locate(gold.quote, document) is None]
    note = f"{len(lost)} gold quotes do not stand in their document's text, such as {{!r}}; their page or document judges."
    return [note.format(lost[0].quote)] if lost else []


def _row(outcome: Outcome) -> dict[str, Any]:
    question, reply = outcome.question, outcome.reply
    return {
        "query_id": question.query_id,
        "query": question.question,
        "measures": outcome.measures,
        "answerable": question.answerable,
        "expected": list(question.right_answers),
        "answer": reply.answer,
        "refused": reply.refused,
        "reason": reply.reason,
        "confidence": reply.confidence,
        "degraded": reply.degraded,
        "error": reply.error,
        "claims": [asdict(claim) for claim in reply.claims],
        "quotes": [
            {
                "shown_as": quote.shown_as,
                "number": quote.number,
                "source": quote.source,
                "page": quote.page,
                "start": quote.start,
                "end": quote.end,
                "quote": quote.text,
                "mended": quote.mended,
                "fault": outcome.faults.get(place, ""),
            }
            for place, quote in enumerate(reply.quotes)
        ],
        "waited_ms": dict(reply.waited_ms),
        "timings_ms": dict(reply.timings_ms),
    }
