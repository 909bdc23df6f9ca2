"""`muniment route`: which engine a question would go to and why, and what has left the walls."""

import sys
from typing import Annotated, Any

import typer

from ui.cli import output
from ui.cli.session import connected

app = typer.Typer(help="Which engine answers: explain; what has left: egress.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command()
def explain(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In your own words.")],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Where to look; in all you may read if absent.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="Asked by whom; for an administrator's key. You if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which rule a question meets, why those before it do not hold, and what would be replaced; nothing is sent."""
    with connected() as client:
        told = client.explain_route(question, collection, user=user)
    if as_json:
        output.write_json(told)
    else:
        output.write("".join(f"{line}\n" for line in lines_of(told)))


@app.command()
def egress(
    limit: Annotated[int, typer.Option(min=1, max=500, help="Newest entries to list.")] = 100,
    before: Annotated[int | None, typer.Option(min=1, help="Only entries older than this one.")] = None,
    body: Annotated[
        int | None, typer.Option("--body", metavar="ENTRY", min=1, help="Print what left with an entry, to the byte.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what has left for engines outside, newest first, with an administrator's key."""
    with connected() as client:
        if body is not None:
            sys.stdout.buffer.write(client.egress_body(body))
            sys.stdout.buffer.flush()
            return
        entries = client.egress(limit, before)
    if as_json:
        output.write_json({"egress": entries})
        return
    rows = (
        (
            e["egress_id"],
            e["at"],
            e["owner"],
            e["rule"],
            e["engine"],
            e["collection"],
            len(e["document_ids"]),
            e["num_bytes"],
            e["status"],
        )
        for e in entries
    )
    output.write_table(("entry", "at", "user", "rule", "engine", "collection", "bytes", "status", "documents"), rows)


def lines_of(told: dict[str, Any]) -> list[str]:
    """Put an explanation into words.

    >>> rule = {"rule": "research", "engine": "cloud", "matches": False, "conditions": [{"holds": False, "reason": "a reason"}]}
    >>> told = {"engine": "default", "model": "m", "rule": None, "outside": False, "leaves": False, "rules": [rule]}
    >>> lines_of(told)
    ['default (m) answers: no rule matches.', '- research, which leads to cloud, does not match', '    no: a reason']
    >>> lines_of(told | {"outside": True, "leaves": None, "document_ids": [], "replaced": []})[-1]
    "This engine is outside. Which passages would be sent is not told of another user's question; these would be replaced:"
    """
    why = f"the rule {told['rule']} matches." if told["rule"] else "no rule matches."
    lines = [f"{told['engine']} ({told['model']}) answers: {why}"]
    for rule in told["rules"]:
        lines.append(f"- {rule['rule']}, which leads to {rule['engine']}, {'matches' if rule['matches'] else 'does not match'}")
        lines += [f"    {'yes' if condition['holds'] else 'no'}: {condition['reason']}" for condition in rule["conditions"]]
    if told["outside"] and told["leaves"] is False:
        lines.append("No passage was found, or one that may not leave, by its language or its label: it is answered on-premises.")
    elif told["outside"]:
        sent = f"{len(told['document_ids'])} documents' passages would be sent, with these replaced:"
        untold = "Which passages would be sent is not told of another user's question; these would be replaced:"
        lines.append(f"This engine is outside. {untold if told['leaves'] is None else sent}")
        lines += [f"    {replaced['placeholder']}  {replaced['text']}" for replaced in told["replaced"]]
    return lines
