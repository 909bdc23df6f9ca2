"""Where somebody lives: an address is more than its street, and a country is a place however it stands there.

Street, unit, town, postcode and country are found one by one; what stands between them and belongs to none, a number or the
letters of a state, is of the address too.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from generation.privacy.found import Found, joined

NUMBER = r"\d{1,6}(?:-\d{2,4})?[a-dA-D]?"
CAPITAL = r"[^\W\d_a-zà-öø-ÿ][\w'’-]*\.?"
PARTICLE = r"(?:de|da|di|do|dos|del|la|le|el|nad|am|an|der|upon|on|of|sur|y)"
SEPARATOR = r"[\s,;>?()]"
BETWEEN = re.compile(rf"{SEPARATOR}*(?:(?:{NUMBER}|{CAPITAL}|{PARTICLE}){SEPARATOR}+){{0,5}}")
POSTCODE = rf"\b(?:{NUMBER}|[A-Z]{{1,2}}\d[A-Z\d]?|\d{{3}}[ ]\d{{2}})(?:[ ]\d[A-Z\d]{{2}})?\b(?![%/:.]\d|[ ]*%)"
AFTER = re.compile(rf"{SEPARATOR}{{1,6}}(?:[A-Z]{{2,3}}{SEPARATOR}{{1,6}})?{POSTCODE}")
BEFORE = re.compile(r"(?<![\w.,/-])(?:\d{1,6}[\s,]{1,3}){1,2}\Z")
MAX_NUMBERS_CHARS = 20
LOCAL = {"ADDRESS", "PLACE", "NAME", "PERSON", "ORGANISATION", "POSTCODE"}


def whole_addresses(text: str, found: list[Found]) -> list[Found]:
    """Join the parts of addresses in a paragraph, with the numbers between and beside them; what is none stays as it is.

    ``found`` does not overlap and is in order, and so is the result.
    """
    whole: list[Found] = []
    for one in found:
        last = whole[-1] if whole else None
        if last and _belong(last, one) and BETWEEN.fullmatch(text, last.end, one.start):
            whole[-1] = Found(last.start, one.end, "ADDRESS")
        else:
            whole.append(one)
    return joined(_grown(text, one) if one.kind == "ADDRESS" else one for one in whole)


def _belong(one: Found, other: Found) -> bool:
    return "ADDRESS" in (one.kind, other.kind) and {one.kind, other.kind} <= LOCAL


def _grown(text: str, one: Found) -> Found:
    before, after = BEFORE.search(text, max(0, one.start - MAX_NUMBERS_CHARS), one.start), AFTER.match(text, one.end)
    return Found(before.start() if before else one.start, after.end() if after else one.end, "ADDRESS")


def countries(text: str) -> Iterator[Found]:
    """Find the countries of the world by their English names; in small letters only in a text that has no capital."""
    pattern, small = _names_of_countries()
    for match in (small if text.islower() else pattern).finditer(text):
        yield Found(match.start(), match.end(), "PLACE")


@cache
def _names_of_countries() -> tuple[re.Pattern[str], re.Pattern[str]]:
    listed = Path(__file__).with_name("countries.txt").read_text(encoding="utf-8").splitlines()
    pattern = rf"\b(?:{'|'.join(map(re.escape, sorted(listed, key=len, reverse=True)))})(?!\w)"
    return re.compile(pattern), re.compile(pattern, re.IGNORECASE)
