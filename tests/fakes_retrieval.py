"""What tests use in place of a model and of pgvector; both pass the contracts of what they stand for."""

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
from core.errors import ModelMismatch
from core.models import catalogue
from core.settings import Settings
from core.types import Chunk, chunk_id
from retrieval.embedders.base import Vector, Vectors, check_lengths, mean_direction, split_to_fit
from retrieval.stores.base import Ranking

ROOT = Path(__file__).parent.parent
MINILM = "all-minilm-l6-v2"


class FakeEmbedder:
    """A bag of hashed words: texts that share words are near each other. A token is a word; two are special."""

    def __init__(self, model_id: str = "fake@0", dimension: int = 64, window_tokens: int = 256) -> None:
        self.model_id, self.dimension, self.window_tokens = model_id, dimension, window_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) + 2 for text in texts]

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        check_lengths(self.count_tokens(texts), self.window_tokens)
        return np.array([self._embed(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dimension)

    def embed_query(self, text: str) -> Vector:
        pieces = split_to_fit(text, lambda piece: self.count_tokens([piece])[0] <= self.window_tokens)
        return mean_direction(self.embed_documents(pieces))

    def _embed(self, text: str) -> np.ndarray:
        """Add up one random direction a word; the special tokens keep a text without words from being no direction."""
        directions = [self._direction(word) for word in ("[CLS]", *_words(text))]
        total = np.sum(directions, axis=0)
        return total / np.linalg.norm(total)

    def _direction(self, word: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
        return np.random.default_rng(seed).normal(size=self.dimension)


class InMemoryVectorStore:
    """A :class:`~retrieval.stores.base.VectorStore` in a dict; takes a connection and leaves it alone."""

    def __init__(self) -> None:
        self.models: dict[UUID, str] = {}
        self.rows: dict[str, tuple[UUID, UUID, Vector]] = {}

    def add(
        self,
        connection: Connection,
        collection_id: UUID,
        model_id: str,
        title: str,
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> None:
        if self.models.setdefault(collection_id, model_id) != model_id:
            raise ModelMismatch(f"{self.models[collection_id]} made this collection, not {model_id}")
        for chunk, vector in zip(chunks, vectors, strict=True):
            self.rows.setdefault(chunk.chunk_id, (collection_id, chunk.document_id, vector))

    def delete(self, connection: Connection, document_id: UUID) -> None:
        self.rows = {key: row for key, row in self.rows.items() if row[1] != document_id}

    def search(self, connection: Connection, vector: Vector, *, scope: AccessScope, model_id: str, k: int) -> Ranking:
        if any(self.models.get(collection_id, model_id) != model_id for collection_id in scope.collection_ids):
            raise ModelMismatch(f"not all collections of the scope were made by {model_id}")
        found = [(key, float(row[2] @ vector)) for key, row in self.rows.items() if row[0] in scope.collection_ids]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]


def scope_of(*collection_ids: UUID) -> AccessScope:
    """Make a scope as production does, from what a database would have answered."""
    rows = [{"collection_id": collection_id} for collection_id in collection_ids]
    answer = SimpleNamespace(execute=lambda *_: SimpleNamespace(fetchall=lambda: rows))
    return scope_for(cast(Any, answer), Principal("anyone", uuid4()))


def add_collection(connection: Connection, model_id: str, *, dimension: int = 64) -> UUID:
    """Insert a collection of a random owner and name."""
    query = (
        "INSERT INTO collections (owner_id, name, embedding_model, dimension) VALUES (%s, 'c', %s, %s) RETURNING collection_id"
    )
    row = connection.execute(query, (str(uuid4()), model_id, dimension)).fetchone()
    assert row is not None
    return cast(UUID, row["collection_id"])


def add_document(connection: Connection, collection_id: UUID, text: str = "", *, source: str | None = None) -> UUID:
    """Insert a document's row."""
    document_id = uuid4()
    connection.execute(
        "INSERT INTO documents (document_id, collection_id, source, title, media_type, content_hash, num_bytes, text,"
        " num_chunks, num_pages) VALUES (%s, %s, %s, 'Title', 'text/plain', 'hash', 0, %s, 0, 0)",
        (document_id, collection_id, source or f"{document_id}.txt", text),
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
