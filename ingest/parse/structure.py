"""Structure of bare text, told from its wording alone: headings, list items and numbered clauses of contracts and reports.

Used for plain text and, beside font sizes, for PDF. It is careful rather than complete: a missed heading costs a little
context, a false one tears a passage apart.
"""

import re
from collections.abc import Iterator

from core.types import Element

MAX_HEADING_CHARS = 100
_FULL_LINE_CHARS = 35  # a shorter line was not broken for want of room

_LABELLED = re.compile(
    r"(?i:article|section|chapter|part|schedule|exhibit|annex|appendix)\s+(?P<number>[IVXLC]+|\d+(\.\d+)*|[A-Z])\b(?=[.:\s–—-]*$|\s*[.:–—-]+\s*\S|\s+[A-Z\"“(])"
)
_NUMBERED = re.compile(r"(?P<number>\d{1,3}(\.\d{1,3})*|[IVXLC]{1,6}(?=\.)|[A-Z](?=\.))[.)]?\s+(?=[A-Z])")
_CAPITALS = re.compile(r"[^\W\d_](?:[^\W_]|[\s.,&'’()/:–—-])*")  # identifiers and formulas are no headings
_DOT_LEADER = re.compile(r"(\.\s?){4,}|\t\s*\d+$")
_LIST_ITEM = re.compile(r"[-*•‣◦▪●·–]\s+\S|\(?([a-z]|[ivx]{1,4}|\d{1,2})\)\s+\S")
_CLAUSE = re.compile(
    r"(?:(?:article|section)\s+[\divxlc]+|\d{1,3}(?:\.\d{1,3})+\.?|\d{1,3}[.)]|[A-Z]\.|\((?:[a-z]|[ivx]{1,4}|\d{1,2})\))[ \t]+\S",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\r\n]+")
_LINE_END = re.compile(r"\r\n|\r|\n")


def heading_level(line: str) -> int | None:
    """Tell the level of a line that reads like a heading, else None: 1 for ARTICLE 5, 2 for 5. or ALL CAPS, 3 for 5.2.

    >>> [heading_level(s) for s in ("ARTICLE V", "5. Termination", "5.2 Notice", "GOVERNING LAW", "The parties agree.")]
    [1, 2, 3, 2, None]
    """
    line = line.strip().strip("*_").strip()
    if not 3 <= len(line) <= MAX_HEADING_CHARS or line[-1] in ",;" or _DOT_LEADER.search(line):
        return None
    ends_sentence = line[-1] in ".:" and len(line.split()) > 6
    labelled = _LABELLED.match(line)
    if labelled and line[0].isupper() and len(line.split()) <= 12 and not ends_sentence:
        return 1 + labelled["number"].count(".")
    numbered = _NUMBERED.match(line)
    if numbered and len(line.split()) <= 10 and line[-1] not in ".:" and _looks_like_title(line[numbered.end() :]):
        return 2 + numbered["number"].count(".")
    return 2 if len(line.split()) <= 10 and line[-1] != "." and _is_all_capitals(line) else None


def _is_all_capitals(line: str) -> bool:
    letters = [c for c in line if c.isalpha()]
    return len(letters) >= 4 and all(c.isupper() for c in letters) and _CAPITALS.fullmatch(line) is not None


def _looks_like_title(words: str) -> bool:
    """Most words of a title that are long enough to matter begin with a capital, or there are just a few words."""
    if re.search(r"\.\s", words):  # "5.2 TERM. This Agreement ..." is a clause
        return False
    long_words = [w for w in words.split() if len(w) > 3]
    return len(words.split()) <= 4 or sum(w[0].isupper() for w in long_words) * 2 > len(long_words)


def is_list_item(line: str) -> bool:
    """Tell whether a line begins with a bullet or (a), (iv), 3)."""
    return _LIST_ITEM.match(line.lstrip()) is not None


def begins_clause(line: str) -> bool:
    """Tell whether a line begins with a clause number: 5.2, Section 3, (a), B."""
    return _CLAUSE.match(line.lstrip()) is not None


def leaves_open(line: str) -> bool:
    """Tell whether a sentence goes on after this line, so that what the next one begins with is no heading or clause number.

    >>> leaves_open("as set forth in the second paragraph of"), leaves_open("shall survive termination;")
    (True, False)
    """
    closed = line[-1] in ".;:!?" or line.endswith((" and", " or", '."', ".”", ".)"))
    return len(line) >= _FULL_LINE_CHARS and not closed and heading_level(line) is None


def elements_of(text: str) -> Iterator[Element]:
    """Yield the elements of plain text: headings, list items, and paragraphs parted by blank lines or clause numbers."""
    start = end = 0  # the paragraph or list item being gathered; empty while start == end
    listed = False
    previous, previous_end = "", 0

    def gathered() -> Iterator[Element]:
        if start < end:
            yield Element("list_item" if listed else "paragraph", start, end)

    for match in _LINE.finditer(text):
        line = match.group().strip(" \t\f\v\ufeff")
        if not line.strip():
            continue
        line_start = match.start() + match.group().index(line)
        follows = previous != "" and len(_LINE_END.findall(text, previous_end, match.start())) == 1
        inside = follows and leaves_open(previous)
        level = None if inside else heading_level(line)
        if not follows or (not inside and (level is not None or is_list_item(line) or begins_clause(line))):
            yield from gathered()
            start, listed = line_start, is_list_item(line)
        elif start == end:
            start, listed = line_start, False
        end = line_start + len(line)
        if level is not None:
            yield Element("heading", start, end, None, level)
            start = end
        previous, previous_end = line, match.end()
    yield from gathered()
