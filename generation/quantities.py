"""Numbers, amounts, dates and times as values: what is the same however it is written becomes equal.

A :class:`Quantity` knows its unit where one stands beside it, in the smallest unit of its kind that converts exactly:
a year is 12 months and never 365 days. A :class:`Day` may lack its parts. Nothing here looks beyond the text it is given.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from generation.lexicon import one_of

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen""".split()  # noqa: SIM905
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_VALUES = {**{word: n for n, word in enumerate(_SMALL)}, **{word: 10 * n for n, word in enumerate(_TENS, 2)}}
_MAGNITUDES = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 10**3, "m": 10**6, "mm": 10**6, "bn": 10**9,
}  # fmt: skip
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_UNITS: dict[str, tuple[str, int]] = {  # singular -> kind and how many of the kind's smallest unit
    "second": ("second", 1), "minute": ("minute", 1), "hour": ("minute", 60), "day": ("day", 1), "week": ("day", 7),
    "fortnight": ("day", 14), "month": ("month", 1), "quarter": ("month", 3), "year": ("month", 12), "annum": ("month", 12),
    "decade": ("month", 120), "min": ("minute", 1), "hr": ("minute", 60), "yr": ("month", 12),
    "percent": ("%", 1), "percentage": ("%", 1), "pct": ("%", 1), "cent": ("dollar", 1), "dollar": ("dollar", 1),
    "euro": ("euro", 1), "pound": ("pound", 1), "yen": ("yen", 1), "franc": ("franc", 1), "mile": ("mile", 1),
    "kilometer": ("km", 1), "kilometre": ("km", 1), "km": ("km", 1), "meter": ("m", 1), "metre": ("m", 1), "foot": ("foot", 1),
    "feet": ("foot", 1), "inch": ("inch", 1), "kg": ("kg", 1), "kilogram": ("kg", 1), "lb": ("lb", 1), "ton": ("ton", 1),
    "gallon": ("gallon", 1), "liter": ("liter", 1), "litre": ("liter", 1), "byte": ("byte", 1), "kb": ("byte", 10**3),
    "mb": ("byte", 10**6), "gb": ("byte", 10**9), "tb": ("byte", 10**12), "bit": ("bit", 1), "point": ("point", 1),
    "character": ("character", 1), "mg": ("mg", 1), "ml": ("ml", 1), "mw": ("mw", 1), "kw": ("kw", 1),
}  # fmt: skip
_CURRENCIES = {
    "$": "dollar",
    "€": "euro",
    "£": "pound",
    "¥": "yen",
    "usd": "dollar",
    "eur": "euro",
    "gbp": "pound",
    "chf": "franc",
}

