"""What words do in a sentence that speaks to a model: classes from directives.toml, as bits of one number per word.

A word is looked up without case and accents; letters of another alphabet that look alike, and digits in the place of letters,
are read as the letters they pose as. Scripts without spaces are searched for the words of theirs inside a run of characters.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import IntFlag, auto
from functools import lru_cache
from pathlib import Path


class Does(IntFlag):
    """What a word may do; a word can belong to several classes."""

    OVERRIDE = auto()
    RULES = auto()
    EARLIER = auto()
    MODEL = auto()
    ASSISTANT = auto()
    OUTPUT = auto()
    WORDING = auto()
    LETTERS = auto()
    RESPELL = auto()
    YOUR = auto()
    EVERY = auto()
    CHANGE = auto()
    SPEAK = auto()
    MUST = auto()
    ONLY = auto()
    LITERAL = auto()
    SECRET = auto()
    REVEAL = auto()
    READING = auto()
    DOCUMENT = auto()
    ASKER = auto()
    TASK = auto()
    ASKING = auto()
    NOT = auto()
    ARTICLE = auto()
    SENDING = auto()
    UNBIDDEN = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, folded, with its place and what it may do."""

    text: str
    start: int
    end: int
    does: int


_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?(?:[@$!|][^\W_]+)*")
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
                table[key] = table.get(key, 0) | Does[name.upper()]
    return spaced, unspaced


_SPACED, _INSIDE = _load()
_INSIDE_WORD = re.compile("|".join(sorted(map(re.escape, _INSIDE), key=len, reverse=True)))


@lru_cache(maxsize=1 << 16)
def _does(word: str) -> tuple[str, int]:
    folded = _folded(word).replace("’", "'")
    folded = folded.removesuffix("'s") if folded.removesuffix("'s") in _SPACED and folded not in _SPACED else folded
    if len(folded) == 2 and _SPACED.get(folded, 0) & Does.MODEL:  # "AI", which in small letters is a word of other languages
        return folded, _SPACED[folded] if word.isupper() else _SPACED[folded] & ~Does.MODEL
    if folded in _SPACED:
        return folded, _SPACED[folded]
    read = folded.translate(_LOOKALIKES) if not folded.isascii() and any(c.isascii() for c in folded) else folded
    if not read.isalpha() and any(c.isalpha() for c in read):
        read = read.translate(_DIGITS)
    return (read, _SPACED[read]) if read in _SPACED else (folded, 0)


def words(text: str, start: int, end: int) -> list[Word]:
    """Read the words of a range, in order.

    >>> [word.text for word in words("Please ign0re ALL", 0, 17) if word.does & (Does.OVERRIDE | Does.EARLIER)]
    ['ignore', 'all']
    """
    found: list[Word] = []
    for match in _WORD.finditer(text, start, end):
        if _IS_UNSPACED.search(match[0]):
            offset = match.start()
            found += [Word(m[0], offset + m.start(), offset + m.end(), _INSIDE[m[0]]) for m in _INSIDE_WORD.finditer(match[0])]
        else:
            read, does = _does(match[0])
            found.append(Word(read, match.start(), match.end(), does))
    return found
