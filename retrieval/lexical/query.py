"""A question read for what it asks of words: plain words, quoted phrases, references to a part, and beginnings of words.

Any text is a question: what looks like syntax and is none is words. docs/reference/search.md tells what is understood.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from retrieval.lexical import references
from retrieval.lexical.analysis import surface_tokens
from retrieval.lexical.tokens import fold, runs

MAX_PHRASES = 8
MIN_PREFIX_CHARS = 2

QUOTED = re.compile(r'"([^"]+)"|„([^“”"„]+)[“”"]|[“”]([^“”]+)”|«([^«»]+)»|»([^«»]+)«|「([^「」]+)」')
STARRED = re.compile(r"(?<!\w)(\w[^\s*]{0,99})\*(?!\w)")

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: ``text`` by all its words; of ``phrases`` every one; ``marks`` and ``prefixes`` speak for a passage."""

    text: str
    phrases: tuple[Tokens, ...]
    marks: tuple[str, ...]
    prefixes: tuple[str, ...]


def parse(text: str) -> Question:
    """Read a question.

    >>> parse('the "notice period" of Section 7.1, Hertz*')
    Question(text='the "notice period" of Section 7.1, Hertz*', phrases=(('notice', 'period'),), marks=('7.1',),
             prefixes=('hertz',))
    """
    quoted = (surface_tokens("".join(groups)) for groups in QUOTED.findall(text))
    starred = (runs(fold(word))[-1:] for word in STARRED.findall(text))
    return Question(
        text=text,
        phrases=_distinct(quoted),
        marks=tuple(dict.fromkeys(references.mentioned(fold(text))))[:MAX_PHRASES],
        prefixes=tuple(dict.fromkeys(run for found in starred for run in found if len(run) >= MIN_PREFIX_CHARS))[:MAX_PHRASES],
    )


def _distinct(found: Iterable[list[str]]) -> tuple[Tokens, ...]:
    return tuple(dict.fromkeys(tuple(tokens) for tokens in found if tokens))[:MAX_PHRASES]
