"""A quote found in a passage to the letter: only what printing does to a text may differ.

That is the width of spaces, where lines break, hyphens at their ends, soft hyphens, ligatures, and the shape of quotation
marks and dashes. Letters, digits, case and all other marks must be the same. Offsets come back in the passage as it is.
"""

import re
import unicodedata

from generation.lexemes import ONE_TO_ONE

_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_LINE_END = r"(?:-\s*\n\s*)?"  # between any two characters of a word, which may be cut there


def find_quote(quote: str, passage: str) -> tuple[int, int] | None:
    """Tell where a quote stands in a passage, end exclusive; None if it does not, or is empty.

    >>> find_quote('the "final" offer', "It is the\\n“ﬁ\u00adnal” of-\\nfer.")
    (6, 25)
    """
    wanted, _ = _printed(quote)
    words = wanted.split()
    if not words:
        return None
    text, places = _printed(passage)
    match = re.search(r"\s+".join(map(_pattern, words)), text)
    if match is None:
        return None
    return places[match.start()], places[match.end() - 1] + 1


def _pattern(word: str) -> str:
    return _LINE_END.join(r"-\s*" if character == "-" else re.escape(character) for character in word)


def _printed(text: str) -> tuple[str, list[int]]:
    """The text without what cannot be seen, its ligatures taken apart; and where each character comes from."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text.translate(ONE_TO_ONE)):
        if character not in _UNSEEN:
            parts = unicodedata.normalize("NFKC", character) or character
            characters += parts
            places += [place] * len(parts)
    return "".join(characters), places
