"""Stand-ins for what the API is wired to, and the services that hold them together over a real database."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from kombu.exceptions import OperationalError

from api.lifespan import Services
from api.probes import Probes
from api.routing import Router
from core.access import AccessScope
from core.db.pool import Connection, Pool
from core.settings import Settings
from core.types import Box, Chunk, Document, Hit, Hits, Line, Page, ParsedDocument, Usage
from generation.engines.base import Message, Written
from ingest import documents
from ingest.describe import Description
from retrieval.filters import Filters
from retrieval.search import EVERYTHING
from retrieval.stores.choose import Stores
from retrieval.stores.pgvector import PgVectorStore
from tests.fakes_retrieval import FakeEmbedder

TEXT = "Leave is 30 days a year.\nCafé is free. 😀"


@dataclass
class FakeSearch:
    """Finds its hits whatever is asked, but nothing in an empty scope; remembers what it was asked."""

    hits: list[Hit] = field(default_factory=list)
    asked: list[tuple[str, AccessScope, int]] = field(default_factory=list)
    error: Exception | None = None
    unknown_names: list[str] = field(default_factory=list)
    filters: list[Filters] = field(default_factory=list)
    stores: list[object] = field(default_factory=list)
    rankings: list[str] = field(default_factory=list)

    def over(self, store: object) -> Self:
        self.stores.append(store)
        return self

    def by(self, ranking: str) -> Self:
        self.rankings.append(ranking)
        return self

    def __call__(self, query: str, *, scope: AccessScope, k: int, filters: Filters = EVERYTHING, explain: bool = False) -> Hits:
        self.asked.append((query, scope, k))
        self.filters.append(filters)
        if self.error:
            raise self.error
        return Hits(self.hits[:k] if scope.class_ids else [], self.unknown_names)


@dataclass
class FakeCelery:
    """A broker that keeps what it is sent, or one that is away."""

    sent: list[tuple[str, list[Any]]] = field(default_factory=list)
    is_away: bool = False

    def send_task(self, name: str, args: list[Any], **options: Any) -> None:
        if self.is_away:
            raise OperationalError("connection refused")
        self.sent.append((name, args))


@dataclass
class FakeGenerator:
    """Writes its pieces whatever it is asked, and ``rewritten`` when asked to rewrite a question.

    ``before_piece`` is called ahead of each piece, and may raise or wait.
    """

    pieces: Sequence[str] = ()
    answerable: float = 1.0
    before_piece: Callable[[int], None] = lambda number: None
    rewritten: str = ""
    written: Any = None  # the JSON it writes under any schema
    model: str = "fake-model"
    num_asked: int = 0
    num_written: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> Generator[str, None, Written]:
        if "Last question:" in messages[-1].content:
            yield self.rewritten
            return Written(cut_off=False)
        self.num_asked += 1
        try:
            for number, piece in enumerate(self.pieces):
                self.before_piece(number)
                self.num_written += 1
                yield piece
        finally:
            self.closed.set()
        return Written(cut_off=False, usage=Usage(100, len(self.pieces)))

    def probability_of(self, word: str, against: str, messages: Sequence[Message], *, timeout_s: float | None = None) -> float:
        return self.answerable

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        self.before_piece(self.num_asked)
        self.num_asked += 1
        return self.written

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def ping(self) -> None:
        return None


def make_services(settings: Settings, pool: Pool, generator: Any, **probes: Any) -> Services:
    """Wire fakes to a real pool."""
    stores = Stores(settings, pool, make=lambda *_: PgVectorStore())
    router = Router(settings, pool, generator)
    embedder = FakeEmbedder("fake-embedder", 3)
    return Services(settings, pool, embedder, FakeSearch(), generator, FakeCelery(), Probes(probes), stores, router)  # type: ignore[arg-type]


def add_document(connection: Connection, owner_id: str, collection: str, source: str, path: Path, text: str = TEXT) -> UUID:
    """Put a document of one page into the database, as an ingest would."""
    path.write_bytes(text.encode())
    found = documents.add_collection(connection, owner_id, collection, model_id="fake-embedder", dimension=3)
    document_id = documents.document_id_of(found.collection_id, source)
    page = Page(1, 0, len(text), 595.0, 842.0, (Line(0, 24, Box(10, 20, 110, 32)),))
    parsed = ParsedDocument("Handbook", "text/plain", text, (page,), ())
    document = Document(found.collection_id, source, path, "ab" * 32)
    documents.replace_document(connection, document, document_id, parsed, Description(), 1)
    return document_id


def hit_of(chunk: Chunk, *, rank: int, score: float = 0.5, pages: Sequence[Page] = ()) -> Hit:
    """Make a search result of a chunk."""
    return Hit(
        chunk.chunk_id,
        chunk.document_id,
        "/docs/handbook.txt",
        "Handbook",
        chunk.heading_path,
        chunk.page_first,
        chunk.page_last,
        chunk.start,
        chunk.end,
        chunk.text,
        score,
        rank,
        tuple(pages),
    )
