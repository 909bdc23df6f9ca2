"""Reads questions whose gold is places in files, in the form of LegalBench-RAG.

``{"tests": [{"query", "snippets": [{"file_path", "span": [start, end], "page", "answer"}]}]}``. ``span`` counts characters
of the file as UTF-8 text, end exclusive; ``page`` is 1-based; one of the two must be there, and ``answer``, the text that
stands there, may be. ``file_path`` may begin with folders that the corpus lacks. A test's ``query_id`` is kept.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from evaluation.gold import Dataset, Names, Query, Snippet, read_text
from evaluation.metrics import Span
from ui.cli.walk import Found, find_files

EXCERPT_CHARS = 2000  # of a gold snippet; whole documents may be gold


class SpanFile:
    """A question file and the corpus that it speaks of."""

    def __init__(self, path: Path, files: Mapping[str, Found]) -> None:
        self.path, self.files, self.names = path, files, Names({name: name for name in files})
        self.text = cache(self._text)
        self.num_differing = 0

    def query(self, number: int, test: Any) -> Query:
        """Read one test, ``number`` being its place in the list from 0."""
        where = f"{self.path}, tests[{number}]"
        if not isinstance(test, dict) or not isinstance(test.get("query"), str) or not test["query"].strip():
            raise InvalidInput(f"{where}: it needs a query, a text that is not blank.")
        snippets = test.get("snippets")
        if not isinstance(snippets, list) or not snippets:
            raise InvalidInput(f"{where}: it has no snippets, so it cannot be measured; add them, or take the test out.")
        read = tuple(self._snippet(f"{where}.snippets[{i}]", snippet) for i, snippet in enumerate(snippets))
        return Query(str(test.get("query_id", number)), test["query"], snippets=read)

    def _snippet(self, where: str, snippet: Any) -> Snippet:
        if not isinstance(snippet, dict) or not isinstance(snippet.get("file_path"), str):
            raise InvalidInput(f"{where}: it needs a file_path, a text.")
        document = self._document(where, snippet["file_path"])
        span, page = _span(where, snippet.get("span")), snippet.get("page")
        if (page is not None and (type(page) is not int or page < 1)) or (span is None and page is None):
            raise InvalidInput(f"{where}: it needs a span, [start, end], or a page, a whole number from 1.")
        return Snippet(document, span, page, self._excerpt(where, document, span, str(snippet.get("answer") or "")))

    def _document(self, where: str, file_path: str) -> str:
        found = self.names.matches(file_path)
        if not found:
            raise InvalidInput(f"{where}: the corpus has no file {file_path}; name the folder that holds it with --corpus.")
        if len(found) > 1:
            raise InvalidInput(f"{where}: {file_path} may be any of {', '.join(sorted(found))}; name more of its folders.")
        return found[0]

    def _excerpt(self, where: str, document: str, span: Span | None, answer: str) -> str:
        """Take what stands at the span, where the file is plain text; else what the question file says stands there."""
        text = self.text(document)
        if span is None or text is None:
            return answer[:EXCERPT_CHARS]
        start, end = span
        if end > len(text):
            raise InvalidInput(f"{where}: the span ends at {end}, but {document} has {len(text)} characters. Is it that file?")
        self.num_differing += bool(answer) and answer.split() != text[start:end].split()
        return text[start : min(end, start + EXCERPT_CHARS)]

    def _text(self, document: str) -> str | None:
        found = self.files[document]
        return read_text(Path(found.source)) if document.lower().endswith(".txt") and not found.error else None


def load_spans(corpus: Path, queries: Path) -> Dataset:
    """Read the questions about the files under a folder; raises InvalidInput naming the test that is wrong."""
    files = dict(_files(corpus, queries))
    if not files:
        raise InvalidInput(f"There are no files in {corpus}; name the folder with the documents with --corpus.")
    file = SpanFile(queries, files)
    read = tuple(file.query(number, test) for number, test in enumerate(_tests(queries)))
    notes = [f"{file.num_differing} answers differ from what stands at their spans."] if file.num_differing else []
    return Dataset(files, file.names, read, tuple(notes))


def _files(corpus: Path, queries: Path) -> Iterator[tuple[str, Found]]:
    """Yield each file with its path below the corpus; the questions are none of the documents."""
    if not corpus.is_dir():
        raise InvalidInput(f"{corpus} is no folder; name the folder with the documents with --corpus.")
    root = os.path.abspath(corpus)
    for source, found in find_files([corpus]).found.items():
        if source != os.path.abspath(queries):
            yield os.path.relpath(source, root), found


def _tests(path: Path) -> list[Any]:
    try:
        data = json.loads(read_text(path))
    except ValueError as error:
        raise InvalidInput(f"{path} is no JSON: {error}. Questions with spans are one JSON object.") from error
    tests = data.get("tests") if isinstance(data, dict) else None
    if not isinstance(tests, list) or not tests:
        raise InvalidInput(f'{path} holds no questions: it must be {{"tests": [...]}} with at least one.')
    return tests


def _span(where: str, span: Any) -> Span | None:
    if span is None:
        return None
    if not isinstance(span, list) or [type(offset) for offset in span] != [int, int] or not 0 <= span[0] < span[1]:
        raise InvalidInput(f"{where}: its span must be [start, end], characters with 0 <= start < end, not {span!r}.")
    return span[0], span[1]
