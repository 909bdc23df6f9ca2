"""Passages and questions made into the tokens the index holds: one analyser for both, so that they meet.

A stem belongs to its language (``de:frist``), since the same letters mean different things in two of them; what is not
stemmed (numbers, joined words, writing without spaces, languages without a stemmer) belongs to all (``:12.3``). A question
is analysed for every language that the passages in its scope are in. Words of languages that compound are found by their
first letters too (``de:^kund``): German questions gain a point (docs/decisions/0011-words-in-tantivy.md).
"""

import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import Stemmer

from retrieval.language import UNKNOWN
from retrieval.lexical import references
from retrieval.lexical.stopwords import STOP_WORDS
from retrieval.lexical.tokens import fold, is_spaceless, pairs, runs, take_apart

VERSION = 1  # of what analysis gives: another number, and every index is built anew
STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
COMPOUNDING = frozenset({"da", "de", "et", "fi", "hu", "nl", "no", "sv"})
STUB_CHARS = 4
BREAK = "|"  # between title, headings and text: no phrase goes across
MAX_CACHED, MAX_CACHED_CHARS = 100_000, 64  # runs remembered of a family, and how long one may be: any text may come
ALL_LANGUAGES = ""  # the owner of what is not stemmed

_lock = threading.Lock()  # a stemmer is one thread's at a time


class Analysed(NamedTuple):
    """A passage as the index takes it: tokens apart by spaces, and how many ``words`` are."""

    words: str
    length: int
    surface: str
    marks: str


class _Run(NamedTuple):
    tokens: tuple[str, ...]
    surface: tuple[str, ...]


def family(language: str) -> str:
    """Give the language whose stems a text's are: its own, English where it cannot be told, nobody's without a stemmer."""
    if language == UNKNOWN:
        return "en"
    return language if language in STEMMERS else ALL_LANGUAGES


def analyse(language: str, parts: Sequence[str]) -> Analysed:
    """Analyse a passage of a language, given as its title, its headings and its text.

    >>> analyse("en", ["Leave", "Employees may take 10-K leaves."])
    Analysed(words='en:leav en:employe en:take :10 en:k :10-k en:leav', length=7,
             surface='leave | employees may take 10 k leaves', marks='')
    """
    analyser = _analyser(family(language))
    folded = [fold(part) for part in parts]
    tokens: list[str] = []
    surface: list[str] = []
    for part in folded:
        if surface:
            surface.append(BREAK)
        for run in runs(part):
            of_words, of_surface = analyser.take(run)
            tokens += of_words
            surface += of_surface
    return Analysed(" ".join(tokens), len(tokens), " ".join(surface), " ".join(references.held("\n".join(folded))))


def question_tokens(text: str, languages: Iterable[str], spoken: str) -> Counter[str]:
    """Count the tokens of a question for passages of ``languages``; ``spoken`` is the language it is put in."""
    found = runs(fold(text))
    stop = STOP_WORDS.get(family(spoken), frozenset())
    wanted = [run for run in found if run not in stop]
    counts = Counter[str]()
    for name in sorted({family(language) for language in languages}):
        counts |= Counter(token for run in wanted for token in _analyser(name).take(run).tokens)  # the greater of two counts
    return counts


def surface_tokens(text: str) -> list[str]:
    """Give a text's words in order as they are written, but for case: what a quoted phrase is compared by."""
    return [token for run in runs(fold(text)) for token in _surface(run)]


class _Analyser:
    """Analyses the runs of one family of stems, and remembers the frequent ones."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stemmer = Stemmer.Stemmer(STEMMERS[name]) if name else None
        self._stop = STOP_WORDS.get(name, frozenset())
        self._cached: dict[str, _Run] = {}

    def take(self, run: str) -> _Run:
        """Give a run's tokens and its words as they are written."""
        found = self._cached.get(run)
        if found is None:
            if len(self._cached) >= MAX_CACHED:
                self._cached.clear()
            found = _Run(tuple(self._tokens(run)), tuple(_surface(run)))
            if len(run) <= MAX_CACHED_CHARS:
                self._cached[run] = found
        return found

    def _tokens(self, run: str) -> list[str]:
        if is_spaceless(run):
            return [f":{pair}" for pair in pairs(run)]
        parts, whole = take_apart(run)
        tokens = [token for part in parts if part not in self._stop for token in self._part(part)]
        return [*tokens, f":{whole}"] if whole else tokens

    def _part(self, part: str) -> list[str]:
        if self._stemmer is None or any(map(str.isdigit, part)):
            return [f":{_without_accents(part)}"]
        with _lock:
            stem = _without_accents(self._stemmer.stemWord(part))
        if self._name in COMPOUNDING and len(stem) > STUB_CHARS:
            return [f"{self._name}:{stem}", f"{self._name}:^{stem[:STUB_CHARS]}"]
        return [f"{self._name}:{stem}"]


_analyser = cache(_Analyser)


def _surface(run: str) -> list[str]:
    return pairs(run) if is_spaceless(run) else list(take_apart(run).parts)


def _without_accents(word: str) -> str:
    """Fold accents, which questions often lack; other marks are letters of their own in their script."""
    if word.isascii():
        return word
    letters = (c for c in unicodedata.normalize("NFD", word) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", "".join(letters))
