"""What tests use in place of a model, which passes the contract of what it stands for; and rows for tests to search."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np

from core.access import AccessScope, Principal, scope_for
from core.db.pool import Connection
from core.models import catalogue
from core.settings import Settings
from core.types import Chunk, chunk_id
from retrieval.embedders.base import Vectors, check_lengths, embed_pieces

ROOT = Path(__file__).parent.parent
MINILM = "all-minilm-l6-v2"
OWNER = "anyone"


class FakeEmbedder:
    """A bag of hashed words: texts that share words are near each other. A token is a word; two are special."""

    def __init__(self, model_id: str = "fake@0", dimension: int = 64, window_tokens: int = 256) -> None:
        self.model_id, self.dimension, self.window_tokens = model_id, dimension, window_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) + 2 for text in texts]

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        check_lengths(self.count_tokens(texts), self.window_tokens)
        return np.array([self._embed(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dimension)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return embed_pieces(texts, lambda piece: self.count_tokens([piece])[0] <= self.window_tokens, self.embed_documents)

    def _embed(self, text: str) -> np.ndarray:
        """Add up one random direction a word; the special tokens keep a text without words from being no direction."""
        directions = [self._direction(word) for word in ("[CLS]", *_words(text))]
        total = np.sum(directions, axis=0)
        return total / np.linalg.norm(total)

    def _direction(self, word: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
        return np.random.default_rng(seed).normal(size=self.dimension)


def scope_of(connection: Connection, *collection_ids: UUID) -> AccessScope:
    """Make the scope of some of the collections that :func:`add_collection` made, as production makes one."""
    query = """SELECT class_id, collection_id, NULL AS source, true AS is_fresh, true AS tells
                 FROM access_classes WHERE collection_id = ANY(%s)"""
    answers = iter([[], connection.execute(query, (list(collection_ids),)).fetchall()])  # no groups; these classes
    answer = SimpleNamespace(execute=lambda *_: SimpleNamespace(fetchall=lambda: next(answers)))
    return scope_for(cast(Any, answer), Principal(OWNER, uuid4()))


def add_collection(connection: Connection, model_id: str, *, dimension: int = 64) -> UUID:
    """Insert a collection of a random name."""
    query = "INSERT INTO collections (owner_id, name, embedding_model, dimension) VALUES (%s, %s, %s, %s) RETURNING collection_id"
    row = connection.execute(query, (OWNER, str(uuid4()), model_id, dimension)).fetchone()
    assert row is not None
    return cast(UUID, row["collection_id"])


def add_document(connection: Connection, collection_id: UUID, text: str = "", *, source: str | None = None) -> UUID:
    """Insert a document's row."""
    document_id = uuid4()
    connection.execute(
        "INSERT INTO documents (document_id, collection_id, class_id, source, title, media_type, content_hash, num_bytes, text,"
        " num_chunks, num_pages) SELECT %s, collection_id, class_id, %s, 'Title', 'text/plain', 'hash', 0, %s, 0, 0"
        " FROM access_classes WHERE collection_id = %s AND source_id IS NULL AND allowed IS NULL",
        (document_id, source or f"{document_id}.txt", text, collection_id),
    )
    return document_id


def make_chunks(document_id: UUID, texts: Sequence[str], *, step: int | None = None) -> list[Chunk]:
    """Lay texts one after another in a document, or one every ``step`` characters, so that they overlap."""
    chunks, start = [], 0
    for text in texts:
        end = start + len(text)
        chunks.append(Chunk(chunk_id(document_id, "hash", start, end), document_id, start, end, text, None, None, ()))
        start = start + step if step else end + 1
    return chunks


def nums(connection: Connection, chunks: Sequence[Chunk]) -> list[int]:
    """Tell the numbers that the database gave the chunks, in the same order."""
    rows = connection.execute("SELECT chunk_id, num FROM chunks WHERE chunk_id = ANY(%s)", ([c.chunk_id for c in chunks],))
    found = {row["chunk_id"]: row["num"] for row in rows.fetchall()}
    return [found[chunk.chunk_id] for chunk in chunks]


def minilm_folder() -> Path:
    """Return the folder of the real default embedding model, fetching it if it is not there yet."""
    return catalogue.ensure(MINILM, Settings())


def real_texts() -> list[str]:
    """Return the paragraphs of the sample handbook and the project's own pages."""
    files = sorted([*(ROOT / "samples").rglob("*.md"), *(ROOT / "samples").rglob("*.txt"), *(ROOT / "docs").rglob("*.md")])
    texts = [file.read_text(encoding="utf-8") for file in [*files, ROOT / "LICENSE"]]
    return [paragraph for text in texts for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
