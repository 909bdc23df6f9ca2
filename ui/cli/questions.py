"""`muniment search` and `muniment ask`."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import typer

from ui.cli import filters, output, stages
from ui.cli.session import connected

Json = dict[str, Any]

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="In your own words.")]
Collection = Annotated[str | None, typer.Option("--collection", "-c", help="Where to look; in all you may read if absent.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Tell at the end each passage's rank and score at each stage of the search.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@filters.filtered
def search(
    question: Question,
    collection: Collection = None,
    *,
    k: Annotated[
        int | None, typer.Option("--k", "-k", min=1, max=100, help="Passages to return; the server's setting if absent.")
    ] = None,
    wanted: filters.Wanted = None,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Find the passages nearest to a question, best first."""
    with connected() as client:
        found = client.search(question, collection, k, filters=wanted, explain=explain or None)
    _warn(found)
    if as_json:
        output.write_json(found)
        return
    for hit in found["hits"]:
        output.write(f"{hit['rank']}. {hit['title']}  {_place(hit)}  (score {hit['score']:.3f})\n   {hit['source']}\n")
        output.write("".join(f"   {line}\n" for line in hit["text"].splitlines()) + "\n")
    if not found["hits"]:
        typer.echo("Nothing found.", err=True)
    elif explain:
        stages.write_stages(found["hits"])


@filters.filtered
def ask(
    question: Question,
    collection: Collection = None,
    *,
    wanted: filters.Wanted = None,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, with the quotes it rests on."""
    with connected() as client:
        if as_json:
            answer = client.ask(question, collection, filters=wanted)
            output.write_json(answer)
        else:
            with closing(client.ask_stream(question, collection, filters=wanted, explain=explain or None)) as events:
                answer, hits = _stream(events)
            _print_sources(answer)
            if explain:
                stages.write_stages(hits)
    _warn(answer)


def _place(hit: Json) -> str:
    return " > ".join(filter(None, (output.pages(hit["page_first"], hit["page_last"]), *hit["heading_path"])))


def _stream(events: Iterator[tuple[str, Json]]) -> tuple[Json, list[Json]]:
    """Print the answer as it comes, each citation's number after what it supports; returns it whole, and the passages."""
    shown, answer, hits = "", {}, []
    for name, data in events:
        if name == "sources":
            hits = data["hits"]
        elif name == "token":
            shown += data["text"]
            output.write(data["text"])
        elif name == "citation":
            output.write(f" [{data['number']}]")
        elif name == "done":
            answer = data
    if degraded := answer.get("degraded"):
        typer.echo(f"\n{output.clean(degraded)}", err=True)
    if answer["answer"].strip() != shown.strip():  # something was found not to be supported
        output.write(f"\n(The above is withdrawn.) {answer['answer']}")
    output.write("\n\n")
    return answer, hits


def _warn(found: dict[str, Any]) -> None:
    """Say on standard error what the search had to note, and which sources were left out."""
    if note := found["note"]:
        typer.echo(output.clean(note), err=True)
    if names := found["unavailable_sources"]:
        listed = output.clean(", ".join(names))
        typer.echo(f"Left out, because who may read them was synchronised too long ago: {listed}.", err=True)


def _print_sources(answer: dict[str, Any]) -> None:
    if not answer["citations"]:
        why = (answer.get("refusal") or {}).get("detail", "")
        output.write(f"No sources are cited. {why}".rstrip() + "\n")
        _print_left_out(answer)
        return
    for conflict in answer.get("conflicts", ()):
        newer, older = (f"“{conflict[which]['quote']}” ({conflict[which]['title']})" for which in ("newer", "older"))
        output.write(f"The sources disagree: {conflict['what']}\n    {newer}\n    {older}\n")
    for claim in answer.get("claims", ()):
        if claim["verdict"] != "supported":
            said = answer["answer"][claim["start"] : claim["end"]]
            how = "Not supported" if claim["verdict"] == "unsupported" else "Supported in part"
            output.write(f"{how} ({claim['reason']}): {said}\n")
    _print_left_out(answer)
    ordered = sorted(answer["citations"], key=lambda c: (c["number"], c["mended"]))  # of the same number, one corrected is told
    for c in {c["number"]: c for c in ordered}.values():
        named = ", ".join(filter(None, (c["title"], output.pages(c["page"], None))))
        told = "  citation corrected" if c["mended"] else ""
        output.write(f"[{c['number']}] {named}  ({c['source']}){told}\n")
        output.write("".join(f"    {line}\n" for line in c["quote"].splitlines()))


def _print_left_out(answer: dict[str, Any]) -> None:
    if reasons := answer.get("left_out", ()):
        sentences = f"{len(reasons)} sentence{'s' if len(reasons) > 1 else ''}"
        output.write(f"Left out: {sentences} that the model wrote ({'; '.join(dict.fromkeys(reasons))})\n")
