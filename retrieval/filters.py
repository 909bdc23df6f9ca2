"""What a search may be narrowed to: a typed set of conditions, all of which a document must meet.

A filter narrows the scope and never widens it: it is answered inside the asker's scope, and with the documents of that
scope. A value that no document could ever have is an error, and so is a key of metadata that none in the scope has.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.errors import InvalidInput

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "md": "text/markdown",
    "txt": "text/plain",
    "csv": "text/csv",
    "eml": "message/rfc822",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on documents; an empty one says nothing. ``collections`` are names, ``source`` a path or a folder's.

    ``types`` are the names in TYPES, ``languages`` ISO 639-1 codes; of ``tags`` and ``metadata`` a document must have all;
    dates are those that documents bear, both ends inclusive, and a document without one is then left out.
    """

    collections: frozenset[str] = frozenset()
    documents: frozenset[UUID] = frozenset()
    source: str | None = None
    types: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    dated_from: datetime.date | None = None
    dated_to: datetime.date | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(self.types - TYPES.keys())
        if unknown:
            raise InvalidInput(f"filters.types: {unknown[0]!r} is no type; there are {', '.join(TYPES)}.")
        odd = [
            code for code in self.languages if not (code.isascii() and code.isalpha() and code.islower() and 2 <= len(code) <= 3)
        ]
        if odd:
            raise InvalidInput(f"filters.languages: {odd[0]!r} is no language code; write two small letters, such as en or de.")
        if self.dated_from and self.dated_to and self.dated_from > self.dated_to:
            raise InvalidInput("filters.dated_from is later than filters.dated_to: no document can be between them.")

    def __bool__(self) -> bool:
        return self != Filters()
