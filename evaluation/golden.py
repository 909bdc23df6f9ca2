"""``muniment eval golden``: questions to measure by, grown from what readers marked as wrong.

What the file holds already stays as it is, and a question that is in it is not added again, however it is answered there.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import InvalidInput
from evaluation.feedback import Made, complaints, make_rows, question_of, tells
from evaluation.saved import write_private
from ui.cli import output
from ui.cli.session import connected

Json = dict[str, Any]
KINDS = ("answerable", "unanswerable")


def golden(
    *,
    collection: Annotated[str, typer.Option("--collection", "-c", help="The collection that was asked.")],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The question file to write or to add to.")],
) -> None:
    """Add to a question file what readers said was wrong, and what would have been right.

    With an administrator's key of all readers, else of yourself. A thumb that points down makes a question with its answer where
    the words given stand in a document, or one without an answer where the reader said that the documents do not tell.
    """
    kept = load(target)
    with connected() as client:
        new = unknown(complaints(client, collection), kept)
        made = make_rows(client, collection, new)
    num_added = len(made.answerable) + len(made.unanswerable)
    if num_added:
        merged = kept | {kind: [*kept[kind], *reversed(getattr(made, kind))] for kind in KINDS}
        write_private(target, json.dumps(merged, indent=2, ensure_ascii=False) + "\n")
    _tell(made, num_added, target)


def load(path: Path) -> Json:
    """Read a question file with all that its rows hold, empty where there is none; raises InvalidInput for another file."""
    if not path.exists():
        return {kind: [] for kind in KINDS}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if all(isinstance(row["question"], str) for kind in KINDS for row in data[kind]):
            return dict(data)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InvalidInput(f"{path} is no question file, so nothing is added to it: name another with --output.")


def unknown(items: Iterable[Json], kept: Json) -> list[Json]:
    """Leave out questions that the file has, and of several complaints about one all but the first that tells something."""
    seen = {_same(row["question"]) for kind in KINDS for row in kept[kind]}
    first: dict[str, Json] = {}
    for item in items:
        earlier = first.setdefault(_same(question_of(item)), item)
        if tells(item) and not tells(earlier):
            first[_same(question_of(item))] = item
    return [item for question, item in first.items() if question not in seen]


def _same(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip("?! ")


def _tell(made: Made, num_added: int, target: Path) -> None:
    word = "question" if num_added == 1 else "questions"
    output.write(
        f"{num_added} {word} added to {target}: {len(made.answerable)} with an answer, {len(made.unanswerable)} without\n"
    )
    for question, reason in made.left_out:
        typer.echo(f"left out, {reason}: {output.clean(question)}", err=True)
    for question, reason in made.doubtful:
        typer.echo(f"added, but {reason}: {output.clean(question)}", err=True)
