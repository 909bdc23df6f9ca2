"""The API's JSON that goes out: pydantic at the edge, made from the rooms' dataclasses."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core import types
from ingest.documents import JobState
from retrieval.stores.choose import StoreName


class Outgoing(BaseModel):
    """A response's body, read off a dataclass of the same field names."""

    model_config = ConfigDict(from_attributes=True, frozen=True, validate_by_name=True, validate_by_alias=True)


class Collection(Outgoing):
    """A collection and how much of it the caller may read."""

    collection_id: UUID
    owner: str = Field(validation_alias="owner_id")
    name: str
    embedding_model: str
    num_documents: int
    num_chunks: int
    created_at: datetime
    is_own: bool


class Collections(Outgoing):
    """The collections that the caller may read something of, by name."""

    collections: list[Collection]


class Job(Outgoing):
    """A file on its way in; done when its state is none of ``queued`` and ``running``."""

    job_id: UUID
    collection: str
    source: str
    state: JobState
    document_id: UUID | None
    error: str | None
    attempts: int
    num_bytes: int
    created_at: datetime
    updated_at: datetime


class Jobs(Outgoing):
    """Those of the jobs asked for that are the caller's."""

    jobs: list[Job]


class Document(Outgoing):
    """A document in the index; ``num_pages`` is 0 where the format has none, ``language`` und where it cannot be told."""

    document_id: UUID
    owner: str = Field(validation_alias="owner_id")
    collection: str
    source: str
    title: str
    media_type: str
    num_bytes: int
    num_pages: int
    num_chunks: int
    language: str
    dated: date | None = Field(description="The date that a contract bears.")
    tags: list[str]
    metadata: dict[str, Any]
    indexed_at: datetime


class Documents(Outgoing):
    """A page of the list of documents."""

    documents: list[Document]


class Stage(Outgoing):
    """How a stage of search (dense, words, fused, rerank) saw a passage; scores compare only within a stage and a question."""

    name: str
    rank: int
    score: float


class Hit(Outgoing):
    """A passage found; ``start`` and ``end`` are character offsets into the document's text, end exclusive."""

    document_id: UUID
    source: str
    title: str
    heading_path: tuple[str, ...]
    page_first: int | None
    page_last: int | None
    start: int
    end: int
    text: str
    score: float
    rank: int
    stages: list[Stage] = Field([], description="With `explain`: how each stage of the search saw it.")


class Hits(Outgoing):
    """The passages found, best first, and the sources left out because their permissions are out of date.

    ``standalone_question`` is what was searched for, where that is another question than was asked. ``note`` tells the names in
    it that no document searched bears.
    """

    hits: list[Hit]
    unavailable_sources: list[str]
    standalone_question: str | None
    note: str | None


class Box(Outgoing):
    """A printed line on its page, in points from the page's top left corner."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Citation(Outgoing):
    """A quote that stands to the letter in the document at start:end, and what it supports in the answer."""

    number: int
    document_id: UUID
    source: str
    title: str
    page: int | None
    quote: str
    start: int
    end: int
    answer_start: int
    answer_end: int
    boxes: list[Box]

    @classmethod
    def of(cls, citation: types.Citation) -> Self:
        """Flatten a citation and its passage into one object."""
        boxes = [Box(page=b.page, x0=b.box.x0, y0=b.box.y0, x1=b.box.x1, y1=b.box.y1) for b in citation.boxes]
        return cls(
            number=citation.number,
            document_id=citation.hit.document_id,
            source=citation.hit.source,
            title=citation.hit.title,
            page=citation.page,
            quote=citation.quote,
            start=citation.start,
            end=citation.end,
            answer_start=citation.answer_start,
            answer_end=citation.answer_end,
            boxes=boxes,
        )


class Token(Outgoing):
    """The next piece of an answer being written."""

    text: str


class Answer(Outgoing):
    """The answer and its citations; a refused one cites nothing. Sources are left out while their permissions are old.

    ``standalone_question`` is what was searched for and answered, where that is another question than was asked. ``note`` tells
    the names in it that no document searched bears.
    """

    answer: str
    refused: bool
    citations: list[Citation]
    timings_ms: dict[str, float]
    model: str
    unavailable_sources: list[str]
    standalone_question: str | None
    note: str | None

    @classmethod
    def of(cls, answer: types.Answer, unavailable: Sequence[str]) -> Self:
        """Read off a finished answer."""
        return cls(
            answer=answer.text,
            refused=answer.refused,
            citations=[Citation.of(citation) for citation in answer.citations],
            timings_ms=answer.timings_ms,
            model=answer.model,
            unavailable_sources=list(unavailable),
            standalone_question=answer.standalone_question,
            note=answer.note,
        )


class Key(Outgoing):
    """What may be told about a key."""

    key_id: UUID
    owner: str = Field(validation_alias="owner_id")
    name: str
    is_admin: bool
    created_at: datetime


class Keys(Outgoing):
    """The live keys, oldest first."""

    keys: list[Key]


class MadeKey(Outgoing):
    """A key just made: ``key`` is stored only as a hash and never shown again."""

    key_id: UUID
    owner: str
    name: str
    key: str


class Index(Outgoing):
    """How a vector index stands; while it is not ready, PostgreSQL answers in its place."""

    store: StoreName
    kind: str = Field(description="`exact`, `flat`, `hnsw`, `ivf`, or `none` before the first build.")
    is_ready: bool
    is_building: bool
    num_passages: int
    num_fresh: int = Field(description="Passages added since the last build.")
    num_stale: int = Field(description="Passages of the last build that count no more.")
    num_changes: int = Field(description="Documents that have changed and that it has not read yet.")
    num_bytes: int = Field(description="On disk, beside the vectors in PostgreSQL.")
    built_at: datetime | None
    build_s: float | None


class Dependency(Outgoing):
    """Whether something the API depends on answers, and what is wrong if not."""

    state: str
    detail: str


class Readiness(Outgoing):
    """Whether questions can be answered now."""

    ready: bool
    dependencies: dict[str, Dependency]


class Problem(Outgoing):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = Field(None, description="With 422: each field and its reason.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe, for OpenAPI, the problem documents a route may answer with."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": "A problem document", "content": content} for status in statuses}
