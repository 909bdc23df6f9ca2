"""The options of `muniment search` and `muniment ask` that narrow both to documents that meet all of them."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ui.cli.labels import PAIR, pairs

Wanted = dict[str, Any] | None  # the API's filters
Many, One = list[str] | None, str | None

# By the name that the API has for the filter, in the order they are shown.
OPTIONS = {
    "types": Annotated[
        Many,
        typer.Option(
            "--type", metavar="TYPE", help="Of a type: pdf, docx, pptx, xlsx, html, md, txt, csv or eml; or of several."
        ),
    ],
    "tags": Annotated[Many, typer.Option("--tag", metavar="TAG", help="With a tag; with all of several.")],
    "metadata": Annotated[Many, typer.Option("--metadata", metavar="KEY=VALUE", help=f"With metadata: {PAIR}")],
    "languages": Annotated[
        Many, typer.Option("--language", metavar="CODE", help="In a language, such as en; or in one of several.")
    ],
    "source": Annotated[One, typer.Option("--source", metavar="SOURCE", help="From this source, or from below this folder.")],
    "documents": Annotated[Many, typer.Option("--document", metavar="DOCUMENT_ID", help="This document; or one of several.")],
    "dated_from": Annotated[
        One, typer.Option("--dated-from", metavar="DATE", help="Bearing this date, as 2020-01-31, or a later one.")
    ],
    "dated_to": Annotated[One, typer.Option("--dated-to", metavar="DATE", help="Bearing this date or an earlier one.")],
}


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options in the place of its parameter ``wanted``, which gets what was chosen."""
    signature = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name == "wanted":
            parameters += [parameter.replace(name=name, annotation=option, default=None) for name, option in OPTIONS.items()]
        else:
            parameters.append(parameter)

    @functools.wraps(command)
    def filtering(*positional: Any, **given: Any) -> None:
        options = {name: given.pop(name) for name in OPTIONS}
        command(*positional, **given, wanted=chosen(options))

    filtering.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what typer reads
    filtering.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return filtering


def chosen(options: dict[str, Any]) -> Wanted:
    """Put the options that were given into the API's filters; None for none. The API says what cannot be.

    >>> chosen({"tags": ["signed"], "metadata": ["year=2020"], "source": None})
    {'tags': ['signed'], 'metadata': {'year': 2020}}
    """
    wanted = options | {"metadata": pairs(options["metadata"])}
    return {name: value for name, value in wanted.items() if value} or None
