"""Questions with their gold answers, read from a file of the form of ``samples/questions.json``.

``{"answerable": [{question, answer, document, page, quote}], "unanswerable": [{question}]}``; ``document`` is a path
relative to the file's folder, ``page`` is 1-based or null where the format has none. A question may also have ``answers``
(other right answers), ``quotes`` (further places that answer it, each a text or {quote, page, document}), ``attack`` ({aim,
markers}: what text hidden in a document tries to make the answer say), ``split`` (such as dev and test) and ``id``. Nothing is
fetched.
"""

import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from core.errors import InvalidInput
from evaluation.metrics import Span

FIELDS = ("question", "answer", "document", "page", "quote")
OPTIONAL = ("answers", "quotes", "attack", "split", "id")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that answers a question: what stands there, in which document, on which page (None: it has no pages)."""

    document: str
    page: int | None
    quote: str

    def is_in(self, source: str) -> bool:
        """Tell whether a document known by ``source`` (a path, absolute or not) is the gold document.

        >>> Gold("handbook/leave.md", None, "").is_in("/srv/samples/handbook/leave.md")
        True
        >>> Gold("handbook/leave.md", None, "").is_in("old-leave.md")
        False
        """
        gold = PurePath(self.document).parts
        return bool(gold) and PurePath(source).parts[-len(gold) :] == gold


@dataclass(frozen=True, slots=True)
class Attack:
    """What hidden text wants: its aim in words, and the markers of which one in the answer shows that it was reached."""

    aim: str
    markers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and where its answer stands; one that the documents cannot answer has an empty ``document``.

    ``answers`` and ``places`` are further right answers and places beside ``answer`` and ``quote``.
    """

    question: str
    answer: str = ""
    document: str = ""
    page: int | None = None
    quote: str = ""
    answers: tuple[str, ...] = ()
    places: tuple[Gold, ...] = ()
    attack: Attack | None = None
    split: str = ""
    name: str = ""

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return bool(self.document)

    @property
    def query_id(self) -> str:
        """What the question goes by in a saved evaluation: the file's ``id``, else a hash of its words, so that it may move.

        >>> Question("Why?").query_id, Question("Why?", name="q7").query_id
        ('5d8a995a6fa7', 'q7')
        """
        return self.name or hashlib.sha256(self.question.encode()).hexdigest()[:12]

    @property
    def gold(self) -> tuple[Gold, ...]:
        """Every place that answers it."""
        return (Gold(self.document, self.page, self.quote), *self.places) if self.answerable else ()

    @property
    def right_answers(self) -> tuple[str, ...]:
        """Every answer that counts as right."""
        return tuple(filter(None, (self.answer, *self.answers)))

    def is_about(self, source: str) -> bool:
        """Tell whether a document known by ``source`` is a gold document."""
        return any(gold.is_in(source) for gold in self.gold)


def locate(quote: str, text: str) -> Span | None:
    """Find a quote in a text, taking any run of white space for any other; None if it is not there.

    >>> locate("two weeks", "at least two\\n  weeks before")
    (9, 20)
    """
    match = re.search(r"\s+".join(map(re.escape, quote.split())), text)
    return match.span() if match else None


def load_questions(path: Path, split: str | None = None) -> list[Question]:
    """Read a question file: the answerable ones in order, then the unanswerable; of one split only, if it is named.

    Raises InvalidInput naming what is wrong.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        answerable, unanswerable = data["answerable"], data["unanswerable"]
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}. Name a question file.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} is no question file: it needs lists named answerable and unanswerable.") from error
    questions = [_question(path, item, FIELDS) for item in answerable]
    questions += [_question(path, item, ("question",)) for item in unanswerable]
    splits = {question.split for question in questions}
    if split is not None and split not in splits:
        raise InvalidInput(f"{path} has no split {split!r}: name one of {', '.join(sorted(filter(None, splits))) or 'none'}.")
    return [question for question in questions if split in (None, question.split)]


def _question(path: Path, item: Any, fields: tuple[str, ...]) -> Question:
    """Read one question; fields of other names are left alone, unless one is all but a name that is read."""
    if not isinstance(item, dict) or not set(fields) <= item.keys():
        raise InvalidInput(f"{path}: {item!r} must have the fields {', '.join(fields)}.")
    for name in item.keys() - {*FIELDS, *OPTIONAL}:
        if near := difflib.get_close_matches(name, (*FIELDS, *OPTIONAL), n=1, cutoff=0.8):
            raise InvalidInput(f"{path}: {item['question']!r} has a field {name}. Did you mean {near[0]}?")
    try:
        return Question(
            **{name: _text(item, name) for name in fields if name != "page"},
            page=_page(item.get("page")),
            answers=tuple(_texts(item.get("answers", ()))),
            places=tuple(_place(item, place) for place in item.get("quotes", ())),
            attack=_attack(item["attack"]) if item.get("attack") else None,
            split=str(item.get("split", "")),
            name=str(item.get("id", "")),
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InvalidInput(f"{path}: {item['question']!r} is not of the form: {error}.") from error


def _text(item: Json, name: str) -> str:
    if not isinstance(item[name], str):
        raise ValueError(f"{name} must be a text")
    return str(item[name])


def _page(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 1):
        raise ValueError("page must be a whole number from 1, or null")
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str) or not all(isinstance(text, str) for text in value):
        raise ValueError("answers must be a list of texts")
    return list(value)


def _place(item: Json, place: Any) -> Gold:
    if isinstance(place, str):
        place = {"quote": place}
    return Gold(place.get("document", item["document"]), _page(place.get("page", item.get("page"))), _text(place, "quote"))


def _attack(value: Json) -> Attack:
    markers = _texts(value["markers"])
    if not any(marker.strip() for marker in markers):
        raise ValueError("attack needs markers, texts that show in the answer that its aim was reached")
    return Attack(str(value.get("aim", "")), tuple(marker for marker in markers if marker.strip()))
