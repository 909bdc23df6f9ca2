"""References to a numbered part of a document, in questions and in passages: ``Section 12.3``, ``§ 4 Abs. 2``, ``Article 5(b)``.

Each becomes one mark that says which part it is and not what the part is called, so that a question for clause 7.1 finds
the heading ``7.1 Termination``. Only that very part: 12.3 is neither 12.30 nor 112.3; 5(b) is also a mention of 5.
"""

import re
from collections.abc import Iterator

_NUMBER = r"(\d{1,4}(?:\.\d{1,4}){0,6}[a-z]?|[ivxlc]{1,7})"
_UNIT = r"(?:abs|absatz|nr|nummer|ziff|ziffer|satz|lit|buchst|para|paragraph|no)"
_BELOW = rf"((?: ?\([a-z0-9]{{1,4}}\)| {_UNIT}\.? (?:\d{{1,3}}[a-z]?|[a-z])(?!\w)){{0,4}})"
_CUE = (
    r"(?:§{1,2}|sections?|sec\.|articles?|art\.|clauses?|cl\.|paragraphs?|para\.|schedule|annex|appendix|exhibit|rule|chapter"
    r"|abschnitt|artikel|ziffer|ziff\.|klausel|kapitel|anlage|anhang|punkt|paragraph"
    r"|sección|artículos?|cláusula|apartado|capítulo|anexo|articolo|clausola|clause|article)"
)
MENTION = re.compile(rf"(?<!\w){_CUE}\s{{0,3}}{_NUMBER}(?![\w]|\.\d){_BELOW}")
# "Sections 3 and 4", "§§ 4, 5": what follows a mention, joined to it.
NEXT = re.compile(
    rf"\s{{0,3}}(?:,|and|or|und|oder|y|o|&|to|bis|-|–)\s{{0,3}}(\d{{1,4}}(?:\.\d{{1,4}}){{0,6}}[a-z]?)(?![\w]|\.\d){_BELOW}"
)
MAX_JOINED = 10
# "12.3 Termination" where a line begins; "12." too, as headings of contracts are numbered.
AT_LINE_START = re.compile(
    rf"^[^\S\n]*(\d{{1,4}}(?:\.\d{{1,4}}){{1,6}}|\d{{1,3}}(?=\.))(?![\w]|\.\d)\.?{_BELOW}(?=\s)", re.MULTILINE
)
_LEVEL = re.compile(r"\d+[a-z]?|[a-z]+")
_UNIT_WORD = re.compile(rf"\b{_UNIT}\b")


def mentioned(folded: str) -> list[str]:
    """Give the marks of the parts that a folded text names with a word or a sign, the innermost part of each.

    >>> mentioned("see section 12.3 and § 4 abs. 2; not 7.1"), mentioned("article 5(b)")
    (['12.3', '4(2)'], ['5(b)'])
    >>> mentioned("sections 3, 4.1 and 5"), mentioned("§§ 4, 5")
    (['3', '4.1', '5'], ['4', '5'])
    """
    return [_mark(*match.groups()) for first in MENTION.finditer(folded) for match in (first, *_joined(folded, first.end()))]


def _joined(folded: str, position: int) -> Iterator[re.Match[str]]:
    for _ in range(MAX_JOINED):
        match = NEXT.match(folded, position)
        if match is None:
            return
        yield match
        position = match.end()


def held(folded: str) -> list[str]:
    """Give the marks of all parts that a passage names or begins, each with the parts it lies in by brackets.

    >>> held("12.3 termination\\nsee article 5(b)")
    ['5(b)', '5', '12.3']
    """
    marks = mentioned(folded) + [_mark(*match.groups()) for match in AT_LINE_START.finditer(folded)]
    return list(dict.fromkeys(outer for mark in marks for outer in _outwards(mark)))


def _mark(number: str, below: str | None) -> str:
    levels = _LEVEL.findall(_UNIT_WORD.sub(" ", below or ""))
    return number + "".join(f"({level})" for level in levels)


def _outwards(mark: str) -> list[str]:
    """Give a mark and those it lies in, innermost first: ``5(b)(2)``, ``5(b)``, ``5``."""
    found = [mark]
    while found[-1].endswith(")"):
        found.append(found[-1].rpartition("(")[0])
    return found
