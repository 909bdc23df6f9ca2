"""Passages read for the verifier: their sentences as lexemes, and the pieces of them that a claim may be held against.

A piece is one sentence, two that stand side by side, or a list item together with the line that opens its list. Offsets
are characters into the passage's text.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from generation.lexemes import Lexeme, read
from generation.lexicon import SYNONYMS
from generation.quantities import Quantity
from generation.sentences import sentences, whole_sentences

_ITEM = re.compile(r"\s*(?:[-*•‣▪]|\(?\w{1,4}[.)])\s")
_FEW_LEXEMES = 5  # a list's items are short; an opening line is looked for above them
_WHOLE_CHARS = 600  # at most of its sentence, and of what that leans on, on either side of a place
_MARK = re.compile(r"[\s#*_>•-]*\(?(?P<number>\d{1,3})[.)](?=[\s*_]|\Z)")
_MAX_LEXEMES = 400  # of one piece, so that no text makes the alignment slow


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence of a passage; only itself is equal to it."""

    passage: int
    start: int
    end: int
    text: str
    lexemes: tuple[Lexeme, ...]
    keys: frozenset[str]  # keys and stems


@dataclass(frozen=True)
class Piece:
    """One or more sentences taken together; ``places`` tells of each lexeme its passage, and where it begins there."""

    sentences: tuple[Sentence, ...]
    text: str

    def text_between(self, first: int, last: int) -> str:
        """The characters from one lexeme to another, by their indices; of the whole piece where they are of two sentences."""
        at = 0
        for sentence in self.sentences:
            if at <= first and last < at + len(sentence.lexemes):
                return sentence.text[sentence.lexemes[first - at].start : sentence.lexemes[last - at].end]
            at += len(sentence.lexemes)
        return self.text

    @cached_property
    def lexemes(self) -> list[Lexeme]:
        """The lexemes of all sentences, in order."""
        return [lexeme for sentence in self.sentences for lexeme in sentence.lexemes]

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Of each lexeme, the number of its passage and its offset into it."""
        return [(s.passage, s.start + lexeme.start) for s in self.sentences for lexeme in s.lexemes]


class Passages:
    """Texts with what they are called, cut and read once."""

    def __init__(self, texts: Sequence[str], titles: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self.sentences = [
            [Sentence(number, start, end, text[start:end], lexemes, keys) for start, end, lexemes, keys in _read_sentences(text)]
            for number, text in enumerate(texts)
        ]
        self._clauses = [sentences(text) for text in texts]
        self.called = [keys_of(read(title)) for title in titles]
        self.around = [
            frozenset[str]().union(called, *(s.keys for s in of_one))
            for of_one, called in zip(self.sentences, self.called, strict=True)
        ]

    def all_sentences(self) -> Iterator[Sentence]:
        """Every sentence of every passage, in order."""
        for of_one in self.sentences:
            yield from of_one

    def clause_at(self, passage: int, place: int) -> tuple[int, int, int]:
        """Find the clause, short enough to be quoted, in which a character of a passage stands: passage, start, end."""
        clauses = self._clauses[passage]
        start, end = clauses[max(0, bisect_right(clauses, (place, math.inf)) - 1)]
        return passage, start, end

    def piece(self, *sentences: Sentence) -> Piece:
        """Take sentences together, in their order."""
        chosen = tuple(sorted(set(sentences), key=lambda s: (s.passage, s.start)))
        text = " ".join(s.text for s in chosen)
        return Piece(chosen, text)

    def item(self, opening: Sentence, item: Sentence) -> Piece:
        """Take a list's item with the line that opens the list, as one clause."""
        if not opening.lexemes or not item.lexemes:
            return self.piece(item)
        first, clause = item.lexemes[0].clause, opening.lexemes[-1].clause
        lexemes = tuple(replace(lexeme, clause=clause) if lexeme.clause == first else lexeme for lexeme in item.lexemes)
        return self.piece(opening, replace(item, lexemes=lexemes))

    def neighbours(self, sentence: Sentence) -> list[Sentence]:
        """The sentences before and behind."""
        siblings = self.sentences[sentence.passage]
        at = next(i for i, s in enumerate(siblings) if s.start == sentence.start)
        return [s for s in siblings[max(0, at - 1) : at + 2] if s is not sentence]

    def whole(self, passage: int, start: int, end: int) -> tuple[int, int]:
        """Widen a range to the sentences it touches; one that is an item of a list, or goes on in small letters, takes the one
        before with it."""
        touched = [i for i, s in enumerate(self.sentences[passage]) if s.start < end and start < s.end]
        if not touched:
            return start, end
        first, last = self.sentences[passage][touched[0]], self.sentences[passage][touched[-1]]
        if touched[0] > 0 and (_ITEM.match(first.text) or first.text.lstrip("_*“\"'(")[:1].islower()):
            first = self.sentences[passage][touched[0] - 1]
        return max(first.start, start - _WHOLE_CHARS), min(last.end, end + _WHOLE_CHARS)

    def opening_of(self, sentence: Sentence) -> Sentence | None:
        """Find the line that opens the list which the sentence is an item of."""
        siblings = self.sentences[sentence.passage]
        return self._opening(siblings, next(i for i, s in enumerate(siblings) if s.start == sentence.start))

    def _opening(self, siblings: Sequence[Sentence], at: int) -> Sentence | None:
        text = self.texts[siblings[at].passage]
        if not _ITEM.match(text, siblings[at].start):
            return None
        for other in reversed(siblings[:at]):
            if text[other.start : other.end].rstrip("*_ \n").endswith(":"):
                return other
            if not _ITEM.match(text, other.start) and len(other.lexemes) > _FEW_LEXEMES:
                return None
        return None


def holds(keys: Collection[str], lexeme: Lexeme) -> bool:
    """Tell whether keys and stems hold a lexeme's, or those of a word that says the same."""
    return lexeme.key in keys or lexeme.stem in keys or any(stem in keys for stem in SYNONYMS.get(lexeme.stem, ()))


def keys_of(lexemes: Sequence[Lexeme]) -> frozenset[str]:
    """The keys and stems of lexemes."""
    return frozenset(key for lexeme in lexemes for key in (lexeme.key, lexeme.stem))


@lru_cache(maxsize=512)  # the same passages come with many questions, and with every question of a conversation
def _read_sentences(text: str) -> tuple[tuple[int, int, tuple[Lexeme, ...], frozenset[str]], ...]:
    found = []
    for number, (start, end) in enumerate(whole_sentences(text)):
        lexemes = _marked(text[start:end], tuple(read(text[start:end], clause=1000 * number)[:_MAX_LEXEMES]))
        found.append((start, end, lexemes, keys_of(lexemes)))
    return tuple(found)


def _marked(text: str, lexemes: tuple[Lexeme, ...]) -> tuple[Lexeme, ...]:
    """Have the number that an item or a section begins with be no amount: "7) Term" says nothing of seven years."""
    mark = _MARK.match(text)
    if not (mark and lexemes and lexemes[0].start == mark.start("number") and isinstance(value := lexemes[0].value, Quantity)):
        return lexemes
    return (replace(lexemes[0], value=replace(value, unit=None, size=value.value, is_mark=True)), *lexemes[1:])
