"""Markup that acts or carries text away: scripts, handlers, pictures and links whose address takes something along.

Pictures and links of an honest document point at it and no further; one with a gap to be filled in, or a picture from elsewhere
with a query, is made to be completed by whoever repeats it.
"""

import re
from collections.abc import Sequence
from typing import Literal

from generation.hostile.pieces import pieces

Found = tuple[Literal["markup", "link"], int, int]

ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|applet|frame|frameset)\b[^<>]*>?"
    r"|<[a-z][^<>]{0,200}?[\s\"'/\\]on[a-z]{3,20}\s*=[^<>]*>?|[\"'`]\s*on(?:error|load|mouse\w+|click|focus)\s*="
    r"|\b(?:javascript|vbscript)\s*:(?=\s*\S)|\bdata:(?:text/html|application/\w*script|image/svg)[^\s)\"'>]*|\bsrcdoc\s*=",
    re.IGNORECASE,
)
_NAMES = (
    r"(?:answer|summary|data|query|question|conversation|history|secret|content|prompt|context|response|reply|chat|leak|exfil|info|payload"
    r"|message|msg|password|token|email|steal|log)"
)
_PICTURE = re.compile(
    rf"!\[[^\]\n]{{0,200}}\]\(\s*<?\s*(?:https?:)?//[^)\s]*[?&](?:\w*{_NAMES}\w*|[a-z])=[^)\n]*\)?", re.IGNORECASE
)
_TO_FILL_IN = re.compile(
    rf"(?:https?:)?//[^\s<>\"')]{{3,200}}?"
    rf"(?:\{{\{{?|\[|<|\$\{{|\$)[\w .-]{{0,30}}?(?i:{_NAMES})[\w .-]{{0,30}}(?:\}}?\}}|\]|>|\b)"
    r"|(?:https?:)?//[^\s<>\"')]{3,200}?[?&]\w{1,20}=(?:[A-Z]{2,}(?:_[A-Z]+)+|\.{3}|…)"
    rf"|(?:https?:)?//[^\s<>\"')]{{3,200}}?[?&](?:[a-z]|(?i:{_NAMES}))=(?=[\s\"'.,)]|\Z)"
)
_CODE = re.compile(
    r"\b(?:requests?\.(?:get|post)|urllib|urlretrieve|smtplib|socket\.|subprocess\.|os\.(?:system|remove|popen|rename)|exec\(|eval\("
    r"|__import__|ftplib|paramiko|rm -rf|dd if=|chmod \+x|curl |wget |DROP TABLE|UNION SELECT|INSERT INTO|shutil\.)",
    re.IGNORECASE,
)
_BIDS_CODE = re.compile(
    r"\b(?:following|subsequent|below|next)\b[^.\n]{0,20}\bcode\b[^.\n]{0,30}\b(?:snippet|block|section|excerpt|segment|fragment|lines?)?",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"[^\n]*\n?\s*```[^`]*(?:```|\Z)")


def find(text: str, ranges: Sequence[tuple[int, int]]) -> list[Found]:
    """Find active markup, addresses made to be filled in, and code to be taken over that reaches outside."""
    found: list[Found] = []
    if any(mark in text for mark in (":", "<", "=")):
        found += [("markup", *_piece_around(text, *match.span(), ranges)) for match in ACTIVE.finditer(text)]
    if "//" in text:
        links = [match.span() for pattern in (_PICTURE, _TO_FILL_IN) for match in pattern.finditer(text)]
        found += [("link", *_piece_around(text, *link, ranges)) for link in links]
    return found + _code_to_take_over(text)


def _piece_around(text: str, start: int, end: int, ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Widen a link or a tag to what introduces it."""
    around = [piece for first, last in ranges if first < end and start < last for piece in pieces(text, first, last)]
    touched = [(first, last) for first, last in around if first < end and start < last]
    return min([start, *(first for first, _ in touched)]), max([end, *(last for _, last in touched)])


def _code_to_take_over(text: str) -> list[Found]:
    found: list[Found] = []
    for match in _BIDS_CODE.finditer(text) if "code" in text else ():
        start = text.rfind("\n", 0, match.start()) + 1
        block = _BLOCK.match(text, match.end())
        if block and _CODE.search(block[0]):
            found.append(("markup", start, block.end()))
    return found
