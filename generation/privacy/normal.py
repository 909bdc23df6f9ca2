"""A text as it is read rather than written (Unicode's NFKC: full-width letters are letters), and where its parts stand in it."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generation.privacy.found import Found, joined

FORM: Final = "NFKC"


@dataclass(frozen=True, slots=True)
class Normal:
    """A text in its normal form; ``spans`` tell for each of its characters what it stands for in the original."""

    text: str
    spans: tuple[tuple[int, int], ...] | None  # None: the text was normal as it was

    def in_original(self, found: Iterable[Found]) -> list[Found]:
        """Give the same ranges of the original; those that meet in one character of it become one."""
        if self.spans is None:
            return list(found)
        spans = self.spans
        return joined(Found(spans[f.start][0], spans[f.end - 1][1], f.kind) for f in found if f.start < f.end)


def normal(text: str) -> Normal:
    """Normalise a text, each character with the marks that combine with it.

    >>> read = normal("½ by ann＠example.org")
    >>> read.text, read.in_original([Found(7, 22, "EMAIL")])
    ('1⁄2 by ann@example.org', [Found(start=5, end=20, kind='EMAIL')])
    """
    if unicodedata.is_normalized(FORM, text):
        return Normal(text, None)
    parts = [(unicodedata.normalize(FORM, text[start:end]), (start, end)) for start, end in _clusters(text)]
    return Normal("".join(part for part, _ in parts), tuple(span for part, span in parts for _ in part))


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not unicodedata.combining(text[end]):
            yield start, end
            start = end
