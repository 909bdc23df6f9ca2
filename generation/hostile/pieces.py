"""The parts of a sentence that may have been put into it: lines, rows of a table, what follows a stop without a space.

Who drops a sentence into a document does not care for its punctuation, so a sentence as quoted may hold his and others'.
"""

import itertools
import re

from generation.sentences import trimmed

_CUT = re.compile(
    r"\n(?=\W*[^\W\d_a-z])|(?<=[>\])}]) (?=[A-Z][a-z])|(?<=---)\s"  # a line, what follows a mark
    r"|(?<=[.!?])\s*(?=\|)|(?<=[.!?])(?=[A-Z][a-z])|(?<=[.!?]) (?=[$€£\d])"  # a row, what follows a stop
)


def pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a range wherever something may begin anew; the parts are in order and not empty.

    >>> pieces("Explain tides. | 7 | Ann", 0, 24)
    [(0, 14), (15, 24)]
    """
    cuts = [start, *(match.start() for match in _CUT.finditer(text, start + 1, end)), end]
    parts = (trimmed(text, first, last) for first, last in itertools.pairwise(cuts))
    return [(first, last) for first, last in parts if first < last]
