"""Sentences that direct a model, with what belongs to them: what they announce with a colon, and what goes on directing.

A sentence is judged whole and by its parts (generation/hostile/pieces.py), so that what was put into an honest one is found
without it.
"""

import re
from collections.abc import Sequence

from generation.hostile.lexicon import Does, Words
from generation.hostile.pieces import pieces
from generation.hostile.rules import Kind, Sentence, kind_of, may_speak

Found = tuple[Kind, int, int]

MIN_CUT = 30  # characters of a sentence that may hold another
MAX_FOLLOWING = 4  # sentences that one directive may take with it
_LETTERS_APART = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .\-_*·]){6,}[^\W\d_](?![^\W_])")
_ANNOUNCES = re.compile(r"[:：]\s*[\"'“”`*]*\s*$")


def find(text: str, ranges: Sequence[tuple[int, int]], words: Words) -> list[Found]:
    """Find the sentences of ``ranges`` that direct a model, with what belongs to them."""
    found: list[Found] = []
    following = 0
    for start, end in ranges:
        for sentence, own in _judged(text, start, end, words):
            kind = own
            if kind is None and found and following and _goes_on(sentence, found[-1], text):
                kind = found[-1][0]
            following = MAX_FOLLOWING if own else following - 1 if kind else 0
            if kind:
                found.append((kind, sentence.start, sentence.end))
    return found + _spelt_apart(text)


def _judged(text: str, start: int, end: int, words: Words) -> list[tuple[Sentence, Kind | None]]:
    """Judge a sentence; of one that has several parts, the parts, if they show by themselves which of them speaks to a model."""
    whole = _read(text, start, end, words)
    if not may_speak(whole):
        return [(whole, None)]
    kind = kind_of(whole)
    parts = [whole] if end - start < MIN_CUT else [_read(text, *part, words) for part in pieces(text, start, end)]
    kinds = [kind_of(part) for part in parts] if len(parts) > 1 else [kind]
    return list(zip(parts, kinds, strict=True)) if any(kinds) or kind is None else [(whole, kind)]


def _read(text: str, start: int, end: int, words: Words) -> Sentence:
    found = words.within(start, end)
    does = 0
    for word in found:
        does |= word.does
    return Sentence(text[start:end], start, end, found, does)


def _goes_on(sentence: Sentence, before: Found, text: str) -> bool:
    """Tell whether a sentence belongs to the directive before it: announced by a colon, or bidding in the same paragraph."""
    between = text[before[2] : sentence.start]
    if _ANNOUNCES.search(text[before[1] : before[2]]):
        return True
    if between.count("\n") > 1 or not sentence.words or sentence.text[0] == "|":
        return False
    first = sentence.words[0]
    leads_on = first.does & (Does.MUST | Does.ONLY) or first.text in ("and", "then", "also")
    begins = first.does | (sentence.words[1].does if leads_on and len(sentence.words) > 1 else 0)
    bidding = Does.SPEAK | Does.CHANGE | Does.TASK | Does.MUST | Does.NOT | Does.ONLY
    if first.does & Does.YOUR and any(word.text in ("task", "job", "goal", "role") for word in sentence.words[1:4]):
        return True
    return bool(begins & bidding) or sentence.text[0] in "\"“«「'"


def _spelt_apart(text: str) -> list[Found]:
    """Words written letter by letter, read as one run: "i g n o r e"."""
    found: list[Found] = []
    for match in _LETTERS_APART.finditer(text):
        run = re.sub(r"[\W_]", "", match[0]).casefold()
        if any(word in run for word in ("ignore", "disregard", "instruction", "prompt", "override", "system")):
            end = text.find("\n", match.end())
            found.append(("override", match.start(), len(text) if end < 0 else end))
    return found
