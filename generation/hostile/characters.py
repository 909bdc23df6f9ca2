"""Characters that a reader does not see, or sees as others: taken out, or read as what they pose as, before rules are applied.

Zero-width characters, tag characters, direction overrides and variation selectors in runs can carry text past a reader to a
model. A few are honest: joiners in scripts and emoji that need them, soft hyphens, the byte order mark at the beginning.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

_TAGS = "\U000e0000-\U000e007f"
_UNSEEN = re.compile(
    rf"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0{_TAGS}\U000e0100-\U000e01ef]+"
)
_HONEST = re.compile(r"[\u00ad\u200c\u200d\u200e\u200f\ufeff\u2060\u200b\u202a-\u202c\u2066-\u2069\u061c]{1,2}")
_FLAG_EMOJI = "\U0001f3f4"
_BETWEEN_LETTERS = re.compile(r"[A-Za-z][\u200b-\u200f\u2060-\u2064\ufeff]+[A-Za-z]")
_MOST_BETWEEN_LETTERS = 3  # of one passage; a line-break opportunity in a long name is honest, a word spelt with them is not
_OVERRIDE = re.compile(r"[\u202d\u202e][^\u202c\n]*\u202c?")


@dataclass(frozen=True, slots=True)
class Visible:
    """A text without its unseen characters, and where those that matter stood in the original."""

    text: str
    hidden: tuple[tuple[int, int], ...]
    _places: tuple[int, ...] = ()  # where, in this text, something was taken out or put in
    _shifts: tuple[int, ...] = ()  # by how much what follows stands further right in the original

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Tell where a range of this text stands in the original, whatever is hidden inside it included."""
        return self._original(start), self._original(end - 1) + 1

    def _original(self, place: int) -> int:
        index = bisect_right(self._places, place)
        return place + self._shifts[index - 1] if index else place


def visible(text: str) -> Visible:
    """Take out what is unseen; what a reader of an honest document could not miss is not told of.

    >>> visible("ig\\u200bnore").text, visible("plain").hidden
    ('ignore', ())
    """
    if text.isascii() or not _UNSEEN.search(text):
        return Visible(text, ())
    parts: list[str] = []
    places: list[int] = []
    shifts: list[int] = []
    length = position = 0
    for match in _UNSEEN.finditer(text):
        parts.append(text[position : match.start()])
        length += match.start() - position
        position = match.end()
        places.append(length)
        shifts.append(position - length)
    parts.append(text[position:])
    return Visible("".join(parts), tuple(_hidden(text)), tuple(places), tuple(shifts))


def tagged(text: str) -> str:
    """Read what tag characters spell.

    >>> tagged("a" + "".join(chr(0xE0000 + ord(c)) for c in "obey"))
    'obey'
    """
    return "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)


def _hidden(text: str) -> list[tuple[int, int]]:
    found = [
        match.span()
        for match in _UNSEEN.finditer(text)
        if not _HONEST.fullmatch(match[0]) and text[match.start() - 1 : match.start()] != _FLAG_EMOJI
    ]
    found += [match.span() for match in _OVERRIDE.finditer(text)]
    spelt = [match.span() for match in _BETWEEN_LETTERS.finditer(text)]
    if len(spelt) > _MOST_BETWEEN_LETTERS:
        found += [_word_around(text, start, end) for start, end in spelt]
    return found


def _word_around(text: str, start: int, end: int) -> tuple[int, int]:
    while start and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end
