"""Makes questions with gold of what readers said was wrong: see ``muniment eval golden``.

Goes in: feedback with the thumb down, newest first, and a collection behind the API. Comes out: rows of the form of
``samples/questions.json`` for a reader's words that stand in a document of the collection, or that say that none answers; and for
every other question the reason why it makes no row. A row's quote is the document's own text, not the reader's copy.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from ui.client import Client

Json = dict[str, Any]
MAX_CANDIDATES, NEAREST = 20, 100
SAME = ("['‘’ʼ]", '["“”„]', "[-‐‑‒–—]")  # what copying and word processors exchange
MIN_WORDS = 5  # of an answer that is looked for in documents which nobody named and the answer did not cite
NOTHING_SAID = "nobody said what it should have answered"
NOT_FOUND = "the words given stand in no document of the collection"
NO_PAGE = "the page of its quote could not be told: add it by hand"
NO_QUOTE = "nobody copied a quote, so the answer's own words stand for it: look whether that is the right place"


@dataclass(frozen=True, slots=True)
class Place:
    """Where words stand: the document as the API tells it, the characters, and the page if there are pages and it is known."""

    document: Json
    text: str
    page: int | None


@dataclass(slots=True)
class Made:
    """Rows by kind, and the questions that made none or one to be looked at, each with its reason."""

    answerable: list[Json] = field(default_factory=list)
    unanswerable: list[Json] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    doubtful: list[tuple[str, str]] = field(default_factory=list)


def complaints(client: Client, collection: str) -> Iterator[Json]:
    """Give the feedback with the thumb down on this collection, or on all that could be read, the newest first."""
    named = [c for c in client.collections() if collection in (c["name"], f"{c['owner']}/{c['name']}")]
    own = [c for c in named if c["is_own"]]
    asked = {None, collection, *(f"{c['owner']}/{c['name']}" for c in own or named)}
    return (item for item in client.feedback() if item["verdict"] == "down" and item["collection"] in asked)


def question_of(item: Json) -> str:
    """Tell the question that stands alone: as it was understood, where it followed others."""
    return str(item["answer"]["standalone_question"] or item["question"])


def make_rows(client: Client, collection: str, items: Iterable[Json]) -> Made:
    """Make a row of each complaint that says enough."""
    made, documents = Made(), {document["document_id"]: document for document in client.documents(collection)}
    for item in items:
        question = question_of(item)
        if item["should_refuse"]:
            made.unanswerable.append({"question": question})
        elif not tells(item):
            made.left_out.append((question, NOTHING_SAID))
        elif place := find_place(client, collection, documents, item):
            made.answerable.append(_row(question, item["expected"] or place.text, place))
            made.doubtful += [(question, doubt) for doubt in _doubts(item, place)]
        else:
            made.left_out.append((question, NOT_FOUND))
    return made


def tells(item: Json) -> bool:
    """Tell whether a complaint says what would have been right."""
    return bool(item["should_refuse"] or item["quote"] or item["expected"])


def find_place(client: Client, collection: str, documents: Mapping[str, Json], item: Json) -> Place | None:
    """Look for a reader's words in the documents that he may mean, in those the answer cited, and in those that search finds."""
    words, named = item["quote"] or item["expected"], item["document"]
    candidates = [document_id for document_id, document in documents.items() if named and is_named(document, named)]
    candidates += [place["document_id"] for place in item["answer"]["citations"]]
    if item["quote"] or len(words.split()) >= MIN_WORDS:
        candidates += [hit["document_id"] for hit in client.search(words, collection, k=NEAREST)["hits"]]
    for document_id in [i for i in dict.fromkeys(candidates) if i in documents][:MAX_CANDIDATES]:
        text = client.document_text(document_id)
        if span := find_words(words, text):
            page = _page(client, collection, document_id, span, words) if documents[document_id]["num_pages"] else None
            return Place(documents[document_id], text[slice(*span)], page)
    return None


def is_named(document: Json, named: str) -> bool:
    """Tell whether a reader may mean this document: by its title, its file's name, or the end of its source.

    >>> is_named({"title": "Time off", "source": "/srv/hr/Leave.pdf"}, "hr/leave.pdf")
    True
    """
    path = PurePath(document["source"].replace("\\", "/").casefold())
    wanted = PurePath(named.strip().replace("\\", "/").casefold())
    return (
        named.strip().casefold() in {document["title"].casefold(), path.stem} or path.parts[-len(wanted.parts) :] == wanted.parts
    )


def find_words(words: str, text: str) -> tuple[int, int] | None:
    """Find copied words in a text: case, white space, and the shapes of quotation marks and dashes aside.

    >>> find_words("the “Fee”  is due", 'Then the "fee"\\nis due.')
    (5, 21)
    """
    copied = words.strip().strip("“”\"'…").split()
    if not copied:
        return None
    match = re.search(r"\s+".join(map(_shapes, copied)), text, re.IGNORECASE)
    return match.span() if match else None


def _shapes(word: str) -> str:
    return "".join(next((shapes for shapes in SAME if re.fullmatch(shapes, char)), re.escape(char)) for char in word)


def _page(client: Client, collection: str, document_id: str, span: tuple[int, int], words: str) -> int | None:
    """Tell the page from the passages around the words; None where each of them runs over a page's end."""
    hits = client.search(words, collection, k=NEAREST, filters={"documents": [document_id]})["hits"]
    pages = {h["page_first"] for h in hits if h["page_first"] == h["page_last"] and h["start"] <= span[0] < h["end"]}
    return pages.pop() if len(pages) == 1 else None


def _doubts(item: Json, place: Place) -> list[str]:
    no_page = [NO_PAGE] if place.page is None and place.document["num_pages"] else []
    return no_page + ([] if item["quote"] else [NO_QUOTE])


def _row(question: str, answer: str, place: Place) -> Json:
    source = place.document["source"].replace("\\", "/").lstrip("/")
    return {"question": question, "answer": answer, "document": source, "page": place.page, "quote": place.text}
