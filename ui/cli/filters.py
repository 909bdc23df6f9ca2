"""The options of `muniment search` and `muniment ask` that narrow both to documents that meet all of them."""

from typing import Annotated, Any

import typer

from ui.cli.labels import PAIR, pairs

Type = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Of a type: pdf, docx, pptx, xlsx, html, md, txt, csv or eml; or of several."),
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="With a tag; with all of several.")]
Metadata = Annotated[list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help=f"With metadata: {PAIR}")]
Language = Annotated[
    list[str] | None, typer.Option("--language", metavar="CODE", help="In a language, such as en; or in one of several.")
]
Source = Annotated[str | None, typer.Option("--source", metavar="SOURCE", help="From this source, or from below this folder.")]
Document = Annotated[
    list[str] | None, typer.Option("--document", metavar="DOCUMENT_ID", help="This document; or one of several.")
]
From = Annotated[
    str | None, typer.Option("--dated-from", metavar="DATE", help="Bearing this date, as 2020-01-31, or a later one.")
]
To = Annotated[str | None, typer.Option("--dated-to", metavar="DATE", help="Bearing this date or an earlier one.")]


def chosen(
    *,
    types: list[str] | None,
    tags: list[str] | None,
    metadata: list[str] | None,
    languages: list[str] | None,
    source: str | None,
    documents: list[str] | None,
    dated_from: str | None,
    dated_to: str | None,
) -> dict[str, Any] | None:
    """Put the options that were given into the API's filters; None for none. The API says what cannot be.

    >>> none = dict.fromkeys(["types", "languages", "source", "documents", "dated_from", "dated_to"])
    >>> chosen(tags=["signed"], metadata=["year=2020"], **none)
    {'tags': ['signed'], 'metadata': {'year': 2020}}
    """
    wanted = {
        "types": types,
        "tags": tags,
        "metadata": pairs(metadata),
        "languages": languages,
        "source": source,
        "documents": documents,
        "dated_from": dated_from,
        "dated_to": dated_to,
    }
    return {name: value for name, value in wanted.items() if value} or None
