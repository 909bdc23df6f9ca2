"""Personal data that is told by its shape, or by the words before it.

They ask for less than Presidio's recognisers of the same things, which want checksums and American forms: a card number with a
typing error is still somebody's card number. Where a pattern has a group ``what``, that is what is personal, and the rest is what
tells it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from generation.privacy.found import Found, Kind

UPPER = r"[^\W\d_a-zà-öø-ÿ]"  # a letter that is no small one; those of scripts without cases count
# Words are bounded, and begin where no other goes on: a text that is one long word must not take longer than any other.
WORD = rf"(?-i:{UPPER}[\w'’-]{{0,40}})"
WORDS = r"(?:[\w'’.-]{1,40}[ ])"
BEGIN = r"(?<![\w'’.-])"
NUMBER = r"\d{1,6}(?:[-/]\d{1,5})?[a-d]?"
UNIT = (
    r"(?:apt|apartment|suite|ste|unit|flat|room|bldg|building|p\.?[ ]?o\.?[ ]box|psc|box|lot)\b\.?[ ]?(?:no\.?[ ]?|\#)?"
    r"\d+[a-z]?\b"
)
STREET = (
    r"(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|court|ct|square|sq|terrace|way|highway|hwy|parkway|pkwy"
    r"|circle|crescent|close|alley|quay|mews|grove|hill|trail|turnpike)"
)
STREET_BEFORE = (
    r"(?:rue|avenue|boulevard|chemin|impasse|avenida|avda\.|av\.|calle|carrer|rua|via|viale|piazza|plaza|praça|travessa|ul\."
    r"|ulica|al\.|calea|strada|platz|am|an\ der|c/)"
)
STREET_END = (
    r"(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|damm|ufer|katu|tie|kuja|polku|gat(?:an|e|a)|väg(?:en)?|vej(?:en)?|gade"
    r"|ve(?:i|g)(?:en)?|vænget|straat|laan|plein|gracht|utca|götu|braut|stígur|vegur)"
)
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
YEAR = r"(?:19|20)\d\d"
DATE = rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|{DAY}[ ](?:of[ ])?{MONTH},?[ ]{YEAR}|{MONTH}[ ]{DAY},?[ ]{YEAR}|{YEAR})"
CALLED = r"(?:phone|telephone|tel|mobile|cell|fax|call|calls|calling|reach|text|messages?|answering|number|desk|office|dial)"
EXTENSION = r"(?:[ ]?(?:x|ext\.?)[ ]?\d{1,6})"
NUMBERED = r"(?:account|member|patient|employee|student|customer|policy|case|badge)[ ](?:number|no|id|\#)"
IDENTITY = (
    r"(?:ssn|social[ ]security|passport|licen[cs]e|driver'?s|national[ ]id|identity[ ]card|id[ ]card|tax[ ]id|taxpayer"
    rf"|{NUMBERED})"
)
NO_AGE = r"(?![ ]?[%$€£:/-]|[ ]+(?:days?|hours?|weeks?|minutes?|percent))"


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of personal data and what it looks like; ``regex`` marks with the group ``what`` the part that is personal."""

    kind: Kind
    regex: re.Pattern[str]


def _shape(kind: Kind, pattern: str, flags: re.RegexFlag = re.IGNORECASE) -> Shape:
    return Shape(kind, re.compile(pattern, flags | re.VERBOSE))


