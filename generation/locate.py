"""Where in the passages words stand that a model says it copied: the model's copy is only a way to find the document's own.

Space, line ends, hyphens, ligatures, quotation marks, dashes, accents, letter case and what cannot be seen do not count in the
finding. What comes out is a range of a passage, whole sentences of it, cut from the document to the letter; words that stand
nowhere give none.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property

from core.types import Hit, Quote
from generation.sentences import sentences, trimmed, whole_sentences

MIN_CHARS = 3  # letters and digits; fewer are no quote
COPIED = 0.6  # least share of a quote that must stand in a passage in one piece, where not all of it does
MIN_COPIED_CHARS = 24  # and least letters and digits of that piece
MAX_CHARS = 2000  # of one quote
_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:\.{3,}|…)\s*\]|\.{3,}|…)\s*")


class Concordance:
    """Passages by their words: where these stand can be asked again and again."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._passages = [_Passage(hit) for hit in hits]
        self.text = "\n\n".join(hit.text for hit in hits)

    def find(self, words: str) -> list[Quote]:
        """Find words as they were copied, or the longest piece of them; one quote for each part between ellipses."""
        parts = [_letters(part) for part in _ELLIPSIS.split(words)]
        found = [self._find(part) for part in parts if len(part) >= MIN_CHARS]
        return list(dict.fromkeys(quote for quote in found if quote))

    def sentences(self) -> list[Quote]:
        """Give every sentence of the passages that is no longer than a quote may be, in order."""
        hits = (passage.hit for passage in self._passages)
        ranges = ((hit, start, end) for hit in hits for start, end in whole_sentences(hit.text) if end - start <= MAX_CHARS)
        return [Quote(hit, hit.start + start, hit.start + end) for hit, start, end in ranges]

    def place(self, words: str) -> Quote | None:
        """Find words just where they stand, and no more around them."""
        letters = _letters(words)
        for passage in self._passages if len(letters) >= MIN_CHARS - 1 else ():
            if (start := passage.find(letters)) >= 0:
                return Quote(passage.hit, *passage.range(start, start + len(letters)))
        return None

    def _find(self, letters: str) -> Quote | None:
        for passage in self._passages:
            if (start := passage.find(letters)) >= 0:
                return passage.quote(start, start + len(letters))
        return self._nearest(letters)

    def _nearest(self, letters: str) -> Quote | None:
        """Find the longest piece of words that the model copied with a slip; not of what is too long to be quoted."""
        least = max(MIN_COPIED_CHARS, math.ceil(COPIED * len(letters)))
        best: Quote | None = None
        for passage in self._passages if len(letters) <= 2 * MAX_CHARS else ():
            start, size = passage.longest(letters, least)
            if size:
                least, best = size + 1, passage.quote(start, start + size)
        return best


class _Passage:
    """One passage and its letters and digits alone, each with its place in the text."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit

    @cached_property
    def _places(self) -> tuple[str, list[int]]:
        pairs = [(letter, place) for place, char in enumerate(self.hit.text) for letter in _letters(char)]
        return "".join(letter for letter, _ in pairs), [place for _, place in pairs]

    def find(self, letters: str) -> int:
        """Find letters that begin and end with words of the text; -1 if there are none."""
        text, places = self._places
        start = text.find(letters)
        while start >= 0:
            if self._is_word_range(places[start], places[start + len(letters) - 1] + 1):
                return start
            start = text.find(letters, start + 1)
        return -1

    def longest(self, letters: str, least: int) -> tuple[int, int]:
        return longest_common(self._places[0], letters, least)

    def range(self, start: int, end: int) -> tuple[int, int]:
        """Tell where some of the letters stand, as character offsets into the document."""
        places = self._places[1]
        return self.hit.start + places[start], self.hit.start + places[end - 1] + 1

    def quote(self, start: int, end: int) -> Quote:
        """Give the whole sentences that some of the letters stand in."""
        first, last = (offset - self.hit.start for offset in self.range(start, end))
        first, last = widened(self.hit.text, first, last)
        return Quote(self.hit, self.hit.start + first, self.hit.start + last)

    def _is_word_range(self, start: int, end: int) -> bool:
        text = self.hit.text
        begins = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum()) or _is_wide(text[start])
        return begins and (end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum()) or _is_wide(text[end]))


def longest_common(text: str, letters: str, least: int) -> tuple[int, int]:
    """Find the first of the longest pieces, of at least so many letters and over half of them, that stand in a text.

    Gives where in the text it begins and its length, (0, 0) if there is none. Sizes are tried by bisection, each in one pass
    over the text: no text, however it repeats itself, makes it slow.

    >>> longest_common("it is governed by the law", "he is governed by a", 12)
    (2, 16)
    """
    kernel = letters[len(letters) - least : least]  # every such piece holds the middle: most texts do not
    if not len(letters) / 2 < least <= len(letters) or kernel not in text:
        return 0, 0
    size, most, found = least, len(letters), (0, 0)
    while size <= most:
        middle = (size + most) // 2
        start = _first_piece(text, letters, middle)
        if start >= 0:
            found, size = (start, middle), middle + 1
        else:
            most = middle - 1
    return found


def _first_piece(text: str, letters: str, size: int) -> int:
    pieces = {letters[at : at + size] for at in range(len(letters) - size + 1)}
    return next((at for at in range(len(text) - size + 1) if text[at : at + size] in pieces), -1)


def widened(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a range to whole sentences; to the clauses of one too long for a quote; the range itself if those are too.

    >>> text = "It ends. Neither party may assign it, save by law. It is paid."
    >>> text[slice(*widened(text, 24, 29))]
    'Neither party may assign it, save by law.'
    """
    for ranges in (whole_sentences(text), sentences(text)):
        touched = [(a, b) for a, b in ranges if a < end and start < b]
        if touched and touched[-1][1] - touched[0][0] <= MAX_CHARS:
            return touched[0][0], touched[-1][1]
    start, end = trimmed(text, start, min(end, start + MAX_CHARS))
    return start, max(end, start + 1)


def paragraph(quote: Quote) -> Quote:
    """Widen a quote to its paragraph, as far as its passage holds it; as it is if that were too long."""
    text, offset = quote.hit.text, quote.hit.start
    start = max((m.end() for m in re.finditer(r"\n\s*\n", text[: quote.start - offset])), default=0)
    after = re.compile(r"\n\s*\n").search(text, quote.end - offset)
    start, end = trimmed(text, start, after.start() if after else len(text))
    return quote if end - start > MAX_CHARS else Quote(quote.hit, offset + start, offset + end)


def _letters(text: str) -> str:
    """Keep of a text what counts in the finding.

    >>> _letters("The “of-\\nﬁce”, Café")
    'theofficecafe'
    """
    return "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if char.isalnum())


def _is_wide(char: str) -> bool:
    """Tell whether a script goes without spaces between words."""
    return unicodedata.east_asian_width(char) in "WF"
