"""Text cut into words: what a word is, for passages and for questions alike.

A word is a run of letters and digits. Words that punctuation joins without a space (``AB-1234/5``, ``12.3``, ``O'Neill``,
``S.p.A.``, ``10-K``, an address) are one token besides their parts. Writing without spaces (Chinese, Japanese, Korean,
Thai and its neighbours) is cut into overlapping pairs of characters. Case and compatibility forms are folded first.
"""

import re
import unicodedata
from typing import NamedTuple

MAX_TOKEN_CHARS = 64  # what is longer is cut, in passages and questions alike

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Marks that are part of a word and yet no \w: accents written apart, Hebrew and Arabic points, Indic vowel signs.
_MARKS = "\u0300-\u036f\u05b0-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:(?![_{_SPACELESS}])[\w{_MARKS}])"
_JOINT = r"(?:[-./'’&@:_+#]|,(?=\d))"

RUN = re.compile(rf"[{_SPACELESS}]+|{_LETTER}+(?:{_JOINT}{_LETTER}+)*[+#]{{0,2}}")
ASCII_RUN = re.compile(rf"[a-z0-9]+(?:{_JOINT}[a-z0-9]+)*[+#]{{0,2}}")  # the same for plain text, three times as fast
PART = re.compile(rf"{_LETTER}+")
POSSESSIVE = re.compile(r"['’]s$")
_SPACELESS_RUN = re.compile(rf"[{_SPACELESS}]")


class Word(NamedTuple):
    """A run of text: its parts in order, and the whole where that is more than its one part."""

    parts: tuple[str, ...]
    whole: str | None


def fold(text: str) -> str:
    """Fold case and compatibility forms: ``ＡＢ`` and ``ab``, ``ﬁ`` and ``fi``, ``ß`` and ``ss`` become one."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def runs(folded: str) -> list[str]:
    """Give the runs of a folded text that are words, in order."""
    return (ASCII_RUN if folded.isascii() else RUN).findall(folded)


def is_spaceless(run: str) -> bool:
    """Tell whether a run is of a writing without spaces."""
    return _SPACELESS_RUN.match(run) is not None


def take_apart(run: str) -> Word:
    """Take a run of letters apart; an English possessive is dropped.

    >>> take_apart("ab-1234/5")
    Word(parts=('ab', '1234', '5'), whole='ab-1234/5')
    >>> take_apart("o'neill's").parts, take_apart("notice"), take_apart("c++").whole
    (('o', 'neill'), Word(parts=('notice',), whole=None), 'c++')
    """
    run = POSSESSIVE.sub("", run)
    parts = tuple(part[:MAX_TOKEN_CHARS] for part in PART.findall(run))
    is_plain = len(parts) == 1 and run == PART.match(run)[0]  # type: ignore[index]  # a run begins with a letter
    return Word(parts, None if is_plain else run.replace("’", "'")[:MAX_TOKEN_CHARS])


def pairs(run: str) -> list[str]:
    """Cut a run without spaces into overlapping pairs; a single character stays.

    >>> pairs("机器学习"), pairs("税")
    (['机器', '器学', '学习'], ['税'])
    """
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
