"""The amounts in a text: a decimal number, the currency it is told in (ISO 4217), and the unit as it is written.

A currency is told by its code, its symbol or its name; those of CLDR in several languages, by Babel. What several countries
call alike ("$", "¥", "dollars", "kr") tells none: then ``currency`` is None and ``unit`` holds what is written. Written-out
numbers are not read: where contracts write an amount in words they write it in digits too.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from babel.numbers import get_currency_name, get_currency_symbol

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
POINT_LANGUAGES = {"en", "zh", "ja", "ko", "he", "th", "hi", "und", ""}  # write 1,000.5; the others 1.000,5
_SHARED = {"$": None, "¥": None, "dollar": None, "dollars": None, "peso": None, "pesos": None, "kr": None, "rs": None}
_OWN = {
    **{
        "us$": "USD",
        "usd$": "USD",
        "u.s.$": "USD",
        "u.s. $": "USD",
        "us dollars": "USD",
        "u.s. dollars": "USD",
        "united states dollars": "USD",
    },
    **{"c$": "CAD", "cad$": "CAD", "cdn$": "CAD", "au$": "AUD", "s$": "SGD", "£": "GBP", "pounds sterling": "GBP"},
    **{
        "pounds": "GBP",
        "sterling": "GBP",
        "rmb": "CNY",
        "sfr": "CHF",
        "fr.": "CHF",
        "zł": "PLN",
        "kč": "CZK",
        "₽": "RUB",
        "₺": "TRY",
    },
}
_PERCENT = {"%": "%", "percent": "%", "per cent": "%", "per cent.": "%", "prozent": "%", "pour cent": "%", "por ciento": "%"}
_SCALES = {
    **{"hundred": 2, "thousand": 3, "million": 6, "millions": 6, "billion": 9, "billions": 9, "trillion": 12},
    **{"mio": 6, "mio.": 6, "mn": 6, "mrd": 9, "mrd.": 9, "bn": 9, "tsd.": 3, "millionen": 6, "milliarden": 9},
    **{"milliard": 9, "milliards": 9, "millones": 6, "millón": 6, "milioni": 6, "milhões": 6, "miljoen": 6, "miljard": 9},
}
# A dash that joins nothing and opens no line, or accounting's brackets where a sum is told: "was ($500)", "| ($500) |".
_SIGN = (
    r"(?P<sign>(?<![^ \t\u00a0(\[:=|])(?<![\d%][ \u00a0])[-−](?!\d+-)(?=\S)|\bminus\s(?=\S)"
    r"|(?:(?<=\bis )|(?<=\b(?:was|are) )|(?<=\bwere )|(?<=\|)|(?<=\| ))"
    r"\((?=(?:[^\d\s()]{1,4}\s?\d|\d{3}|\d+[.,]\d)[\d,.]*\)))"
)
_LETTERS = {"k": 3, "m": 6, "b": 9}  # $5m; of metres nobody speaks after a currency


@dataclass(frozen=True, slots=True)
class Amount:
    """A number at ``start:end`` of a text; ``currency`` is an ISO 4217 code where one is told, ``unit`` what is written."""

    number: Decimal
    currency: str | None
    unit: str | None
    start: int = 0
    end: int = 0

    @property
    def plain(self) -> str:
        """The number in plain digits, a point before its decimals."""
        return format(self.number, "f")


def amounts(text: str, language: str = "en") -> list[Amount]:
    """Find the amounts of a text, in order; ``language`` (ISO 639-1) tells whether 1.500 is one and a half.

    >>> [(a.plain, a.currency, a.unit) for a in amounts("US$ 1.5 million, 1,000 euros, $20.50 or 5%, 12 months")]
    [('1500000', 'USD', 'US$'), ('1000', 'EUR', 'euros'), ('20.50', None, '$'), ('5', None, '%'), ('12', None, None)]
    """
    return [_amount(match, language) for match in _pattern().finditer(text)]


def told_dollar(text: str) -> str | None:
    """Tell which dollar a text means by "$": the one whose code, sign or name it writes, if it writes of one only.

    >>> told_dollar("$5 in U.S. dollars"), told_dollar("$5"), told_dollar("USD 5 and CAD 6")
    ('USD', None, None)
    """
    told = {code for match in _unit_pattern().finditer(text) if (code := _currency(match[0])) and code in _dollars()}
    return told.pop() if len(told) == 1 else None


def agree(told: Amount, stands: Amount) -> bool:
    """Tell whether an amount may be the one that stands in a document: the number alike, and the unit as far as both tell it.

    >>> (five,) = amounts("$5")
    >>> [agree(amounts(told)[0], five) for told in ("5", "$5.00", "USD 5", "EUR 5", "5%", "$6")]
    [True, True, True, False, False, False]
    """
    if told.number != stands.number or (told.unit == "%") != (stands.unit == "%"):
        return told.number == stands.number and told.unit is None
    if told.currency in _dollars():
        stands = in_dollars(stands, told.currency)
    return told.currency is None or told.currency == stands.currency


def in_dollars(amount: Amount, code: str | None) -> Amount:
    """Give an amount of dollars of nobody's the currency that its document tells elsewhere."""
    is_bare = amount.currency is None and _plain(amount.unit or "") in {"$", "dollar", "dollars"}
    return replace(amount, currency=code) if is_bare and code else amount


