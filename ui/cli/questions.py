"""`muniment search` and `muniment ask`."""

from typing import Annotated, Any

import typer

from ui.cli import output
from ui.cli.session import connected
from ui.client import Client

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="In your own words.")]
Collection = Annotated[str | None, typer.Option("--collection", "-c", help="Where to look; in all you may read if absent.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def search(
    question: Question,
    collection: Collection = None,
    k: Annotated[
        int | None, typer.Option("--k", "-k", min=1, max=100, help="Passages to return; the server's setting if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages nearest to a question, best first."""
    with connected() as client:
        found = client.search(question, collection, k)
    _warn(found)
    if as_json:
        output.write_json(found)
        return
    for hit in found["hits"]:
        place = " > ".join(filter(None, (output.pages(hit["page_first"], hit["page_last"]), *hit["heading_path"])))
        output.write(f"{hit['rank']}. {hit['title']}  {place}  (score {hit['score']:.3f})\n   {hit['source']}\n")
        output.write("".join(f"   {line}\n" for line in hit["text"].splitlines()) + "\n")
    if not found["hits"]:
        typer.echo("Nothing found.", err=True)


def ask(question: Question, collection: Collection = None, as_json: AsJson = False) -> None:
    """Answer a question from the documents, with the quotes it rests on."""
    with connected() as client:
        if as_json:
            answer = client.ask(question, collection)
            output.write_json(answer)
        else:
            answer = _stream(client, question, collection)
            _print_sources(answer)
    _warn(answer)


def _stream(client: Client, question: str, collection: str | None) -> dict[str, Any]:
    """Print the answer as it comes, each citation's number after what it supports; returns the answer whole."""
    shown, answer = "", {}
    for name, data in client.ask_stream(question, collection):
        if name == "token":
            shown += data["text"]
            output.write(data["text"])
        elif name == "citation":
            output.write(f" [{data['number']}]")
        elif name == "done":
            answer = data
    if answer["answer"].strip() != shown.strip():  # nothing was found to support what was written
        output.write(f"\n(The above is withdrawn.) {answer['answer']}")
    output.write("\n\n")
    return answer


def _warn(found: dict[str, Any]) -> None:
    """Say on standard error which sources were left out."""
    if names := found["unavailable_sources"]:
        listed = output.clean(", ".join(names))
        typer.echo(f"Left out, because who may read them was synchronised too long ago: {listed}.", err=True)


def _print_sources(answer: dict[str, Any]) -> None:
    if not answer["citations"]:
        output.write("No sources are cited.\n")
        return
    for c in {c["number"]: c for c in answer["citations"]}.values():
        named = ", ".join(filter(None, (c["title"], output.pages(c["page"], None))))
        output.write(f"[{c['number']}] {named}  ({c['source']})\n")
        output.write("".join(f"    {line}\n" for line in c["quote"].splitlines()))
