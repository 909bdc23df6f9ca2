"""Contradictions between sources: two sentences of different documents that say the same but for a number, date or denial.

What is cited is held against every sentence of the other documents in the context. A false alarm costs trust, so much is
asked: nearly all of each sentence must be in the other, and they must be about the same thing. What tells two documents
apart by name (the parties of a contract, the product of a data sheet) must be named in the sentences themselves, unless
it is no more than a version or a date.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from core.types import Conflict, Context, Hit, Quote
from generation.claims import Judgement, judge, speaks_passively, weight_of
from generation.lexemes import OPERATORS, Lexeme, read
from generation.lexicon import DOCUMENTS
from generation.passages import Passages, Sentence

SAME = 0.8  # least share of each sentence that the other must hold
SAME_DENIED = 0.9  # where one only denies what the other says
LEAST_WORDS = 4  # that both must share; fewer are said of anything
_OWN = re.compile(  # said of the document itself, or of parties that only its title tells
    r"\b[Tt]h(?:is|e) (?:[A-Z]\w+ )?(?:[Aa]greement|[Cc]ontract|[Ll]ease|[Aa]mendment|[Ll]icen[sc]e|[Oo]rder|[Ss]chedule|[Pp]lan"
    r"|[Aa]ccount|[Cc]ard)\b"
    r"|\b(?:[Pp]art(?:y|ies)|here(?:of|in|to|under|by))\b"
)
_VERSION = re.compile(
    r"\b(?:v|ver|version|rev|revision|edition|issue|release)[\s._-]*(\d+(?:\.\d+)*)\b|\b((?:19|20)\d\d)(?:[-_.](\d\d))?(?:[-_.](\d\d))?\b",
    re.IGNORECASE,
)


def conflicts(quotes: Sequence[Quote], context: Context, passages: Passages | None = None) -> list[Conflict]:
    """Find what in other documents of the context disagrees with the quotes; one conflict for a quote and a document."""
    read_passages = passages or Passages([hit.text for hit in context.hits], [hit.title for hit in context.hits])
    found: dict[tuple[Quote, object], Conflict] = {}
    for quote, sentence in _sentences_of(quotes, context, read_passages):
        for other, hit in _others(quote.hit, context, read_passages):
            if (quote, hit.document_id) not in found and (conflict := _between(quote, sentence, hit, other)):
                found[quote, hit.document_id] = conflict
    return list(dict.fromkeys(found.values()))  # of an answer that cites both sides each is found from either


def _sentences_of(quotes: Iterable[Quote], context: Context, passages: Passages) -> Iterator[tuple[Quote, Sentence]]:
    for quote in quotes:
        for hit, sentences in zip(context.hits, passages.sentences, strict=True):
            if hit is quote.hit:
                start, end = quote.start - hit.start, quote.end - hit.start
                yield from ((quote, s) for s in sentences if s.start < end and start < s.end)


def _others(hit: Hit, context: Context, passages: Passages) -> Iterator[tuple[Sentence, Hit]]:
    for other, sentences in zip(context.hits, passages.sentences, strict=True):
        if other.document_id != hit.document_id:
            yield from ((sentence, other) for sentence in sentences)


def _between(quote: Quote, one: Sentence, hit: Hit, other: Sentence) -> Conflict | None:
    shared = one.keys & other.keys
    if len(shared) < LEAST_WORDS or len(shared) < 0.4 * min(len(one.keys), len(other.keys)):
        return None
    ours = _judged(one, other)
    if ours.conflict is None or not _is_same(one, other, ours):
        return None
    if not _are_about_the_same(quote.hit, hit, one, other):
        return None
    theirs = Quote(hit, hit.start + other.start, hit.start + other.end)
    if _age(hit) > _age(quote.hit):
        return Conflict(theirs, quote, _what(ours.conflict.theirs, ours.conflict.ours))
    return Conflict(quote, theirs, _what(ours.conflict.ours, ours.conflict.theirs))


def _what(newer: str, older: str) -> str:
    if newer and older:
        return f"“{newer}” against “{older}”"
    return f"“{newer or older}” in the {'newer' if newer else 'older'} alone"


def _judged(one: Sentence, other: Sentence) -> Judgement:
    return judge(
        one.lexemes,
        other.lexemes,
        is_passive=speaks_passively(one.text),
        text_between=lambda first, last: other.text[other.lexemes[first].start : other.lexemes[last].end],
        weigh=_weight,
        around=(),
    )


def _weight(lexeme: Lexeme) -> float:
    return 0.0 if lexeme.kind in {"number", "date", "period"} else weight_of(lexeme)


def _is_same(one: Sentence, other: Sentence, ours: Judgement) -> bool:
    """Tell whether the two sentences say nearly nothing but the same, and enough of it."""
    denies = ours.conflict is not None and not (ours.conflict.theirs and ours.conflict.ours)
    least = SAME_DENIED if denies else SAME
    words = [other.lexemes[j] for j in ours.used if other.lexemes[j].kind not in OPERATORS and _weight(other.lexemes[j]) == 1]
    if len(words) < LEAST_WORDS or ours.coverage < least or any(lexeme.kind == "name" for lexeme in ours.missing):
        return False
    return _judged(other, one).coverage >= least


def _are_about_the_same(hit: Hit, other: Hit, one: Sentence, two: Sentence) -> bool:
    """Tell whether what sets the documents' names apart is named in both sentences, or is a version."""
    apart = _subject(hit.title) ^ _subject(other.title)
    if _OWN.search(one.text) or _OWN.search(two.text) or not (_subject(hit.title) & _subject(other.title)):
        apart |= _subject(_stem_of(hit.source)) ^ _subject(_stem_of(other.source))
    return apart <= (one.keys & two.keys)


def _subject(title: str) -> frozenset[str]:
    """The words of a title that tell what it is about, as stems."""
    plain = re.sub(r"[_\-./]+|(?<=[a-z])(?=[A-Z])", " ", _VERSION.sub(" ", title))
    lexemes = [lexeme for lexeme in read(plain) if lexeme.kind not in OPERATORS | {"number", "date", "period"}]
    return frozenset(lexeme.stem for lexeme in lexemes if lexeme.stem not in DOCUMENTS and len(lexeme.key) > 1)


def _stem_of(source: str) -> str:
    return re.sub(r"\.\w{1,5}$", "", source.replace("\\", "/").rsplit("/", 1)[-1])


def _age(hit: Hit) -> tuple[bool, int, tuple[int, ...]]:
    """What orders documents: the date they bear, else the version or year in their names."""
    numbers = max(
        (_numbers(match) for name in (hit.title, _stem_of(hit.source)) for match in _VERSION.finditer(name)), default=()
    )
    return (hit.dated is not None, hit.dated.toordinal() if hit.dated else 0, numbers)


def _numbers(match: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(part) for group in match.groups() if group for part in group.split("."))
