"""What words do in a sentence that speaks to a model: classes from directives.toml, as bits of one number per word.

A word is looked up without case and accents; letters of another alphabet that look alike, and digits in the place of letters,
are read as the letters they pose as. Scripts without spaces are searched for the words of theirs inside a run of characters.
"""

import re
import tomllib
import unicodedata
from bisect import bisect_left
from codecs import encode
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Does(IntEnum):
    """What a word may do, as bits; DISGUISED is a word of the first classes, spelt otherwise."""

    OVERRIDE = 1 << 0
    RULES = 1 << 1
    EARLIER = 1 << 2
    MODEL = 1 << 3
    ASSISTANT = 1 << 4
    OUTPUT = 1 << 5
    WORDING = 1 << 6
    LETTERS = 1 << 7
    RESPELL = 1 << 8
    YOUR = 1 << 9
    EVERY = 1 << 10
    CHANGE = 1 << 11
    SPEAK = 1 << 12
    MUST = 1 << 13
    ONLY = 1 << 14
    LITERAL = 1 << 15
    SECRET = 1 << 16
    REVEAL = 1 << 17
    READING = 1 << 18
    DOCUMENT = 1 << 19
    ASKER = 1 << 20
    TASK = 1 << 21
    ASKING = 1 << 22
    NOT = 1 << 23
    ARTICLE = 1 << 24
    SENDING = 1 << 25
    UNBIDDEN = 1 << 26
    DISGUISED = 1 << 27
    LANGUAGE = 1 << 28
    REPLYING = 1 << 29
    ARTIFICIAL = 1 << 30
    MACHINE = 1 << 31
    ENGLISH = 1 << 32
    STARTING = 1 << 33
    FINITE = 1 << 34
    GENERAL = 1 << 35


class Word(NamedTuple):
    """A word of a text, folded, with its place and what it may do."""

    text: str
    start: int
    end: int
    does: int


_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_MARKS = r"\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e00-\u0e7f\u200c"  # signs of vowels, which are no letters to a pattern
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*(?:['’@$!][^\W_]+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһгӏмтнвкοαενρυχικτ", "aeopcyxijsdhrlmthbkoaevpuxikt")
_DIGITS = str.maketrans("0134578@$!|", "oieastbasil")


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _load() -> tuple[dict[str, int], dict[str, int]]:
    spaced: dict[str, int] = {}
    unspaced: dict[str, int] = {}
    classes = tomllib.loads(Path(__file__).with_name("directives.toml").read_text(encoding="utf-8"))
    for name, languages in classes.items():
        for language, words in languages.items():
            for word in words.split():
                table, key = (unspaced, word) if language in ("zh", "ja", "ko") else (spaced, _folded(word))
                table[key] = table.get(key, 0) | Does[name.upper()] | (Does.ENGLISH if language == "en" else 0)
    return spaced, unspaced


_SPACED, _INSIDE = _load()
_INSIDE_WORD = re.compile("|".join(sorted(map(re.escape, _INSIDE), key=len, reverse=True)))
_TELLING = [word for word, does in _SPACED.items() if does & (Does.OVERRIDE | Does.SECRET | Does.RULES) and len(word) > 5]
_DISGUISED = {word[::-1] for word in _TELLING} | {encode(word, "rot13") for word in _TELLING if word.isascii()}


@lru_cache(maxsize=1 << 16)
def _read(run: str) -> tuple[tuple[str, int, int, int], ...]:
    """Read a run of characters: its words, each with its place in the run and what it may do."""
    if not run.isascii() and _IS_UNSPACED.search(run):
        return tuple((m[0], m.start(), m.end(), _INSIDE[m[0]]) for m in _INSIDE_WORD.finditer(run))
    text, does = _does(run)
    return ((text, 0, len(run), does | (Does.DISGUISED if text in _DISGUISED and not does else 0)),)


def _does(word: str) -> tuple[str, int]:
    folded = _folded(word).replace("’", "'")
    if folded not in _SPACED and "'" in folded:
        folded = folded.removesuffix("'s") if folded.endswith("'s") else folded.rpartition("'")[2]  # answer's; l'assistant
    if len(folded) == 2 and _SPACED.get(folded, 0) & Does.MODEL:  # "AI", which in small letters is a word of other languages
        return folded, _SPACED[folded] if word.isupper() else _SPACED[folded] & ~Does.MODEL
    if folded in _SPACED:
        return folded, _SPACED[folded]
    read = folded.translate(_LOOKALIKES) if not folded.isascii() and any(c.isascii() for c in folded) else folded
    if not read.isalpha() and any(c.isalpha() for c in read):
        read = read.translate(_DIGITS)
    return (read, _SPACED[read]) if read in _SPACED else (folded, 0)


class Words:
    """The words of a text, read once, of which any range can be asked for."""

    def __init__(self, text: str) -> None:
        self._words = [
            Word(read, match.start() + start, match.start() + end, does)
            for match in _WORD.finditer(text)
            for read, start, end, does in _read(match[0])
        ]
        self._starts = [word.start for word in self._words]

    def within(self, start: int, end: int) -> Sequence[Word]:
        """Give the words that begin in a range, in order.

        >>> found = Words("Please ign0re ALL of it").within(0, 17)
        >>> [word.text for word in found if word.does & (Does.OVERRIDE | Does.EARLIER)]
        ['ignore', 'all']
        """
        return self._words[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
