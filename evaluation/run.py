"""``python -m evaluation.run``: put a question file to search and answer, and print what came of it.

The doors run in this process, over the database and the model server that the settings name, with the rights of one API
key: what is evaluated is what is served. Exit status 0 when every question was put, 1 when something was missing, 2 for a
wrong setting.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from core import telemetry
from core.access import scope_for
from core.db.pool import open_pool, transaction
from core.errors import MunimentError, SettingsError
from core.keys import authenticate
from core.settings import Settings, load
from core.types import Answer
from evaluation.datasets import load_questions
from evaluation.measure import AskDoor, Outcome, SearchDoor, TextDoor, measure, put
from generation.answer import Plan, answer, fold
from generation.engines.openai import make_generator
from ingest import documents
from retrieval.context import Packer
from retrieval.embed import make_embedder
from retrieval.wire import open_retrieval
from ui.cli.session import find_key


@dataclass(frozen=True, slots=True)
class Doors:
    """What is evaluated, bound to one collection and one key's rights."""

    search: SearchDoor
    ask: AskDoor
    text: TextDoor


@contextmanager
def open_doors(settings: Settings, collection: str, k: int) -> Iterator[Doors]:
    """Wire the doors as the API does; raises SettingsError if a needed URL is not set, NotFound for an unknown collection."""
    if settings.database.url is None or settings.llm.url is None:
        raise SettingsError(
            "Set MUNIMENT_DATABASE_URL and MUNIMENT_LLM_URL to the platform to evaluate; CONTRIBUTING.md shows how."
        )
    embedder = make_embedder(settings, threads=settings.embedding.threads)
    pool = open_pool(settings.database.url.get_secret_value(), max_size=5)
    with closing(pool), open_retrieval(settings, pool, embedder) as retrieval:
        search = retrieval.search
        generator = make_generator(settings)
        with transaction(pool) as connection:
            scope = scope_for(connection, authenticate(connection, find_key(settings)), collection)

        @cache
        def text(document_id: Any) -> str:
            with transaction(pool) as connection:
                return documents.document_text(connection, scope, document_id)

        def ask(question: str) -> Answer:
            pack, plan = Packer(pool, scope), Plan(context_tokens=settings.search.context_tokens)
            return fold(answer(question, scope=scope, search=search, pack=pack, generator=generator, plan=plan))

        yield Doors(search=lambda question: search(question, scope=scope, k=k), ask=ask, text=text)


def report(outcomes: Sequence[Outcome], text: TextDoor) -> dict[str, Any]:
    """Gather measures and a row for each question, as ``--json`` prints them."""
    return {"measures": measure(outcomes, text), "questions": [_row(outcome) for outcome in outcomes]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.run", description="Evaluate search and answers on a question file."
    )
    parser.add_argument("--questions", type=Path, required=True, help="a file of the form of samples/questions.json")
    parser.add_argument("--collection", required=True, help="the collection that holds the documents")
    parser.add_argument("--k", type=int, default=10, help="passages that count as found (default: 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    telemetry.silence_phone_home()
    try:
        settings = load()
        telemetry.configure("WARNING")
        questions = load_questions(options.questions)
        with open_doors(settings, options.collection, options.k) as doors:
            shown = track(questions, "asking", console=Console(stderr=True))
            reported = report([put(question, doors.search, doors.ask) for question in shown], doors.text)
    except MunimentError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, SettingsError) else 1
    if options.json:
        sys.stdout.write(json.dumps(reported, indent=2) + "\n")
    else:
        _show(reported, Console(markup=False))
    return 0


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "question": outcome.question.question,
        "answerable": outcome.question.answerable,
        "search_document": outcome.found_document,
        "cited_document": outcome.cited_document,
        "cited_page": outcome.cited_page,
        "refused": outcome.answer.refused,
        "expected": outcome.question.answer,
        "answer": outcome.answer.text,
        "timings_ms": outcome.answer.timings_ms,
    }


def _show(reported: dict[str, Any], console: Console) -> None:
    rows = Table("question", "found", "cited", "page", "refused", "answer")
    for row in reported["questions"]:
        marks = [_mark(row[key]) if row["answerable"] else "" for key in ("search_document", "cited_document", "cited_page")]
        rows.add_row(row["question"], *marks, _mark(row["refused"]), row["answer"])
    measures = Table("measure", "value")
    for name, value in reported["measures"].items():
        measures.add_row(name, f"{value:.3f}")
    console.print(rows, measures)


def _mark(value: bool) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    sys.exit(main())
