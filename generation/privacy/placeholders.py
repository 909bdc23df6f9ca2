"""Placeholders in the place of personal data, for one question: put in before anything leaves, taken out of what comes back.

The same piece of data has the same placeholder in the question, in what was said before and in every passage, also where it was
not recognised a second time. What looks like a placeholder in a text gets one itself, so that all placeholders that leave are
ours. How an answer is cut into pieces changes nothing: what may be the beginning of a placeholder is held back until it is told.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, get_args

from generation.privacy.found import Found, Kind, joined
from generation.privacy.personal import paragraphs

KINDS = "|".join(sorted(get_args(Kind), key=len, reverse=True))
PLACEHOLDER = re.compile(rf"<\s?(?P<a>(?:{KINDS})\\?_\d+)\s?>|(?<![\w<])(?P<b>(?:{KINDS})\\?_\d+)(?![\w>])", re.IGNORECASE)
LIKE_ONE = re.compile(rf"<?(?:{KINDS})\\?_\d+>?", re.IGNORECASE)  # in a text of ours, whatever stands around it
MAY_BECOME = re.compile(r"(?:<\s?[A-Z_\\]*\d*\s?|(?<![\w<])[A-Z][A-Z_\\]*\d*)\Z", re.IGNORECASE)
MIN_LETTERS, MIN_DIGITS = 3, 7  # of what is replaced wherever it stands; less says nothing by itself


class Finds(Protocol):
    """Finds personal data in a paragraph."""

    def in_paragraph(self, text: str, /) -> list[Found]:
        """Find all of it, in order and without overlaps."""
        ...


@dataclass(frozen=True, slots=True)
class Replaced:
    """A piece of personal data, and what stands for it."""

    placeholder: str
    kind: Kind
    text: str


class Redaction:
    """The placeholders of one question; safe to share between threads."""

    def __init__(self, finder: Finds, *, dates: bool = False) -> None:
        self._finder, self._dates, self._lock = finder, dates, Lock()
        self._found: dict[str, list[Found]] = {}  # by paragraph: the passages of a question are sent more than once
        self._names: dict[str, str] = {}  # placeholders by what they stand for
        self._replaced: dict[str, Replaced] = {}  # by name, such as PERSON_1
        self._forms: dict[str, Kind] = {}  # what is replaced wherever it stands, to the letter

    @property
    def replaced(self) -> list[Replaced]:
        """What has been replaced so far, in the order of its first use."""
        return list(self._replaced.values())

    def hide(self, texts: Sequence[str]) -> list[str]:
        """Put placeholders into texts that leave together."""
        with self._lock:
            for text in texts:
                self._learn(text)
            return [self._hidden(text) for text in texts]

    def restore(self, text: str) -> str:
        """Put back what the placeholders in a whole text stand for."""
        return PLACEHOLDER.sub(self._original, text)

    def may_become(self, ending: str) -> bool:
        """Tell whether a text's ending may be the beginning of a placeholder."""
        name = ending.lstrip("< ").replace("\\", "").rstrip().upper()
        return any(known.startswith(name) for known in self._replaced)

    def _learn(self, text: str) -> None:
        for _, part in paragraphs(text):
            if part not in self._found:
                self._found[part] = [f for f in self._finder.in_paragraph(part) if self._dates or f.kind != "DATE"]
                for found in self._found[part]:
                    form = part[found.start : found.end].strip()
                    if _tells(form):
                        self._forms.setdefault(form, found.kind)

    def _hidden(self, text: str) -> str:
        hidden, end = "", 0
        for found in joined(self._everywhere(text)):
            hidden += text[end : found.start] + f"<{self._name(text[found.start : found.end], found.kind)}>"
            end = found.end
        return hidden + text[end:]

    def _everywhere(self, text: str) -> Iterator[Found]:
        for start, part in paragraphs(text):
            for found in self._found[part]:
                piece = part[found.start : found.end]
                first = start + found.start + len(piece) - len(piece.lstrip())
                yield Found(first, first + len(piece.strip()), found.kind)
        for form, kind in self._forms.items():
            for match in re.finditer(rf"(?<!\w){re.escape(form)}(?!\w)", text):
                yield Found(match.start(), match.end(), kind)
        for match in LIKE_ONE.finditer(text):
            yield Found(match.start(), match.end(), "TEXT")

    def _name(self, text: str, kind: Kind) -> str:
        key = " ".join(text.casefold().split())
        if key not in self._names:
            number = 1 + sum(replaced.kind == kind for replaced in self._replaced.values())
            name = self._names[key] = f"{kind}_{number}"
            self._replaced[name] = Replaced(f"<{name}>", kind, text)
        return self._names[key]

    def _original(self, match: re.Match[str]) -> str:
        name = (match["a"] or match["b"]).replace("\\", "").upper()
        return self._replaced[name].text if name in self._replaced else match[0]


class Restorer:
    """Puts back, into a text that comes in pieces, what its placeholders stand for."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction, self._held = redaction, ""

    def feed(self, piece: str) -> str:
        """Take a piece; gives what can be told by now."""
        self._held += piece
        ending = MAY_BECOME.search(self._held)
        end = ending.start() if ending and self._redaction.may_become(ending[0]) else len(self._held)
        told, self._held = self._held[:end], self._held[end:]
        return self._redaction.restore(told)

    def end(self) -> str:
        """Give what is still held."""
        told, self._held = self._held, ""
        return self._redaction.restore(told)


def _tells(form: str) -> bool:
    """Tell whether a piece of data is one wherever it stands; an age or a house number is not.

    >>> _tells("Ann"), _tells("36"), _tells("555-123-4567")
    (True, False, True)
    """
    return sum(map(str.isalpha, form)) >= MIN_LETTERS or sum(map(str.isdigit, form)) >= MIN_DIGITS