SHAPES: tuple[Shape, ...] = (
    _shape("EMAIL", r"[\w.!\#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    _shape("URL", r"\b(?:https?|ftp)://[^\s<>\"”)\]]+[^\s<>\"”)\].,;:!?']|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s<>\"”)\]]*)?"),
    _shape("IP", r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\w)"),
    _shape("IBAN", r"\b[A-Z]{2}\d{2}(?:(?:[ ][A-Z0-9]{4}){3,7}(?:[ ][A-Z0-9]{1,4})?|(?=[A-Z]*\d{4})[A-Z0-9]{11,30})\b"),
    _shape("CARD", r"(?<![\w.-])(?:\d{4}[ -]){3}\d{1,7}(?![\w-])|(?<![\w.])\d{13,19}(?!\w)"),
    _shape("CARD", r"\b(?:card|cc|visa|mastercard|amex)\b\D{0,30}(?P<what>\d[\d -]{10,22}\d)(?!\w)"),
    _shape("ID", r"(?<![\w-])\d{3}[ -]\d{2}[ -]\d{4}(?![\w-])"),
    _shape("ID", rf"\b{IDENTITY}\b[^\d\n]{{0,25}}?(?P<what>(?=[A-Z-]*\d)[A-Z\d][A-Z\d-]{{4,}})"),
    _shape("PHONE", rf"(?<![\w.,/-])(?:\(?\+\d{{1,3}}[\d ().-]{{5,16}}\d|00\d{{2,3}}[ -][\d -]{{5,14}}\d){EXTENSION}?"),
    _shape("PHONE", rf"(?<![\w.,/+-])\(?\d{{2,5}}\)?(?:[ .-]?\d{{2,4}}){{1,4}}{EXTENSION}\b"),
    _shape(
        "PHONE",
        r"(?<![\w.,/+-])(?:\(\d{2,5}\)[ ]?\d{2,4}|\d{2,5}[ .-]\d{2,4})[ .-]?\d{2,4}(?:[ .-]\d{2,4}){0,3}(?![\w/-])",
    ),
    _shape("PHONE", rf"\b{CALLED}\b[^\d\n]{{0,30}}\n?(?P<what>\+?\(?\d[\d ().-]{{4,18}}\d)(?![\w/])"),
    _shape("AGE", r"\b(?P<what>\d{1,3})[ -]?(?:years?|yrs?|months?|weeks?|days?)?[ -]?(?:old|y/?o|of[ ]age)\b"),
    _shape(
        "AGE",
        r"\b(?:aged?|age[ ]of|age:|turn(?:s|ed|ing)?|he[ ]is|she[ ]is|i[ ]am|i'm|he's|she's)[ ](?P<what>\d{1,3})\b" + NO_AGE,
    ),
    _shape("BIRTH_DATE", rf"\b(?:born|birth|birthday|birthdate|dob|d\.o\.b\.)\b[^\d\n]{{0,30}}?(?P<what>{DATE})\b"),
    _shape(
        "POSTCODE",
        r"\b(?:zip|zip[ ]?code|post(?:al)?[ ]?code)\b[^\d\n]{0,12}?"
        r"(?P<what>(?=[A-Z -]{0,3}\d)[A-Z\d]{2,6}(?:[ -][A-Z\d]{2,4})?)\b",
    ),
    _shape("ADDRESS", UNIT),
    _shape(
        "ADDRESS",
        rf"{BEGIN}(?:{NUMBER},?\s{{1,9}}){{1,2}}{WORDS}{{1,4}}?{STREET}\b\.?(?:[ ](?:N|S|E|W|NE|NW|SE|SW)\b)?(?:[ ]\d{{1,5}}\b)?",
    ),
    _shape("ADDRESS", rf"(?:{BEGIN}{NUMBER},?\s{{1,9}})?{BEGIN}{STREET_BEFORE}[ ]{WORDS}{{1,5}}?\d{{1,5}}[a-d]?\b"),
    _shape("ADDRESS", rf"(?:{BEGIN}{NUMBER},?\s{{1,9}})?{BEGIN}{WORDS}?[\w'’-]{{0,40}}{STREET_END}[ ]\d{{1,5}}[a-d]?\b"),
    _shape("ADDRESS", rf"{BEGIN}{NUMBER},?\s{{1,9}}(?:{WORD}[ ]){{1,4}}{NUMBER}\b"),
    _shape("ADDRESS", rf"{BEGIN}{NUMBER},?\s{{1,9}}{WORDS}{{1,4}}(?={UNIT})"),
    _shape("ADDRESS", rf"\b(?:corner|intersection)[ ]of[ ]{WORDS}{{1,6}}?and[ ]{WORD}(?:[ ]{WORD})*"),
    _shape("ADDRESS", rf"\b(?:lives?|living|resid(?:es?|ing))[ ](?:at|on)[ ](?P<what>(?:{NUMBER}[ ])?(?:{WORD}[ ]?)+\d*)"),
    _shape("ADDRESS", r"\b(?:[AF]PO|DPO)[, ]+[A-Z]{2}[ ]\d{5}(?:-\d{4})?\b"),
    _shape("ADDRESS", r"\b(?-i:[A-Z]{2})[ ]\d{5}(?:-\d{4})?\b"),
    _shape("ADDRESS", r"\b(?-i:[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})\b|\b(?-i:[A-Z]\d[A-Z][ ]\d[A-Z]\d)\b"),
)


def shaped(text: str) -> Iterator[Found]:
    """Find what has one of the shapes."""
    for shape in SHAPES:
        for match in shape.regex.finditer(text):
            yield Found(*match.span("what" if shape.regex.groupindex else 0), shape.kind)
