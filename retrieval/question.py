"""A question made ready to search with: safe text, and the vectors it is compared by.

A long question asks several things, and the mean of them all is near to none. So it is embedded as a whole and in parts,
and a passage counts by the whole and by the part it answers best (docs/decisions/0012).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from retrieval.embedders.base import Embedder, Vector, Vectors

MAX_CHARS = 20_000  # a bound on work; what a model is asked is bounded by its window, and shorter
PART_TOKENS = 128  # a question no longer than this has no parts
MAX_PARTS = 32
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Question:
    """Its text, the vector of the whole, and those of its parts, (n, dimension); no rows where it is short."""

    text: str
    whole: Vector
    parts: Vectors

    @property
    def is_long(self) -> bool:
        """Whether it was cut into parts."""
        return len(self.parts) > 0

    def cosines(self, vectors: Vectors) -> Vector:
        """Compare with the rows of ``vectors`` (n, dimension): (n,), with parts the mean of the whole's and the best part's."""
        whole: Vector = vectors @ self.whole
        return np.asarray((whole + (vectors @ self.parts.T).max(axis=1)) / 2 if self.is_long else whole, dtype=np.float32)


def checked(query: str) -> str:
    """Make any text safe to embed and to store: no lone surrogates, no NUL, no blank edges.

    Raises InvalidInput if nothing is left, or too much.
    """
    text = query.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()
    if not text:
        raise InvalidInput("The question is empty: ask something.")
    if len(text) > MAX_CHARS:
        raise InvalidInput(f"The question has {len(text)} characters; ask in at most {MAX_CHARS}.")
    return text


def embed(text: str, embedder: Embedder) -> Question:
    """Embed a checked text, the whole and its parts at once."""
    vectors = embedder.embed_queries([text, *parts_of(text, embedder.count_tokens)])
    return Question(text, vectors[0], vectors[1:])


def parts_of(text: str, count_tokens: Callable[[list[str]], list[int]]) -> list[str]:
    """Pack a long text's sentences into parts of about PART_TOKENS, in order; none for a short one.

    >>> parts_of("Short.", lambda texts: [len(t) for t in texts])
    []
    >>> [len(p) for p in parts_of("a" * 99 + ". " + "b" * 99 + ".", lambda texts: [len(t) for t in texts])]
    [100, 100]
    """
    if count_tokens([text])[0] <= PART_TOKENS:
        return []
    sentences = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]
    parts, filled = [[sentences[0]]], 0
    for sentence, tokens in zip(sentences, count_tokens(sentences), strict=True):
        if filled and filled + tokens > PART_TOKENS:
            parts.append([])
            filled = 0
        if filled:
            parts[-1].append(sentence)
        else:
            parts[-1] = [sentence]
        filled += tokens
    return [" ".join(part) for part in parts][:MAX_PARTS]
