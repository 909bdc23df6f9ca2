"""Sentences of a text as character ranges: the unit in which claims are checked and passages are quoted.

A range is (start, end), end exclusive, without space at its ends; ranges are in order and do not overlap. List items,
table rows and paragraphs end a sentence too, a line break inside a paragraph does not. No language is assumed.
"""

import re

MAX_CHARS = 400  # a longer sentence (contracts have them) is cut into clauses, so that a quote stays short

# Where a sentence ends: after its full stop, or before a blank line, a list item, a heading, a table row or a tab.
# Nothing here looks further than its own line, and a run of stops is tried once only.
_OPENING = "\"'“‘([*_#-"
_END = re.compile(
    rf"""(?<![.!?])(?P<stop>[.!?]++["'”’)\]*_]*+)\s++(?=[{re.escape(_OPENING)}]*+[^\Wa-z_])"""  # a capital, digit, uncased script
    r"""|(?<![。！？])(?P<wide>[。！？]++)(?=[^。！？])"""
    r"""|\n\s*\n|\n(?=\s*(?:[-*•‣▪|#]|\(?\w{1,3}[.)]\s)|[^\n]*[^\S\n]\|\s)|(?<=\|)\s*\n|\t""",
)
_MARK = re.compile(r"[.!?。！？\n\t|]")  # every end begins with one of these, or stands behind one; most of a text has none
_SPACE = re.compile(r"\s*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“*_])(?:[A-Za-z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|No|Nos|Nr|Art|Sec|Fig|Vol|Inc|Ltd|Co|Corp"
    r"|Bros|vs|etc|approx|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|e\.g|i\.e|cf|\d{1,3})\.[*_]*$"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Cut a text into sentences of at most MAX_CHARS characters.

    >>> text = "Leave is paid. Acme Inc. says so, see No. 4:\\n- 13 days"
    >>> [text[start:end] for start, end in sentences(text)]
    ['Leave is paid.', 'Acme Inc. says so, see No. 4:', '- 13 days']
    """
    return [clause for start, end in whole_sentences(text) for clause in _clauses(text, start, end)]


def whole_sentences(text: str) -> list[tuple[int, int]]:
    """Cut a text into sentences, however long."""
    ranges: list[tuple[int, int]] = []
    start = 0
    while (end := next_end(text, start)) is not None:
        ranges.append(trimmed(text, start, end))
        start = end
    ranges.append(trimmed(text, start, len(text)))
    return [(start, end) for start, end in ranges if start < end]


def next_end(text: str, start: int = 0, *, grows: bool = False) -> int | None:
    """Find where the first sentence from ``start`` on ends; None while nothing that follows shows that it does.

    Of a text that ``grows`` only an end is told that no later character can move.

    >>> next_end("It is paid. A"), next_end("It is paid. "), next_end("It is 3.5 days")
    (11, None, None)
    >>> next_end("Item\\nIt is paid. A"), next_end("Item\\nIt is paid. A", grows=True)  # a table row? " |" may follow
    (16, None)
    """
    begin = position = _end_of_space(text, start)
    while (mark := _MARK.search(text, position)) and (match := _END.search(text, mark.start())):
        position = match.end("stop") if match["stop"] else match.end()
        if not (match["stop"] and _ABBREVIATION.search(text, max(begin, position - 12), position)):
            end = trimmed(text, begin, position if match["stop"] or match["wide"] else match.start())[1]
            return None if grows and _line_is_open(text, begin, end) else end
    return None


def least_end(text: str) -> int:
    """Tell how much of a growing text, in which :func:`next_end` finds no end, its first sentence holds in any case.

    >>> least_end("It is paid"), least_end("It is paid. *"), least_end("Item\\nIt is")
    (10, 11, 4)
    """
    earlier_lines, newline, _ = text.rpartition("\n")
    if newline:
        return len(earlier_lines.rstrip())
    unmarked = text.rstrip(_OPENING)
    return len(unmarked.rstrip()) if unmarked[-1:].isspace() else len(text)


def _line_is_open(text: str, start: int, end: int) -> bool:
    """Tell whether a line that began in the range may still turn out to be a row, or an item."""
    return "\n" in text[start:end] and text.find("\n", end) == -1


def _end_of_space(text: str, start: int) -> int:
    space = _SPACE.match(text, start)
    return space.end() if space else start


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Trim a range and cut it at the strongest marks near even parts until every part is short enough."""
    ranges: list[tuple[int, int]] = []
    start, end = trimmed(text, start, end)
    while end - start > MAX_CHARS:
        num_parts = -(-(end - start) // MAX_CHARS)
        cut = _cut(text, start, end, start + (end - start) // num_parts)
        ranges += _clauses(text, start, cut)
        start = _end_of_space(text, cut)
    return [*ranges, (start, end)] if start < end else ranges


def _cut(text: str, start: int, end: int, target: int) -> int:
    low, high = max(start + 1, target - MAX_CHARS // 2), min(end - 1, target + MAX_CHARS // 4)
    for mark in (r"[;:.]\s", r"\n", r",\s", r"\s"):
        if places := [m.end() for m in re.finditer(mark, text[low:high])]:
            return low + min(places, key=lambda place: abs(low + place - target))
    return target


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Take the space off both ends of a range; an empty range comes back if there is nothing else.

    >>> trimmed("  ab ", 0, 5)
    (2, 4)
    """
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    return start, start + len(part.strip())