@cache
def _units() -> dict[str, str | None]:
    """Every way to write a unit, as :func:`_plain` has it, with the currency it tells."""
    units: dict[str, str | None] = {}
    for code in sorted(_CURRENT):
        units[code.casefold()] = code
        for language in LANGUAGES:
            symbol, *names = (
                get_currency_symbol(code, language),
                *(get_currency_name(code, count, locale=language) for count in (1, 2)),
            )
            for told in (symbol, *names):
                if units.setdefault(_plain(told), code) != code:
                    units[_plain(told)] = None
    return units | _OWN | _SHARED | dict.fromkeys(_PERCENT)


_CURRENT = frozenset(
    """AED ARS AUD BGN BHD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD MAD MXN MYR NGN
    NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TND TRY TWD UAH USD UYU VND ZAR""".split()  # noqa: SIM905
)


@cache
def _dollars() -> frozenset[str]:
    return frozenset(code for code in _CURRENT if "dollar" in get_currency_name(code, locale="en").casefold())


@cache
def _unit_pattern() -> re.Pattern[str]:
    units = "|".join(_loosely(unit) for unit in sorted(_units(), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{units})(?!\w)", re.IGNORECASE)


@cache
def _pattern() -> re.Pattern[str]:
    units = "|".join(_loosely(unit) for unit in sorted(_units(), key=len, reverse=True))
    scales = "|".join(re.escape(scale) for scale in sorted(_SCALES, key=len, reverse=True))
    number = r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3}(?!\d)){1,6}+(?:[.,]\d{1,2}(?!\d))?|\d{1,18}(?!\d)(?:[.,]\d{1,6}(?!\d))?"
    return re.compile(
        rf"(?<![\w.,]){_SIGN}?(?:(?P<before>{units})\s{{0,3}}(?P<inner>(?<!\w)[-−](?=\d))?)?(?<![\d.,])(?P<number>{number})"
        rf"(?:(?P<letter>[kmb])\b|\s{{0,3}}(?P<scale>{scales})(?!\w))?"
        rf"(?:\s{{0,3}}(?:of\s+|de\s+)?(?P<after>{units})(?!\w))?",
        re.IGNORECASE,
    )


def _loosely(unit: str) -> str:
    return r"\s+".join(re.escape(part) for part in unit.split())


def _amount(match: re.Match[str], language: str) -> Amount:
    scale, end = 0, match.end()
    if match["scale"]:
        scale = _SCALES[match["scale"].casefold()]
    elif match["letter"] and match["before"]:
        scale = _LETTERS[match["letter"].casefold()]
    units = [unit for unit in (match["before"], match["after"]) if unit]
    told = next((unit for unit in units if _currency(unit)), None) or next(iter(units), None)
    unit = None if told is None else _PERCENT.get(_plain(told)) or " ".join(told.split())
    is_money = unit not in {None, "%"}
    number = _number(match["number"], has_point=language in POINT_LANGUAGES, is_money=is_money)
    is_negative = match["inner"] or (match["sign"] and not _is_item(match.string, match.start()))
    number = -number if is_negative else number
    return Amount(number.scaleb(scale) if scale else number, _currency(told or ""), unit, match.start(), end)


def _is_item(text: str, at: int) -> bool:
    """Tell whether a dash opens a line, as those of a list do; what is no more than an amount is no list."""
    line = text.rfind("\n", 0, at) + 1
    return line > 0 and text[at] in "-−" and not text[line:at].strip()


def _currency(unit: str) -> str | None:
    return _units().get(_plain(unit))


def _plain(unit: str) -> str:
    return " ".join(unit.casefold().split())


def _number(digits: str, *, has_point: bool, is_money: bool = False) -> Decimal:
    """Read a number whose marks may be another country's: what parts three digits of money off parts thousands.

    >>> [str(_number(n, has_point=True)) for n in ("1,000.50", "1.000,50", "1,5", "1,500", "1.500", "12 000")]
    ['1000.50', '1000.50', '1.5', '1500', '1.500', '12000']
    >>> str(_number("1.500", has_point=False)), str(_number("1.500", has_point=True, is_money=True))
    ('1500', '1500')
    """
    marks = re.findall(r"[.,]", digits)
    point = marks[-1] if marks else "."
    if len(set(marks)) < 2 and marks:
        _, *groups = re.split(r"[.,]", digits)
        own = "." if has_point else ","
        if len(marks) > 1 or (len(groups[-1]) == 3 and (is_money or point != own)):
            point = "," if point == "." else "."  # the mark that stands there parts thousands
    whole, _, part = digits.partition(point)
    whole = re.sub(r"\D", "", whole)
    return Decimal(f"{whole}.{part}" if part else whole)
