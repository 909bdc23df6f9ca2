"""How a passage stands in the index of words, and how the index says what it holds.

Each passage is one entry. Beside them stands one entry that holds the cursor into the change log: it is written in the
same commit as the passages, so the two agree whatever happens.
"""

import json
import time
from typing import NamedTuple

import tantivy

from retrieval.lexical.analysis import Analysed
from retrieval.stores.changes import Cursor
from retrieval.stores.texts import PassageText

VERSION = 2  # of what stands here: another number, and every index is built anew
PASSAGE, CURSOR = "passage", "cursor"
SPACES = "spaces"  # the tokenizer: what analysis gives is tokens apart by spaces


def make_schema() -> tantivy.Schema:
    """Declare the fields; ``words`` is ranked by, ``surface`` holds phrases and beginnings, ``marks`` references."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("cursor", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("num", indexed=True, fast=True)
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("class", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("language", fast=True)
    builder.add_unsigned_field("length", fast=True)
    builder.add_text_field("words", tokenizer_name=SPACES, index_option="freq")
    builder.add_text_field("surface", tokenizer_name=SPACES, index_option="position")
    builder.add_text_field("marks", tokenizer_name=SPACES, index_option="basic")
    return builder.build()


def passage_entry(text: PassageText, family: str, analysed: Analysed) -> tantivy.Document:
    """Make a passage's entry; ``family`` is the language of its stems."""
    entry = tantivy.Document()
    entry.add_text("kind", PASSAGE)
    entry.add_unsigned("num", text.num)
    entry.add_text("document", text.document_id.hex)
    entry.add_text("class", str(text.class_id))
    entry.add_unsigned("language", language_code(family))
    entry.add_unsigned("length", analysed.length)
    entry.add_text("words", analysed.words)
    entry.add_text("surface", analysed.surface)
    entry.add_text("marks", analysed.marks)
    return entry


class Read(NamedTuple):
    """How far an index has read, of which database, and when (seconds since 1970)."""

    cursor: Cursor
    database: str
    at: float


def cursor_entry(cursor: Cursor, database: str) -> tantivy.Document:
    """Make the entry that says how far the index has read, of which database, and when."""
    held = {"floor": cursor.floor, "seen": sorted(cursor.seen), "database": database, "at": time.time()}
    entry = tantivy.Document()
    entry.add_text("kind", CURSOR)
    entry.add_text("cursor", json.dumps(held))
    return entry


def read_cursor(searcher: tantivy.Searcher, schema: tantivy.Schema) -> Read | None:
    """Read how far the index has read; None for one that has not read everything once."""
    hits = searcher.search(tantivy.Query.term_query(schema, "kind", CURSOR, index_option="basic"), 1, count=False).hits
    if not hits:
        return None
    held = json.loads(searcher.doc(hits[0][1])["cursor"][0])
    return Read(Cursor(held["floor"], frozenset(held["seen"])), held["database"], held["at"])


def language_code(language: str) -> int:
    """Write a language as a number, which is all that can be read back quickly.

    >>> language_of(language_code("de")), language_of(language_code(""))
    ('de', '')
    """
    return int.from_bytes(language.encode("ascii"))


def language_of(code: int) -> str:
    """Read a language that :func:`language_code` wrote."""
    return code.to_bytes(2).decode("ascii").strip("\0")
