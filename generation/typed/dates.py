"""The calendar dates in a text, as ISO 8601: written out in a dozen languages, in digits, or as far as the text goes.

A date that a text gives no day or no year for stays as short as it is told (2010-06, 2010). Digits such as 03/04/2010 that
can be read in two ways have two readings: which of them is meant is for the caller to find out, or to tell. Names of months
are Unicode's (CLDR, by Babel); nothing here reads a clock, so no part of a date is ever filled in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel.dates import get_month_names

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "ro")
CENTURY_PIVOT = 70  # of a year of two digits: 69 is 2069, 70 is 1970, as POSIX has it
_TEENS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
    *("thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)
_ORDINALS = {
    **{word: number for number, word in enumerate(_TEENS, 1)},
    **{f"twenty-{word}": 20 + number for number, word in enumerate(_TEENS[:9], 1)},
    **{"twentieth": 20, "thirtieth": 30, "thirty-first": 31},
}


@dataclass(frozen=True, slots=True)
class Dated:
    """A date at ``start:end`` of a text; more than one reading if it can be read in more than one way, the likeliest none."""

    start: int
    end: int
    readings: tuple[str, ...]


def dates(text: str, *, day_first: bool | None = None) -> list[Dated]:
    """Find the dates of a text, in order; ``day_first`` tells how to read 03/04/2010, None that nobody knows.

    >>> [found.readings for found in dates("Made this 8th day of June, 2010; ends 3/4/12, renewed in März 2013 and 2013-02-30")]
    [('2010-06-08',), ('2012-03-04', '2012-04-03'), ('2013-03',), ('2013',)]
    """
    found = []
    for match in _pattern().finditer(text):
        readings = tuple(dict.fromkeys(_readings({k: v for k, v in match.groupdict().items() if v}, day_first)))
        if not readings and match["y_iso"]:  # no such day; the year stands there all the same
            readings = (match["y_iso"],)
        if readings:
            found.append(Dated(match.start(), match.end(), readings))
    return found


def order_of(texts: Iterable[str], language: str) -> bool | None:
    """Tell whether days stand before months in a document: by what can be read in one way only, else by its language.

    >>> order_of(["between 13/01/2020 and 02/03/2021"], "en"), order_of(["02/03/2021"], "en"), order_of([""], "de")
    (True, None, True)
    """
    seen = {int(a) > 12 for text in texts for a, b in _SLASHED.findall(text) if (int(a) > 12) != (int(b) > 12)}
    if len(seen) == 1:
        return seen.pop()
    return None if language in {"en", "und", ""} else True


_SLASHED = re.compile(r"(?<![\d/-])([0-3]?\d)[/-]([0-3]?\d)[/-](?:19|20)?\d\d(?![\d/-])")


@cache
def _months() -> dict[str, int]:
    """Every name of a month, as :func:`_plain` has it."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale=language).items():
                    if any(char.isalpha() for char in name):
                        names.setdefault(_plain(name), number)
    return names | {"sept": 9}


def _plain(name: str) -> str:
    return name.casefold().rstrip(".")


@cache
def _pattern() -> re.Pattern[str]:
    month = r"(?:" + "|".join(re.escape(name) for name in sorted(_months(), key=len, reverse=True)) + r")\b\.?"
    ordinal = "|".join(sorted(_ORDINALS, key=len, reverse=True))
    day = rf"(?:[0-3]?\d(?!\d)|{ordinal})"
    suffix = r"(?:\s?(?:st|nd|rd|th|er|º|ª|°)\b|º|°|\.)?"
    again = r"(?:\s*\(\s*\d{1,2}\s*(?:st|nd|rd|th)?\s*\))?"  # first (1st)
    of = r"(?:[\s,]|\b(?:de|del|of|the|day|in the year)\b)*+"
    year = r"(?:19|20)\d\d(?!\d)"
    return re.compile(
        rf"(?<!\w)(?P<m_md>{month})\s*(?:the\s+)?(?P<d_md>{day}){suffix}{again}{of}(?P<y_md>{year})"
        rf"|(?<![\w.,/-])(?P<d_dm>{day}){suffix}{again}{of}(?P<m_dm>{month}){of}(?P<y_dm>{year})"
        r"|(?<![\w/-])(?P<y_iso>(?:19|20)\d\d)-(?P<m_iso>\d\d)-(?P<d_iso>\d\d)(?![\w/-])"
        r"|(?<!\w)(?P<y_cjk>(?:19|20)\d\d)\s?[年년]\s?(?P<m_cjk>\d{1,2})\s?[月월]\s?(?P<d_cjk>\d{1,2})\s?[日일]"
        r"|(?<![\w./-])(?P<a>[0-3]?\d)(?P<sep>[/-]|\.\s?)(?P<b>[0-3]?\d)(?P=sep)(?P<y_ab>(?:19|20)\d\d|(?<=[/-])\d\d)(?![\w/-])"
        rf"|(?<!\w)(?P<m_my>{month}){of}(?P<y_my>{year})"
        r"|(?<![\w.,/$€£-])(?P<y>(?:19|20)\d\d)(?![\w/%-]|[.,]\d)",
        re.IGNORECASE,
    )


def _readings(parts: dict[str, str], day_first: bool | None) -> Iterable[str]:
    """Give the ISO forms that the parts of one match may mean; none if there is no such day."""
    if "a" in parts:
        yield from _of_digits(parts, day_first)
    elif "m_my" in parts:
        yield f"{parts['y_my']}-{_month(parts['m_my']):02}"
    elif "y" in parts:
        yield parts["y"]
    else:
        kind = next(name[2:] for name in parts if name.startswith("d_"))
        day = parts[f"d_{kind}"].casefold()
        yield from _iso(int(parts[f"y_{kind}"]), _month(parts[f"m_{kind}"]), _ORDINALS.get(day) or int(day))


def _of_digits(parts: dict[str, str], day_first: bool | None) -> Iterable[str]:
    a, b, year = int(parts["a"]), int(parts["b"]), int(parts["y_ab"])
    if year < 100:
        year += 2000 if year < CENTURY_PIVOT else 1900
    if parts["sep"].startswith("."):
        day_first = True
    if day_first is not True:
        yield from _iso(year, a, b)
    if day_first is not False or a > 12:
        yield from _iso(year, b, a)
    if day_first is True and b > 12:
        yield from _iso(year, a, b)


def _month(name: str) -> int:
    return int(name) if name.isdigit() else _months()[_plain(name)]


def _iso(year: int, month: int, day: int) -> Iterable[str]:
    try:
        yield date(year, month, day).isoformat()
    except ValueError:  # the thirty-first of June
        return
