"""Put questions to the doors and count: how often search and answers led to the gold document, page and characters.

In: questions, a ``search``, an ``ask`` and a way to read a document's text. Out: one Outcome a question, and the
measures over all of them. What is measured is what is served: these are the very callables a route would call.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.types import Answer, Hit
from evaluation.datasets import Question
from evaluation.metrics import Span, mean, quote_fidelity, refusal_precision, refusal_recall, span_precision, span_recall

SearchDoor = Callable[[str], Sequence[Hit]]
AskDoor = Callable[[str], Answer]
TextDoor = Callable[[UUID], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question: the passages found, best first, and the answer."""

    question: Question
    hits: tuple[Hit, ...]
    answer: Answer

    @property
    def found_document(self) -> bool:
        """Whether search found a passage of the gold document."""
        return any(self.question.is_about(hit.source) for hit in self.hits)

    @property
    def cited_document(self) -> bool:
        """Whether the answer cites the gold document."""
        return any(self.question.is_about(citation.quote.hit.source) for citation in self.answer.citations)

    @property
    def cited_page(self) -> bool:
        """Whether the answer cites the gold document on the gold page; where it has no pages the document is enough."""
        cited = [citation for citation in self.answer.citations if self.question.is_about(citation.quote.hit.source)]
        return any(self.question.page in (None, citation.quote.page) for citation in cited)


def put(question: Question, search: SearchDoor, ask: AskDoor) -> Outcome:
    """Put a question to both doors."""
    return Outcome(question, tuple(search(question.question)), ask(question.question))


def measure(outcomes: Sequence[Outcome], text: TextDoor) -> dict[str, float]:
    """Compute every measure over all outcomes; each is between 0 and 1 (see evaluation/metrics.py)."""
    answerable = [outcome for outcome in outcomes if outcome.question.answerable]
    can_answer = [outcome.question.answerable for outcome in outcomes]
    refused = [outcome.answer.refused for outcome in outcomes]
    spans = [_spans(outcome, text) for outcome in answerable]
    quoted = [citation.quote for outcome in outcomes for citation in outcome.answer.citations]
    return {
        "search_document": mean(outcome.found_document for outcome in answerable),
        "search_span_recall": mean(span_recall(found, gold) for found, gold in spans),
        "search_span_precision": mean(span_precision(found, gold) for found, gold in spans),
        "cited_document": mean(outcome.cited_document for outcome in answerable),
        "cited_page": mean(outcome.cited_page for outcome in answerable),
        "refusal_precision": refusal_precision(refused, can_answer),
        "refusal_recall": refusal_recall(refused, can_answer),
        "quote_fidelity": quote_fidelity((c.text, text(c.hit.document_id)[c.start : c.end]) for c in quoted),
    }


def locate(quote: str, text: str) -> Span | None:
    """Find a quote in a text, taking any run of white space for any other; None if it is not there.

    >>> locate("two weeks", "at least two\\n  weeks before")
    (9, 20)
    """
    match = re.search(r"\s+".join(map(re.escape, quote.split())), text)
    return match.span() if match else None


def _spans(outcome: Outcome, text: TextDoor) -> tuple[list[Span], list[Span]]:
    """Place found and gold characters on one line: passages of other documents go behind the gold document's end."""
    gold_hits = [hit for hit in outcome.hits if outcome.question.is_about(hit.source)]
    others = sum(hit.end - hit.start for hit in outcome.hits if not outcome.question.is_about(hit.source))
    document = text(gold_hits[0].document_id) if gold_hits else ""
    gold = locate(outcome.question.quote, document)
    found = [(hit.start, hit.end) for hit in gold_hits]
    beyond = len(document) + 1
    # a gold quote that search did not even reach still counts as missed: it is placed behind everything found
    missed = (beyond + others + 1, beyond + others + 1 + len(outcome.question.quote))
    return [*found, (beyond, beyond + others)], [gold or missed]
