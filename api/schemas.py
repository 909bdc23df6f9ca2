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
    sensitivity: types.Sensitivity


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


class Flag(Outgoing):
    """A range of a passage, in characters of the document, that speaks to a machine rather than to a reader."""

    kind: str
    start: int
    end: int
    reason: str


class Quote(Outgoing):
    """Words that stand to the letter in the document at start:end; ``page`` is where they begin."""

    document_id: UUID
    title: str
    page: int | None
    quote: str
    start: int
    end: int

    @classmethod
    def of(cls, quote: types.Quote) -> Self:
        """Flatten a quote and its passage into one object."""
        hit = quote.hit
        place = {"start": quote.start, "end": quote.end, "page": quote.page}
        return cls(document_id=hit.document_id, title=hit.title, quote=quote.text, **place)


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
    dated: date | None = Field(None, description="The date that its document bears.")
    stages: list[Stage] = Field([], description="With `explain`: how each stage of the search saw it.")


class Source(Hit):
    """A passage found, with its sentence that says most about the question, and with what in it speaks to a machine."""

    decisive: Quote | None
    flags: list[Flag]

    @classmethod
    def of(cls, source: types.Source) -> Self:
        """Read off a source."""
        hit = Hit.model_validate(source.hit).model_dump()
        decisive = Quote.of(source.decisive) if source.decisive else None
        return cls(**hit, decisive=decisive, flags=[Flag.model_validate(flag) for flag in source.flags])


class Sources(Outgoing):
    """The passages found, best first; once ``given``, those that the model reads. A later event replaces an earlier one."""

    answer_id: UUID | None = Field(None, description="What this answer is called by, to stop it or to take it up again.")
    hits: list[Source]
    given: bool
    unavailable_sources: list[str]
    standalone_question: str | None
    note: str | None


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
    mended: bool = Field(
        description="The model had named another passage, and the program found this one, which supports the sentence better; "
        "false where it had named none."
    )
    boxes: list[Box]

    @classmethod
    def of(cls, citation: types.Citation) -> Self:
        """Flatten a citation, its quote and its passage into one object."""
        quote, hit = citation.quote, citation.quote.hit
        boxes = [Box(page=b.page, x0=b.box.x0, y0=b.box.y0, x1=b.box.x1, y1=b.box.y1) for b in quote.boxes]
        return cls(
            number=citation.number,
            document_id=hit.document_id,
            source=hit.source,
            title=hit.title,
            page=quote.page,
            quote=quote.text,
            start=quote.start,
            end=quote.end,
            answer_start=citation.answer_start,
            answer_end=citation.answer_end,
            mended=citation.mended,
            boxes=boxes,
        )


class Claim(Outgoing):
    """A sentence of the answer, at ``start``/``end`` of it, and what came of holding it against the passages."""

    start: int
    end: int
    verdict: types.Verdict
    reason: str = Field(description="Why it is not wholly supported; empty if it is.")


class Conflict(Outgoing):
    """Two sources that speak of the same thing and disagree, the newer first where both are dated."""

    newer: Quote
    older: Quote
    what: str

    @classmethod
    def of(cls, conflict: types.Conflict) -> Self:
        """Flatten both quotes."""
        return cls(newer=Quote.of(conflict.newer), older=Quote.of(conflict.older), what=conflict.what)


class Refusal(Outgoing):
    """Why a question was not answered."""

    reason: str = Field(description="`nothing_found`, `not_stated`, `not_supported` or `model_unavailable`.")
    detail: str


class Usage(Outgoing):
    """Tokens that the model server counted for the writing of the answer."""

    prompt_tokens: int
    completion_tokens: int


class Answer(Outgoing):
    """The answer and its citations; a refused one cites nothing and says why.

    Sources are left out, and named as unavailable, while their permissions are out of date. ``hits`` are the passages the model
    was given. ``confidence`` is the probability that they hold the answer, ``degraded`` what was wrong with the model where they
    had to speak for themselves. ``standalone_question`` is what was searched for and answered, where that is another question
    than was asked. ``note`` tells the names in it that no document searched bears.
    """

    answer: str
    refused: bool
    refusal: Refusal | None
    confidence: float | None
    degraded: str | None
    citations: list[Citation]
    claims: list[Claim]
    left_out: list[str] = Field(
        description="Of each sentence that the model wrote and that is no part of the answer, in order, why it is none."
    )
    conflicts: list[Conflict]
    hits: list[Source]
    usage: Usage | None
    timings_ms: dict[str, float]
    model: str
    prompt_version: str
    unavailable_sources: list[str]
    standalone_question: str | None
    note: str | None

    @classmethod
    def of(cls, answer: types.Answer, unavailable: Sequence[str]) -> Self:
        """Read off a finished answer."""
        return cls(
            answer=answer.text,
            refused=answer.refused,
            refusal=Refusal.model_validate(answer.refusal) if answer.refusal else None,
            confidence=answer.confidence,
            degraded=answer.degraded,
            citations=[Citation.of(citation) for citation in answer.citations],
            claims=[Claim.model_validate(claim) for claim in answer.claims],
            left_out=list(answer.left_out),
            conflicts=[Conflict.of(conflict) for conflict in answer.conflicts],
            hits=[Source.of(source) for source in answer.sources],
            usage=Usage.model_validate(answer.usage) if answer.usage else None,
            timings_ms=answer.timings_ms,
            model=answer.model,
            prompt_version=answer.prompt_version,
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