_MONTH = (
    "|".join(
        f"{form}(?:{rest})?\\.?" if rest else form
        for month in MONTHS
        for form, rest in [(month[:3].title(), month[3:]), (month[:3].upper(), month[3:].upper())]
    )
    .replace("Sep(?:", "Sept?(?:")
    .replace("Sept?(?:tember)", "Sep(?:t(?:ember)?)?")
)
_YEAR = r"(?:1[89]|20)\d\d"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    rf"(?P<iso>\b{_YEAR}-\d\d-\d\d\b)"
    rf"|(?P<slashed>\b\d{{1,2}}(?P<sep>[/-])\d{{1,2}}(?P=sep)(?:{_YEAR}|\d\d)\b|\b\d{{1,2}}\.\d{{1,2}}\.{_YEAR}\b)"
    rf"|(?P<dmy>\b{_DAY}(?:\s+day)?(?:\s+of)?\s+(?:{_MONTH})(?:\s*,?\s*(?:of\s+)?{_YEAR}\b|\b(?!\s+\d)))"
    rf"|(?P<mdy>\b(?:{_MONTH})\s+{_DAY}(?!\d|[.,]\d|:)(?:\s*,?\s*{_YEAR}\b)?)"
    rf"|(?P<my>\b(?:{_MONTH})\s*,?\s+(?:of\s+)?{_YEAR}\b)"
    rf"|(?P<year>(?:\b[Ii]n|\b[Ss]ince|\b[Bb]y|\b[Uu]ntil|\b[Yy]ear|\bFY)\s+{_YEAR}\b(?![,.]\d|\s*[-/]\d))"
    r"|(?P<month>\b(?:January|February|April|June|July|August|September|October|November|December|(?<=in )May|(?<=in )March"
    r"|(?<=of )May|(?<=of )March|(?<=by )May|(?<=by )March)\b)"
)
TIME = r"\b\d{1,2}(?::\d\d)?\s*(?:[aApP]\.?[mM]\b\.?)|\b(?:[01]?\d|2[0-3]):[0-5]\d\b"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:\.\d+)*"
_WORDS = one_of([*_SMALL, *_TENS, "hundred", "thousand", "million", "billion", "trillion", "half", "dozen"])
# A dash that joins nothing and is not of a page's number (-5-), or accounting's brackets where a sum is told: "was ($500)".
SIGN = (
    r"(?P<sign>(?<![^\s(\[:=~\"'|])(?<![\d%)] )-(?!\d+-)(?=[A-Z]{0,3}[$€£¥]?\d)|\b[Mm]inus\s(?=[$€£¥]?\d)"
    r"|(?:(?<=\bis )|(?<=\b(?:was|are) )|(?<=\bwere )|(?<=\|)|(?<=\| ))\((?=(?:[A-Z]{0,3}[$€£¥]\s?\d|\d{3}|\d+[.,]\d)[\d,.]*\)))"
)
NUMBER = (
    rf"{SIGN}?(?:(?P<currency>(?:\b[A-Z]{{1,3}})?\$|[€£¥]|\b(?:USD|EUR|GBP|CHF)\b)\s?(?P<inner>-(?=\d))?)?(?P<digits>(?<![\d.])(?:{_DIGITS}))(?P<ordinal>(?:st|nd|rd|th)\b)?"
    r"(?:\s*(?P<magnitude>(?i:hundred|thousand|million|billion|trillion|bn|mm)\b|(?<=\d)[KkMm]\b(?!\w)))?"
    r"(?P<percent>\s?%|\s(?i:percent|per\s+cent|percentage|pct)\b)?"
)
_TOLD = NUMBER.replace(SIGN, r"(?P<sign>[-−(]|[Mm]inus\s)")  # what a scanner took for a sign is one
WORD_NUMBER = rf"(?i:\b(?:{_WORDS})(?:(?:\s+|\s*-\s*)(?:and\s+)?(?:{_WORDS}))*\b)(?P<word_percent>\s+(?i:percent|per\s+cent)\b)?"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number; ``unit`` is None where none stands beside it, and ``size`` is ``value`` in the unit's smallest kind."""

    value: Decimal
    unit: str | None = None
    size: Decimal = Decimal(0)
    digits: str = ""  # as they are written, where they are
    is_label: bool = False  # the number of a version or a section, where 3.1 is not 3.10
    is_mark: bool = False  # what an item or a section begins with, or is called by: the name of a place, and no amount

    @property
    def is_bare(self) -> bool:
        """Whether a unit may belong to it yet."""
        return not (self.unit or self.is_mark)

    def is_same(self, other: "Quantity") -> bool:
        """Tell whether both say the same; a bare number agrees with any unit, a mark with marks alone.

        >>> measured(quantity("12"), "month").is_same(measured(quantity("one"), "year"))
        True
        """
        if self.is_mark != other.is_mark:
            return False
        if self.unit and other.unit:
            return self.unit == other.unit and self.size == other.size
        if (self.is_label or other.is_label) and "." in self.digits + other.digits and self.digits and other.digits:
            return _parts(self.digits) == _parts(other.digits)
        return self.value == other.value

    def competes_with(self, other: "Quantity") -> bool:
        """Tell whether one may stand in the other's place: both of a unit of the same nature, or one of them bare."""
        if self.is_mark != other.is_mark:
            return False
        return not (self.unit and other.unit) or _nature(self.unit) == _nature(other.unit)


@dataclass(frozen=True, slots=True)
class Day:
    """A date or a part of one. ``readings`` holds every (year, month, day) it may mean, None for what is not said."""

    readings: frozenset[tuple[int | None, int | None, int | None]]

    def is_within(self, other: "Day") -> bool:
        """Tell whether the other says all that this one does.

        >>> day("March 2020").is_within(day("2020-03-05")), day("2020-03-05").is_within(day("March 2020"))
        (True, False)
        """
        return any(
            all(mine is None or mine == theirs for mine, theirs in zip(one, two, strict=True))
            for one in self.readings
            for two in other.readings
        )


