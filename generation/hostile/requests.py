"""Requests that have nothing to do with the passage they stand in: work for a writing machine, dropped into a document.

"Explain photosynthesis" is honest in a biology book. What gives it away elsewhere is that it shares no word with anything
around it: so a sentence that begins as a request or a general question counts only if none of its own words stands in the
rest of the passage, its title or its headings. It needs a passage long enough to have a subject.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from generation.hostile.lexicon import Does, Word, Words
from generation.hostile.pieces import pieces
from generation.words import tokens

Found = tuple[Literal["request"], int, int]

MAX_KNOWN = 4  # of so many of its words, one may stand around it
MIN_WORDS = 12  # of the rest of the passage
MAX_CHARS = 300
_ITEM = "#-*•·>[("  # a heading, an item of a list or a label is nobody's request
_TELLS_NOTHING = (
    Does.TASK | Does.ASKING | Does.GENERAL | Does.MUST | Does.NOT | Does.EVERY | Does.ARTICLE | Does.UNBIDDEN | Does.FINITE
)
_OWN = frozenset("we our us my your mine it here they them its their he she his her that these those there".split())  # noqa: SIM905


def find(text: str, ranges: Sequence[tuple[int, int]], words: Words, around: str) -> list[Found]:
    """Find requests without any word in common with the passage's rest or with ``around``."""
    parts = (part for start, end in ranges for part in pieces(text, start, end))
    asking = [(start, end) for start, end in parts if end - start <= MAX_CHARS and _asks(text, start, end, words)]
    if not asking:
        return []
    counts = Counter(tokens(text))
    known = frozenset(tokens(around))
    return [("request", *part) for part in asking if _is_foreign(text[slice(*part)], words.within(*part), counts, known)]


def _asks(text: str, start: int, end: int, words: Words) -> bool:
    first = words.within(start, end)[:3]
    if not first or text[start] in _ITEM or text[end - 1] in ":：" or "|" in text[start:end]:
        return False
    if not text[first[0].end : first[0].end + 1].isspace():
        return False
    if text[start:end].rstrip("\"'”’)* ").endswith(("?", "？")):
        read = words.within(start, end)
        if any(word.text == "you" for word in read[2:]) and not any(word.does & Does.LANGUAGE for word in read):
            return False  # put to the reader, not to whoever knows
        return bool(first[0].does & (Does.ASKING | Does.TASK)) or first[0].text in ("can", "could", "would")
    return bool(first[first[0].text in ("please", "kindly") and len(first) > 1].does & Does.TASK)


def _is_foreign(sentence: str, read: Sequence[Word], counts: Counter[str], known: frozenset[str]) -> bool:
    own = Counter(tokens(sentence))
    if sum(counts.values()) - sum(own.values()) < MIN_WORDS or any(word.text in _OWN for word in read[1:]):
        return False
    telling = (word.text for word in read if not word.does & _TELLS_NOTHING)
    subject = frozenset(token for text in telling for token in tokens(text) if not token[0].isdigit())
    foreign = [token for token in subject if counts[token] <= own[token] and token not in known]
    return len(foreign) >= 2 and len(subject) - len(foreign) <= len(subject) // MAX_KNOWN
