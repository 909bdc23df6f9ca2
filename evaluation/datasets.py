"""Questions with their gold answers, read from a file of the form of ``samples/questions.json``.

``{"answerable": [{question, answer, document, page, quote}], "unanswerable": [{question}]}``; ``document`` is a
path relative to the file's folder, ``page`` is 1-based or null where the format has none. Nothing is fetched.
"""

import json
from dataclasses import dataclass
from pathlib import Path, PurePath

from core.errors import InvalidInput

FIELDS = {"question", "answer", "document", "page", "quote"}


@dataclass(frozen=True, slots=True)
class Question:
    """A question and where its answer stands; one that the documents cannot answer has an empty ``document``."""

    question: str
    answer: str = ""
    document: str = ""
    page: int | None = None
    quote: str = ""

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return bool(self.document)

    def is_about(self, source: str) -> bool:
        """Tell whether a document known by ``source`` (a path, absolute or not) is the gold document.

        >>> Question("How long?", document="handbook/leave.md").is_about("/srv/samples/handbook/leave.md")
        True
        >>> Question("How long?", document="handbook/leave.md").is_about("old-leave.md")
        False
        """
        gold = PurePath(self.document).parts
        return self.answerable and PurePath(source).parts[-len(gold) :] == gold


def load_questions(path: Path) -> list[Question]:
    """Read a question file: the answerable ones in order, then the unanswerable; raises InvalidInput naming what is wrong."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        answerable, unanswerable = data["answerable"], data["unanswerable"]
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}. Name a question file.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} is no question file: it needs lists named answerable and unanswerable.") from error
    return [_question(path, item, FIELDS) for item in answerable] + [_question(path, item, {"question"}) for item in unanswerable]


def _question(path: Path, item: object, fields: set[str]) -> Question:
    if not isinstance(item, dict) or set(item) != fields:
        raise InvalidInput(f"{path}: {item!r} must have exactly the fields {', '.join(sorted(fields))}.")
    return Question(**item)
