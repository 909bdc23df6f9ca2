"""What a document is: its language, and as far as its first page tells, of a contract its kind, its parties and its date.

In: the parsed text. Out: a :class:`Description`, stored beside the document and compared with the names in questions
(retrieval/names.py). Only what calls itself an agreement and names parties is a contract: elsewhere names of companies
mean nothing about what a document is. Patterns only; a name too many does no harm, since a question must hold it.
"""

import datetime
import re
from dataclasses import dataclass

from core.types import ParsedDocument
from retrieval.language import UNKNOWN, detect
from retrieval.names import naming_words

HEAD_CHARS = 3000
KIND_CHARS = 1500
MAX_NAMES, MAX_NAME_CHARS, MAX_KIND_CHARS = 20, 120, 100

_W = r"[A-Z0-9À-ÖØ-Þ][\w&.'’/\-]*"
_FORM = (
    r"(?:Inc|Incorporated|LLC|L\.L\.C|Ltd|Limited|Corp|Corporation|Company|Co|GmbH|AG|KG|SE|SA|S\.A|S\.L|SAS|PLC|plc|LLP|L\.P|LP"
    r"|N\.V|NV|B\.V|BV|Pty|Trust|Fund|Aktiengesellschaft|Bank|University|Association|Foundation|Partnership|Holdings?|Group|AB"
    r"|Oy|ApS|S\.p\.A|S\.r\.l)"
)
_COMPANY = re.compile(rf"(?:{_W}(?:,?\s+|\s+(?:of|and|&|the)\s+)){{1,7}}{_FORM}\b|(?:{_W},?\s+){{1,7}}{_FORM.upper()}\b")
_PARTY = re.compile(
    rf"\b(?i:between|among|and|by|zwischen|und|entre|y)\b:?\s+(?i:the\s+|der\s+|la\s+)?"
    rf"({_W}(?:\s+{_W}|\s+(?:of|and|&|de|du|von)(?=\s+[A-Z])){{0,7}})\s*(?=[,(]|$|\s(?i:and|a|an|und|y)\b)"
)
_KIND = re.compile(
    r"((?:[A-ZÀ-Þ][\w\-/&#]*\s+|(?:of|and|to|the|for|de)\s+|#\d+\s+){0,7}"
    r"(?:AGREEMENT|Agreement|CONTRACT|Contract|LEASE|Lease|AMENDMENT|Amendment|DEED|Deed"
    r"|VERTRAG|\w*[Vv]ertrag|VEREINBARUNG|\w*[Vv]ereinbarung|CONTRATO|Contrato|ACUERDO|Acuerdo|CONVENIO|Convenio))\b"
)
_PARTIES = re.compile(r"\b(?:between|among|parties|hereinafter|zwischen|vertragsparteien|entre|partes)\b", re.IGNORECASE)
_BEFORE_KIND = re.compile(r"^(?:(?:EXHIBIT|Exhibit)\s+\S+|EXECUTION\s+(?:COPY|VERSION)|THIS|This|the|and|of)\s+")
_AFTER_KIND = re.compile(r"\s+(?:THIS|This)\s.*$")
_MONTHS = (
    ("january", "januar", "enero"), ("february", "februar", "febrero"), ("march", "märz", "marzo"), ("april", "april", "abril"),
    ("may", "mai", "mayo"), ("june", "juni", "junio"), ("july", "juli", "julio"), ("august", "august", "agosto"),
    ("september", "september", "septiembre"), ("october", "oktober", "octubre"), ("november", "november", "noviembre"),
    ("december", "dezember", "diciembre"),
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_NAME = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(?:(?P<m1>{_NAME})\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y1>\d{{4}})"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:day\s+of\s+|de\s+)?(?P<m2>{_NAME}),?\s+(?:de\s+)?(?P<y2>\d{{4}})"
    r"|(?P<y3>\d{4})-(?P<m3>\d{2})-(?P<d3>\d{2}))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Description:
    """Its language (ISO 639-1), and of a contract what it calls itself, whom it names as parties, and the date it bears."""

    language: str = UNKNOWN
    kind: str = ""
    names: tuple[str, ...] = ()
    dated: datetime.date | None = None

    @property
    def words(self) -> frozenset[str]:
        """The words of the names that tell them from others."""
        return frozenset[str]().union(*(naming_words(name) for name in self.names))


def describe(parsed: ParsedDocument) -> Description:
    """Tell a document's language, and draw kind, parties and date from its head.

    >>> text = "LICENSE AGREEMENT dated as of May 1, 2002, by and between Acme Corp., a Delaware corporation, and Bob Ltd"
    >>> description = describe(ParsedDocument("", "text/plain", text, (), ()))
    >>> description.language, description.kind, description.dated.isoformat(), sorted(description.words)
    ('en', 'LICENSE AGREEMENT', '2002-05-01', ['acme', 'bob'])
    """
    language = detect(parsed.text)
    head = " ".join(parsed.text[: 2 * HEAD_CHARS].split())[:HEAD_CHARS]
    kind = _KIND.search(head[:KIND_CHARS]) or _KIND.search(parsed.title)
    if kind is None or _PARTIES.search(head) is None:
        return Description(language)
    names = tuple(_names(head)[:MAX_NAMES])
    return Description(language, _kind(kind.group(1)), names, _date(head)) if names else Description(language)


def _kind(found: str) -> str:
    """Take off what stands around the name of a kind: exhibit numbers before it, the first words of the text after it.

    >>> _kind("EXHIBIT 10.1 SUPPLY AGREEMENT This Supply Agreement")
    'SUPPLY AGREEMENT'
    """
    while (shorter := _BEFORE_KIND.sub("", found)) != found:
        found = shorter
    return _AFTER_KIND.sub("", found)[-MAX_KIND_CHARS:].strip()


def _names(head: str) -> list[str]:
    found = [match.group() for match in _COMPANY.finditer(head)] + [match.group(1) for match in _PARTY.finditer(head)]
    return list(dict.fromkeys(name.strip(" ,.") for name in found if _is_name(name)))


def _is_name(found: str) -> bool:
    """Tell whether it holds a word that names something."""
    return len(found) <= MAX_NAME_CHARS and not all(word.isdigit() for word in naming_words(found))


def _date(head: str) -> datetime.date | None:
    for match in _DATE.finditer(head):
        found = match.groupdict()
        year, month, day = (next(found[f"{part}{i}"] for i in "123" if found[f"{part}{i}"]) for part in "ymd")
        try:
            return datetime.date(int(year), _MONTH.get(month.lower()) or int(month), int(day))
        except ValueError:  # the thirty-first of June
            continue
    return None
