"""PPTX through `unstructured`: slides as pages, their titles as headings, tables as rows, speaker notes after their slide.

`unstructured` takes seconds to import, so that happens at first use, after its calls home are switched off and its language
model (which it would download) is replaced by a blank one that only parts sentences.
"""

import functools
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from lxml import etree, html

from core.errors import UnreadableDocument
from core.telemetry import silence_phone_home
from core.types import ElementKind, ParsedDocument
from ingest.parse.archive import ZIP_ERRORS, check_archive, core_title
from ingest.parse.detect import PPTX
from ingest.parse.draft import Draft
from ingest.parse.html import table_rows
from ingest.parse.table import render_table

_KINDS: dict[str, ElementKind] = {"ListItem": "list_item", "Header": "header", "Footer": "footer"}


@functools.cache
def _partition_pptx() -> Callable[..., list[Any]]:
    silence_phone_home()
    import spacy
    from unstructured.nlp import tokenize

    sentences = spacy.blank("en")
    sentences.add_pipe("sentencizer")
    tokenize._get_nlp = lambda: sentences  # type: ignore[assignment]
    from unstructured.partition.pptx import partition_pptx

    return partition_pptx


def parse_pptx(path: Path) -> ParsedDocument:
    """Parse a PPTX file; ``pages`` are its slides, without sizes or lines."""
    check_archive(path)
    partition = _partition_pptx()
    try:
        notes = _notes(path)
        elements = partition(filename=str(path), include_page_breaks=False)
    except (LookupError, AttributeError, TypeError, ArithmeticError, etree.XMLSyntaxError, *ZIP_ERRORS) as error:
        raise UnreadableDocument(f"The presentation is damaged ({type(error).__name__}): open it and save it again.") from error
    slides = {number: list(group) for number, group in groupby(elements, key=lambda element: int(element.metadata.page_number))}
    draft = Draft()
    for number, said in enumerate(notes, start=1):
        start = draft.length
        _add_slide(draft, slides.get(number, []), number)
        draft.add("note", said, page=number)
        draft.add_page(number, start)
    return draft.finish(PPTX, core_title(path))


def _notes(path: Path) -> list[str]:
    """Read the speaker notes of every slide, "" where there are none (`unstructured` puts them first, unmarked)."""
    from pptx import Presentation

    frames = (slide.notes_slide.notes_text_frame if slide.has_notes_slide else None for slide in Presentation(str(path)).slides)
    return ["" if frame is None else frame.text for frame in frames]


def _add_slide(draft: Draft, slide: Iterable[Any], number: int) -> None:
    titled = False
    for element in slide:
        if element.category == "Title" and not element.metadata.category_depth and not titled:
            titled = draft.add("heading", element.text, level=1, page=number) is not None
        elif element.category == "Table" and element.metadata.text_as_html:
            rows = table_rows(html.fragment_fromstring(element.metadata.text_as_html))
            draft.add("table", render_table(rows), page=number)
        else:
            kind = _KINDS.get(element.category, "paragraph")
            draft.add(kind, f"- {element.text}" if kind == "list_item" else element.text, page=number)
