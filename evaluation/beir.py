"""Reads a data set of the form that BEIR made common: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/*.tsv`` in a folder.

Each document becomes one Markdown file, so that it is uploaded, parsed and cut as any file is. Of several files of
judgements ``test.tsv`` counts, as is usual; without one, all do. Nothing is fetched.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from evaluation.gold import Dataset, Names, Query, read_lines, read_text
from ui.cli.walk import Found

CORPUS = "corpus.jsonl"
HEADER = ["query-id", "corpus-id", "score"]
Qrels = dict[str, dict[str, int]]


def load_beir(folder: Path, queries: Path | None, markdown: Path) -> Dataset:
    """Read the data set and write its documents into the folder ``markdown``; raises InvalidInput naming file and line."""
    files = dict(_documents(folder / CORPUS, markdown))
    if not files:
        raise InvalidInput(f"{folder / CORPUS} holds no documents: name the folder of another data set.")
    judged, others = _judgements(folder / "qrels")
    read = tuple(_queries(queries or folder / "queries.jsonl", judged, others))
    if not read:
        raise InvalidInput(f"None of the queries of {queries or folder / 'queries.jsonl'} is judged in {folder / 'qrels'}.")
    absent = {name for query in read for name in query.relevance if name not in files}
    notes = [f"{len(absent)} gold documents are not in {CORPUS} and cannot be found, such as {min(absent)}."] if absent else []
    names = Names({file_name(document_id): document_id for document_id in files})
    return Dataset(files, names, read, tuple(notes))


def file_name(document_id: str) -> str:
    """Name a document's file: its id where that is safe as a name, else what is safe of it with a hash of the whole.

    >>> file_name("doc-7"), file_name("../étc/7")
    ('doc-7.md', 'tc_7-df65c5962e06.md')
    """
    if re.fullmatch(r"\w[\w.-]{0,99}", document_id, re.ASCII):
        return f"{document_id}.md"
    safe = re.sub(r"[^\w.-]+", "_", document_id, flags=re.ASCII).strip("._-")[:80]
    return f"{safe or 'document'}-{hashlib.sha256(document_id.encode('utf-8', 'replace')).hexdigest()[:12]}.md"


def _documents(path: Path, markdown: Path) -> Iterator[tuple[str, Found]]:
    for number, line in read_lines(path):
        document_id = _text(path, number, line, "_id")
        target = markdown / file_name(document_id)
        if target.exists():
            raise InvalidInput(f"{path}, line {number}: the _id {document_id!r} stands there twice; make each unique.")
        title = " ".join(str(line.get("title") or "").split())
        text = f"# {title}\n\n{line.get('text') or ''}\n" if title else f"{line.get('text') or ''}\n"
        target.write_text(text, encoding="utf-8", errors="replace")
        yield document_id, Found(str(target.absolute()))


def _queries(path: Path, judged: Qrels, others: set[str]) -> Iterator[Query]:
    """Yield the queries that are judged; those judged only in another split's file are left out."""
    for number, line in read_lines(path):
        query_id, text = _text(path, number, line, "_id"), _text(path, number, line, "text")
        if query_id in judged:
            yield Query(query_id, text, judged[query_id])
        elif query_id not in others:
            raise InvalidInput(
                f"{path}, line {number}: no document is judged relevant to the query {query_id!r}, so it cannot be measured;"
                " add its line to qrels, or take the query out."
            )


def _judgements(folder: Path) -> tuple[Qrels, set[str]]:
    """Read the judgements that count, and the ids of the queries that are judged elsewhere only."""
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        raise InvalidInput(f"{folder} holds no .tsv file of judgements: put one there, with the header {' '.join(HEADER)}.")
    counted = [path for path in paths if path.name == "test.tsv"] or paths
    judged: Qrels = defaultdict(dict)
    for path in counted:
        for query_id, document_id, grade in _rows(path):
            if grade > 0:
                judged[query_id][document_id] = grade
    others = {query_id for path in paths if path not in counted for query_id, _, _ in _rows(path)}
    return dict(judged), others - judged.keys()


def _rows(path: Path) -> Iterator[tuple[str, str, int]]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        cells = line.rstrip("\r").split("\t")
        if number == 1 and cells == HEADER:
            continue
        if line.strip():
            if number == 1 or len(cells) != 3 or not re.fullmatch(r"\s*-?\d+\s*", cells[2]):
                raise InvalidInput(
                    f"{path}, line {number}: this is no judgement. The first line must be {' '.join(HEADER)}, and each other"
                    " a query's id, a document's id and a whole number, apart by tabs."
                )
            yield cells[0], cells[1], int(cells[2])


def _text(path: Path, number: int, line: dict[str, Any], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{path}, line {number}: the field {key} must be a text that is not blank.")
    return value
