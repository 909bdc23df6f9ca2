"""`muniment extract`: typed values from one document, each with the words it follows from, as they are found."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ui.cli import output
from ui.cli.session import connected

Json = dict[str, Any]
TYPES = ("yes_no", "date", "amount", "party", "clause", "text")
STATES = {"not_found": "not in this document", "unverified": "unverified", "failed": "failed"}


def extract(
    document_id: Annotated[str, typer.Argument(metavar="DOCUMENT_ID", help="As `muniment documents` lists it.")],
    *,
    question: Annotated[
        list[str] | None,
        typer.Option(
            "--question", "-q", metavar="TYPE:QUESTION", help=f"A type ({', '.join(TYPES)}) and what to find; or several."
        ),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions",
            metavar="FILE",
            help="Questions one a line, TYPE:QUESTION; or, named *.json, a list of {question, type, id, options}.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Find typed values in a document: each with the quote it follows from, or that the document does not hold it."""
    asked = [*(_read(questions) if questions else []), *(_typed(text, "--question") for text in question or [])]
    if not asked:
        raise typer.BadParameter("ask something: --question 'date: When does it start?', or --questions FILE")
    with connected() as client:
        if as_json:
            output.write_json(client.extract(document_id, asked))
            return
        for name, data in client.extract_stream(document_id, asked):
            if name == "value":
                output.write(shown(data))


def _read(path: Path) -> list[Json]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from error
    if path.suffix.lower() != ".json":
        lines = (line.strip() for line in text.splitlines())
        return [_typed(line, str(path)) for line in lines if line and not line.startswith("#")]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{path} is no JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(question, dict) for question in found):
        raise typer.BadParameter(f"{path} holds no list of questions, such as [{{'question': '...', 'type': 'date'}}]")
    return found


def _typed(text: str, where: str) -> Json:
    """Part a question from its type.

    >>> _typed("yes/no: May it be assigned?", "--question")
    {'type': 'yes_no', 'question': 'May it be assigned?'}
    """
    kind, colon, question = text.partition(":")
    kind = kind.strip().lower().replace("/", "_").replace("-", "_")
    if not colon or kind not in TYPES:
        raise typer.BadParameter(f"{where}: {text!r} begins with none of the types {', '.join(TYPES)} and a colon")
    return {"type": kind, "question": question.strip()}


def shown(value: Json) -> str:
    """Lay out what became of one question, with the quotes under it."""
    said = STATES.get(value["state"]) or _value(value)
    told = f" ({value['reason']})" if value["state"] in {"unverified", "failed"} else ""
    lines = [f"{value['id']}. {value['question']}\n   {said}{told}\n"]
    for quote in value["quotes"]:
        place = output.pages(quote["page"], None)
        lines += [f"   {place + ': ' if place else ''}“{' '.join(quote['quote'].split())}”\n"]
    return "".join(lines)


def _value(value: Json) -> str:
    """Write a value that was found.

    >>> _value({"type": "amount", "value": {"amount": "1500.00", "currency": None, "unit": "$"}})
    '1500.00 $'
    """
    found = value["value"]
    match value["type"]:
        case "yes_no":
            return "yes" if found else "no"
        case "amount":
            return " ".join(filter(None, (found["amount"], found["currency"] or found["unit"])))
        case "party":
            return "; ".join(found)
        case "clause":
            return "found" if len(found) == 1 else f"found in {len(found)} places"
        case _:
            return str(found)