def quantity(text: str) -> Quantity:
    """Read a number in digits or in words, with its sign, currency, magnitude and percent sign.

    >>> int(quantity("$1.5 million").size), str(quantity("one hundred twenty-five").value), quantity("5 %").unit
    (1500000, '125', '%')
    >>> int(quantity("-$500").value), int(quantity("minus 18").value)
    (-500, -18)
    """
    if found := re.match(rf"\s*{_TOLD}", text):
        digits = found["digits"]
        value = (
            _decimal(digits)
            * (-1 if found["sign"] or found["inner"] else 1)
            * _MAGNITUDES.get((found["magnitude"] or "").lower(), 1)
        )
        unit = "%" if found["percent"] else None
        if currency := found["currency"]:
            unit = _CURRENCIES.get(currency.lower(), "dollar" if currency.endswith("$") else currency.lower())
        return Quantity(value, unit, value, digits)
    value = _spoken(re.findall(r"[a-z]+", text.lower()))
    unit = "%" if re.search(r"per\s?cent", text, re.IGNORECASE) else None
    return Quantity(value, unit, value)


def is_unit(word: str) -> bool:
    """Tell whether a lower-case singular word measures something."""
    return word in _UNITS


def measured(number: Quantity, unit: str) -> Quantity:
    """Give a bare number its unit, a lower-case singular word."""
    kind, factor = _UNITS[unit]
    return Quantity(number.value, kind, number.value * factor)


def day(text: str) -> Day:
    """Read a date; one in digits alone may mean two days.

    >>> sorted(day("3rd day of March, 2020").readings), len(day("3/4/20").readings)
    ([(2020, 3, 3)], 2)
    """
    if re.fullmatch(r"\s*\d+([/.-])\d+\1\d+\s*", text):
        return _digits_alone([int(part) for part in re.findall(r"\d+", text)])
    year = re.search(_YEAR, text)
    month = re.search(r"[A-Za-z]{3,}", re.sub(r"(?i)\b(?:day|of|in|since|by|until|year)\b|(?<=\d)(?:st|nd|rd|th)", "", text))
    days = re.search(r"\d{1,2}(?!\d)", text.replace(year[0], "") if year else text)
    return Day(frozenset({(int(year[0]) if year else None, _month(month[0]) if month else None, int(days[0]) if days else None)}))


def clock(text: str) -> Quantity:
    """Read a time of day as minutes after midnight.

    >>> clock("4:30 PM") == clock("16:30")
    True
    """
    hour, minute = re.match(r"(\d+)(?::(\d\d))?", text).groups()  # type: ignore[union-attr]
    late = re.search(r"p", text, re.IGNORECASE)
    hours = int(hour) % 12 + (12 if late else 0) if late or re.search("a", text, re.IGNORECASE) else int(hour)
    value = Decimal(60 * hours + int(minute or 0))
    return Quantity(value, "time", value)


def _parts(digits: str) -> list[str]:
    """The parts of a version; 3.0 is 3, as it is said."""
    parts = digits.split(".")
    while len(parts) > 1 and not parts[-1].strip("0"):
        parts.pop()
    return parts


def _nature(unit: str) -> str:
    if unit in {"second", "minute", "day", "month"}:
        return "duration"
    return "money" if unit in _CURRENCIES.values() else unit


def _decimal(digits: str) -> Decimal:
    if digits.count(".") > 1 and "," not in digits:  # a clause or a version: 14.2.1
        return Decimal(digits.replace(".", "00", digits.count(".") - 1))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    return Decimal(digits.replace(",", ""))


def _spoken(words: list[str]) -> Decimal:
    total = group = Decimal(0)
    for word in words:
        if word in _VALUES:
            group += _VALUES[word]
        elif word == "half":
            group += Decimal("0.5")
        elif word == "dozen":
            group = (group or Decimal(1)) * 12
        elif word == "hundred":
            group = (group or Decimal(1)) * 100
        elif word in _MAGNITUDES:
            total, group = total + (group or Decimal(1)) * _MAGNITUDES[word], Decimal(0)
    return total + group


def _digits_alone(parts: list[int]) -> Day:
    if parts[0] > 999:
        return Day(frozenset({(parts[0], parts[1], parts[2])}))
    first, second, year = parts
    year += 0 if year > 99 else 2000 if year < 70 else 1900
    return Day(frozenset((year, m, d) for m, d in ((first, second), (second, first)) if m <= 12 and d <= 31))


def _month(word: str) -> int | None:
    return next((number for number, month in enumerate(MONTHS, 1) if month[:3] == word[:3].lower()), None)
