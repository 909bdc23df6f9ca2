"""The numbers Word prints before paragraphs: they are not in the text of the file but counted when it is shown.

A contract cited as "Section 5.2" has its 5.2 here only, so parsing has to count as Word does: per list definition and level,
a level starting again whenever an outer one moves on.
"""

import re
from dataclasses import dataclass

from lxml import etree

BULLET = "-"
_MAX_LEVELS = 9
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"))
_ROMAN_ONES = ((5, "v"), (4, "iv"), (1, "i"))


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    template: str


class Numbering:
    """Counts the labels of one document; ask in the order of its paragraphs."""

    def __init__(self, root: etree._Element | None) -> None:
        self._lists: dict[str, str] = {}  # list -> its definition, which several lists may share and count on together
        self._levels: dict[tuple[str, int], _Level] = {}
        self._counts: dict[str, list[int | None]] = {}
        if root is None:
            return
        for definition in root.iterfind("{*}abstractNum"):
            name = attribute(definition, "abstractNumId")
            for level in definition.iterfind("{*}lvl"):
                self._levels[name, _number(attribute(level, "ilvl")) % _MAX_LEVELS] = _level(level)
        for used in root.iterfind("{*}num"):
            self._add_list(used)

    def label(self, list_id: str, depth: int) -> str:
        """Count one paragraph of a list and return what is printed before it, "" where nothing is."""
        definition = self._lists.get(list_id, "")
        level = self._levels.get((definition, depth))
        if level is None:
            return BULLET
        counts = self._counts.setdefault(definition, [None] * _MAX_LEVELS)
        now = counts[depth]
        counts[depth] = level.start if now is None else now + 1
        counts[depth + 1 :] = [None] * (_MAX_LEVELS - depth - 1)
        if level.form == "bullet":
            return BULLET
        return re.sub(r"%([1-9])", lambda m: self._shown(definition, int(m[1]) - 1), level.template).strip()

    def _shown(self, definition: str, depth: int) -> str:
        level = self._levels.get((definition, depth))
        count = self._counts[definition][depth]
        return "" if level is None else _written(level.start if count is None else count, level.form)

    def _add_list(self, used: etree._Element) -> None:
        """A list that overrides where its definition starts counts on its own."""
        name, definition = attribute(used, "numId"), attribute(used.find("{*}abstractNumId"), "val")
        overrides = {_number(attribute(o, "ilvl")): o for o in used.iterfind("{*}lvlOverride")}
        if overrides:
            own = f"{definition}/{name}"
            for depth in range(_MAX_LEVELS):
                if (level := self._levels.get((definition, depth))) is not None:
                    self._levels[own, depth] = _overridden(level, overrides.get(depth))
            definition = own
        self._lists[name] = definition


def attribute(node: etree._Element | None, name: str) -> str:
    """Return an attribute by its local name, "" where the node or the attribute is missing."""
    if node is None:
        return ""
    return next((str(v) for k, v in node.attrib.items() if str(k).rpartition("}")[2] == name), "")


def _number(value: str, default: int = 0) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else default


def _level(node: etree._Element) -> _Level:
    start, form, template = (attribute(node.find("{*}" + name), "val") for name in ("start", "numFmt", "lvlText"))
    return _Level(_number(start, 1), form or "decimal", template)


def _overridden(level: _Level, override: etree._Element | None) -> _Level:
    if override is None:
        return level
    own = override.find("{*}lvl")
    level = level if own is None else _level(own)
    return _Level(_number(attribute(override.find("{*}startOverride"), "val"), level.start), level.form, level.template)


def _written(count: int, form: str) -> str:
    """Write a count in one of Word's number formats.

    >>> _written(4, "upperRoman"), _written(28, "lowerLetter"), _written(7, "decimal")
    ('IV', 'bb', '7')
    """
    if form == "none":
        return ""
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 10)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        return _roman(count).upper() if form == "upperRoman" else _roman(count)
    return f"{count:02d}" if form == "decimalZero" else str(count)


def _roman(count: int) -> str:
    written = ""
    for value, letters in (*_ROMAN, *_ROMAN_ONES):
        written += letters * (count // value)
        count %= value
    return written
