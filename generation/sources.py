"""The evidence a reader sees before the model has read a word: of each passage, the sentence that says most about the question.

It is found by the words that sentence and question share, rare ones counting most, and by how near the two are in meaning
where an embedder is at hand. Every sentence is a range of its passage, so there is nothing to verify. Embedding is kept
to the few sentences of each passage that share most words, as two cores embed some 200 sentences a second.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.types import Flag, Hit, Quote
from generation.hostile.withhold import flags_of, testifies
from generation.sentences import sentences
from generation.verify import Similarity
from generation.words import tokens

EMBEDDED = 2  # sentences of a passage that are compared by meaning
MIN_CHARS = 20  # a shorter sentence is a heading or a number in a list, and tells nothing by itself


@dataclass(frozen=True, slots=True)
class Decisive:
    """The sentence of a passage that says most about the question; ``coverage`` is the share of the question's weight that it
    and the passage's headings hold, ``similarity`` the cosine of the two, None where no embedder is at hand."""

    quote: Quote
    coverage: float
    similarity: float | None = None

    @property
    def score(self) -> float:
        """How much it says, comparable among the passages of one question."""
        return self.coverage if self.similarity is None else (self.coverage + self.similarity) / 2


def decisive(question: str, hits: Sequence[Hit], similarity: Similarity | None = None) -> dict[str, Decisive]:
    """Find the sentence of each passage that says most about the question, by chunk id; none where a passage has no sentence."""
    read = {hit.chunk_id: [(quote, frozenset(tokens(quote.text))) for quote in _quotes(hit)] for hit in hits}
    weights = _weights(question, [words for passage in read.values() for _, words in passage])
    best: list[Decisive] = []
    for hit in hits:
        around = frozenset(tokens(" ".join((hit.title, *hit.heading_path))))
        findings = [Decisive(quote, _coverage(weights, words, around)) for quote, words in read[hit.chunk_id]]
        best += sorted(findings, key=lambda f: (-f.coverage, f.quote.start))[: EMBEDDED if similarity else 1]
    if similarity and best:
        best = _compared(question, best, similarity)
    chosen: dict[str, Decisive] = {}
    for finding in best:
        known = chosen.get(finding.quote.hit.chunk_id)
        if known is None or finding.score > known.score:
            chosen[finding.quote.hit.chunk_id] = finding
    return chosen


def _quotes(hit: Hit) -> Iterable[Quote]:
    ranges = [(hit.start + start, hit.start + end) for start, end in sentences(hit.text)]
    found = [Quote(hit, start, end) for start, end in ranges if testifies(hit, start, end)]
    return [quote for quote in found if quote.end - quote.start >= MIN_CHARS] or found


def flagged(hit: Hit) -> tuple[Flag, ...]:
    """Give what of a passage speaks to a model, as ranges of its document."""
    return tuple(Flag(flag.kind, hit.start + flag.start, hit.start + flag.end, flag.reason) for flag in flags_of(hit))


def _weights(question: str, passages: Sequence[frozenset[str]]) -> dict[str, float]:
    counts = Counter(token for words in passages for token in words)
    return {token: math.log((len(passages) + 1) / (counts[token] + 0.5)) + 0.1 for token in set(tokens(question))}


def _coverage(weights: dict[str, float], words: frozenset[str], around: frozenset[str]) -> float:
    total = sum(weights.values())
    held = sum(weight * (1.0 if token in words else 0.5) for token, weight in weights.items() if token in words | around)
    return held / total if total > 0 else 0.0


def _compared(question: str, findings: Sequence[Decisive], similarity: Similarity) -> list[Decisive]:
    asked, *vectors = similarity([question, *(f.quote.text for f in findings)])
    return [Decisive(f.quote, f.coverage, float(asked @ vector)) for f, vector in zip(findings, vectors, strict=True)]
