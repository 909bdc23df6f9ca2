"""What retrieval is measured on: the files to ingest, and queries that know what should be found.

A document goes by its *name*: the id that its data set gives it, or its path below the corpus. A query's gold is either
documents with grades (``relevance``) or places in documents (``snippets``); never nothing. Offsets are characters of the
document's text, end exclusive; pages are 1-based.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from core.errors import InvalidInput
from evaluation.metrics import Span
from ui.cli.walk import Found, reason


@dataclass(frozen=True, slots=True)
class Snippet:
    """A place that answers a query: a span of the document's text, or its page, or both; ``text`` is what stands there."""

    document: str
    span: Span | None = None
    page: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A query and its gold; ``relevance`` maps a document's name to its grade, 1 or more."""

    query_id: str
    text: str
    relevance: Mapping[str, int] = field(default_factory=dict)
    snippets: tuple[Snippet, ...] = ()

    @property
    def documents(self) -> list[str]:
        """The names of the gold documents, the best first."""
        graded = sorted(self.relevance, key=lambda name: -self.relevance[name])
        return list(dict.fromkeys([*graded, *(snippet.document for snippet in self.snippets)]))


class Names:
    """Tells which document a path means, though the two may begin in different folders; made of names by path."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._by_suffix: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for path in names:
            parts = PurePath(path).parts
            for first in range(len(parts)):
                self._by_suffix[parts[first:]].append(path)

    def matches(self, path: str) -> list[str]:
        """Return the names whose paths share the longest suffix of whole parts; of several, the one that is all suffix.

        >>> names = Names({"a/x.txt": "X", "b/x.txt": "XX", "y.txt": "Y"})
        >>> names.matches("cuad/b/x.txt"), names.matches("x.txt"), names.matches("z.txt")
        (['XX'], ['X', 'XX'], [])
        """
        parts = PurePath(path).parts
        suffix = next((parts[first:] for first in range(len(parts)) if parts[first:] in self._by_suffix), ())
        found = self._by_suffix.get(suffix, [])
        whole = [path for path in found if PurePath(path).parts == suffix]
        return [self._names[path] for path in whole or found]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Files by their document's name, and queries; ``notes`` say what a reader of the measures should know."""

    files: Mapping[str, Found]
    names: Names
    queries: tuple[Query, ...]
    notes: tuple[str, ...] = ()

    def name_of(self, source: str) -> str:
        """Name the document that the platform knows by ``source``; what is none of the data set's keeps its source."""
        found = self.names.matches(source)
        return found[0] if len(found) == 1 else source


def read_text(path: Path) -> str:
    """Read a UTF-8 file to the character, line ends and byte order mark included; raises InvalidInput saying what is wrong."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InvalidInput(f"{path}: {reason(error)} Name a file that can be read.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 at byte {error.start}: save it again as UTF-8.") from error


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line's number and object for each line of a JSON-lines file; raises InvalidInput naming a malformed line."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                value = json.loads(line)
            except ValueError as error:
                raise InvalidInput(f"{path}, line {number}: this is no JSON: {error}. Each line must be one object.") from error
            if not isinstance(value, dict):
                raise InvalidInput(f"{path}, line {number}: this is no JSON object. Each line must be one.")
            yield number, value
