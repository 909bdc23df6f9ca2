"""A piece of personal data in a text, and how ranges that overlap become one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "PERSON", "NAME", "ORGANISATION", "ORIGIN", "PLACE", "ADDRESS", "POSTCODE", "EMAIL", "URL", "PHONE", "IP", "CARD", "IBAN",
    "ID", "AGE", "BIRTH_DATE", "DATE", "TEXT",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data: ``text[start:end]``, and what it is."""

    start: int
    end: int
    kind: Kind


def joined(found: Iterable[Found]) -> list[Found]:
    """Make one of ranges that overlap; it is of the kind of the longest. In order.

    >>> joined([Found(4, 9, "NAME"), Found(0, 7, "PERSON"), Found(12, 14, "AGE")])
    [Found(start=0, end=9, kind='PERSON'), Found(start=12, end=14, kind='AGE')]
    """
    whole: list[Found] = []
    longest = 0
    for one in sorted(found, key=lambda f: (f.start, -f.end)):
        num_chars = one.end - one.start
        if not whole or one.start >= whole[-1].end:
            whole.append(one)
            longest = num_chars
            continue
        kind = one.kind if num_chars > longest else whole[-1].kind
        longest = max(longest, num_chars)
        whole[-1] = Found(whole[-1].start, max(whole[-1].end, one.end), kind)
    return whole
