"""Sets of questions with their documents, in the form that ``muniment eval answers`` reads.

The samples and the project's own questions over the handbook and the contracts stand in the repository; CLAP NQ is written in the
form from the folder of data beside the project: a passage is a document, every answer that a person gave is right, and every
sentence that one of them marked is a gold quote.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.settings import PROJECT_ROOT
from tests.benchmarks.corpora import DATA, lines

OWN = PROJECT_ROOT / "tests" / "data" / "answers"
Json = dict[str, Any]


@dataclass(frozen=True)
class QuestionSet:
    """Documents to ingest and the questions about them; ``has_splits`` if some are kept for measuring alone."""

    documents: Path
    questions: Path
    has_splits: bool = False

    @property
    def is_there(self) -> bool:
        """Whether both are at hand."""
        return self.documents.is_dir() and self.questions.is_file()


def samples(folder: Path) -> QuestionSet:
    """The samples that come with Muniment."""
    return QuestionSet(PROJECT_ROOT / "samples", PROJECT_ROOT / "samples" / "questions.json")


def handbook(folder: Path) -> QuestionSet:
    """52 questions over the pages of a staff handbook."""
    return QuestionSet(DATA / "handbook_18f", OWN / "handbook_18f.json", has_splits=True)


def contracts(folder: Path) -> QuestionSet:
    """52 questions over 40 contracts as PDF."""
    return QuestionSet(DATA / "contracts_cuad40" / "pdf", OWN / "contracts_cuad40.json", has_splits=True)


def clapnq(folder: Path) -> QuestionSet:
    """300 questions that one of 597 passages of an encyclopedia answers, and 300 that none does."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    data: dict[str, list[Json]] = {"answerable": [], "unanswerable": []}
    for kind, items in data.items():
        path = DATA / f"clapnq/annotated_data/dev/clapnq_dev_{kind}.jsonl"
        for row in lines(path) if path.is_file() else ():
            name = _write_passage(folder / "documents", row["passages"][0])
            items.append({"id": row["id"], "question": row["input"]} | (_gold(row, name) if kind == "answerable" else {}))
    (folder / "questions.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return QuestionSet(folder / "documents", folder / "questions.json")


SETS: dict[str, Callable[[Path], QuestionSet]] = {
    "samples": samples,
    "handbook_18f": handbook,
    "contracts_cuad40": contracts,
    "clapnq": clapnq,
}


def _write_passage(folder: Path, passage: Json) -> str:
    """Write a passage under a name that is its text's, so that two questions about one passage have one document."""
    name = hashlib.sha256(passage["text"].encode()).hexdigest()[:12] + ".md"
    (folder / name).write_text(f"# {passage['title']}\n\n{passage['text'].strip()}\n", encoding="utf-8")
    return name


def _gold(row: Json, document: str) -> Json:
    answers = list(dict.fromkeys(output["answer"] for output in row["output"] if output["answer"]))
    quotes = list(dict.fromkeys(_marked(row)))
    return {
        "answer": answers[0],
        "answers": answers[1:],
        "document": document,
        "page": None,
        "quote": next(iter(quotes), ""),
        "quotes": quotes[1:],
    }


def _marked(row: Json) -> Iterator[str]:
    for output in row["output"]:
        yield from (sentence for sentence in output["selected_sentences"] if sentence.strip())
