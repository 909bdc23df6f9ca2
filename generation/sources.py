"""The evidence a reader sees before the model has read a word: of each passage, the sentence that says most about the question.

It is found by the words that sentence and question share, rare ones counting most. Every sentence is a range of its passage,
so there is nothing to verify. (Nearness in meaning found the right sentence for 1 question of 60 more, and took the time
in which the model could have begun to read.)
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.types import Flag, Hit, Quote
from generation.hostile.withhold import flags_of, witnesses
from generation.words import token_set, tokens

MIN_CHARS = 20  # a shorter sentence is a heading or a number in a list, and tells nothing by itself


@dataclass(frozen=True, slots=True)
class Decisive:
    """The sentence of a passage that says most about the question; ``coverage`` is the share of the question's weight that it
    and the passage's headings hold."""

    quote: Quote
    coverage: float


def decisive(question: str, hits: Sequence[Hit]) -> dict[str, Decisive]:
    """Find the sentence of each passage that says most about the question, by chunk id; none where none may be evidence."""
    read = {hit.chunk_id: [(quote, token_set(quote.text)) for quote in _quotes(hit)] for hit in hits}
    weights = _weights(question, [words for passage in read.values() for _, words in passage])
    found: dict[str, Decisive] = {}
    for hit in hits:
        around = frozenset(tokens(" ".join((hit.title, *hit.heading_path))))
        rated = [Decisive(quote, _coverage(weights, words, around)) for quote, words in read[hit.chunk_id]]
        if rated:
            found[hit.chunk_id] = max(rated, key=lambda one: (one.coverage, -one.quote.start))
    return found


def _quotes(hit: Hit) -> Iterable[Quote]:
    found = [Quote(hit, hit.start + start, hit.start + end) for start, end in witnesses(hit)]
    return [quote for quote in found if quote.end - quote.start >= MIN_CHARS] or found


def flagged(hit: Hit) -> tuple[Flag, ...]:
    """Give what of a passage speaks to a model, as ranges of its document."""
    return tuple(replace(flag, start=hit.start + flag.start, end=hit.start + flag.end) for flag in flags_of(hit))


def _weights(question: str, passages: Sequence[frozenset[str]]) -> dict[str, float]:
    counts = Counter(token for words in passages for token in words)
    return {token: math.log((len(passages) + 1) / (counts[token] + 0.5)) + 0.1 for token in set(tokens(question))}


def _coverage(weights: dict[str, float], words: frozenset[str], around: frozenset[str]) -> float:
    total = sum(weights.values())
    held = sum(weight * (1.0 if token in words else 0.5) for token, weight in weights.items() if token in words | around)
    return held / total if total > 0 else 0.0
