"""`muniment label`: the tags and the metadata of a document; and how every command is told both."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ui.cli import output
from ui.cli.session import connected

PAIR = "KEY=VALUE; a number, true and false are taken for what they are, and for text in quotes. Once for each."
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def label(
    document_id: Annotated[str, typer.Argument(metavar="DOCUMENT_ID", help="As `muniment documents` lists it.")],
    *,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Add a tag; once for each.")] = None,
    untag: Annotated[list[str] | None, typer.Option("--untag", metavar="TAG", help="Take a tag away; once for each.")] = None,
    metadata: Annotated[list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help=f"Set {PAIR}")] = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="KEY", help="Take a key away; once for each.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change the tags and the metadata of a document of yours; without an option, print them."""
    with connected() as client:
        document = client.document(document_id)
        tags = [name for name in dict.fromkeys([*document["tags"], *(tag or ())]) if name not in (untag or ())]
        values = document["metadata"] | pairs(metadata)
        values = {key: value for key, value in values.items() if key not in (unset or ())}
        if (tags, values) != (document["tags"], document["metadata"]):
            document = client.set_labels(document_id, tags=tags, metadata=values)
    if as_json:
        output.write_json({"tags": document["tags"], "metadata": document["metadata"]})
        return
    rows = [*(("tag", name) for name in document["tags"]), *((k, shown(v)) for k, v in document["metadata"].items())]
    output.write_table(("label", "value"), rows)


def pairs(values: Iterable[str] | None) -> dict[str, Any]:
    """Read what options say as metadata; raises BadParameter for what is no pair.

    >>> pairs(["client=Acme", "year=2020", "signed=true", 'room="101"', "formula=a=b"])
    {'client': 'Acme', 'year': 2020, 'signed': True, 'room': '101', 'formula': 'a=b'}
    """
    read = {}
    for value in values or ():
        key, equals, text = value.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"--metadata: {output.clean(value)!r} is no KEY=VALUE.")
        read[key.strip()] = _typed(text)
    return read


def shown(value: Any) -> str:
    """Write a value so that :func:`pairs` reads the same again.

    >>> shown("Acme"), shown("2020"), shown(2020), shown(True)
    ('Acme', '"2020"', '2020', 'true')
    """
    return value if isinstance(value, str) and _typed(value) == value else json.dumps(value)


def _typed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str | int | float | bool) else text
