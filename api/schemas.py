"""The API's JSON, in and out: pydantic at the edge, made from the rooms' dataclasses.

What comes in is cleaned here as far as a shape can tell: lengths, control characters, names that cannot stand in a URL.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core import labels, types
from ingest.documents import JobState
from retrieval import filters
from retrieval.search import RankingName
from retrieval.stores.choose import StoreName

MAX_K = 100


def _name(value: str) -> str:
    if value != value.strip() or value in {"", ".", ".."} or "/" in value or _has_control(value):
        raise ValueError("a name has no control characters, no '/', and no space at its ends")
    return value


def _readable(value: str) -> str:
    owner, slash, name = value.rpartition("/")
    _name(name)
    if slash:
        _name(owner)
    return value


def _source(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("a source is not blank and has no NUL character")
    return value


def _has_control(value: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in value)


CollectionName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
ReadableCollection = Annotated[
    str,
    Field(max_length=301, description="NAME, or OWNER/NAME for one that its owner shares."),
    AfterValidator(_readable),
]
KeyName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]
Source = Annotated[str, Field(max_length=1000), AfterValidator(_source)]


class Incoming(BaseModel):
    """A request's body: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewCollection(Incoming):
    """The collection to make."""

    name: CollectionName


class NewKey(Incoming):
    """The key to make."""

    owner: KeyName
    name: KeyName = "key"


class NewLabels(Incoming):
    """What a document's labels shall be; both are written."""

    tags: list[str]
    metadata: dict[str, Any] = Field(description="Texts, numbers, true or false by key.")


class Turn(Incoming):
    """A question asked before in the same conversation, and what was answered."""

    question: str
    answer: str


class Filters(Incoming):
    """What documents must be to be searched; every condition counts, an absent one says nothing."""

    collections: list[ReadableCollection] = Field([], max_length=100, description="Names of collections, any of them.")
    documents: list[UUID] = Field([], max_length=1000, description="Any of these documents.")
    source: Source | None = Field(None, description="A document's source, or a folder that holds it.")
    types: list[str] = Field([], max_length=20, description="Any of pdf, docx, pptx, xlsx, html, md, txt, csv, eml.")
    languages: list[str] = Field([], max_length=20, description="Any of these ISO 639-1 codes, such as en or de.")
    tags: list[str] = Field([], max_length=labels.MAX_TAGS, description="All of these tags.")
    metadata: dict[str, Any] = Field({}, description="All of these keys, with these values: texts, numbers, true or false.")
    dated_from: date | None = Field(None, description="First date that a contract may bear.")
    dated_to: date | None = Field(None, description="Last date that a contract may bear.")

    def checked(self) -> filters.Filters:
        """Make the filter that retrieval takes; raises InvalidInput naming what cannot be."""
        return filters.Filters(
            collections=frozenset(self.collections),
            documents=frozenset(self.documents),
            source=self.source,
            types=frozenset(self.types),
            languages=frozenset(self.languages),
            tags=frozenset(labels.checked_tags(self.tags, "filters.tags")),
            metadata=labels.checked_metadata(self.metadata, "filters.metadata"),
            dated_from=self.dated_from,
            dated_to=self.dated_to,
        )


class Ask(Incoming):
    """A question, over one collection or over all that the caller may read.

    With ``history``, oldest turn first, the model rewrites it to stand alone, and what it makes of it is searched for.
    """

    question: str = Field(description="At least 1 character, at most the setting api.max_question_chars (a search: 20,000).")
    collection: ReadableCollection | None = None
    history: list[Turn] = Field([], max_length=10, description="What was asked and answered before; nothing of it is kept.")
    filters: Filters = Filters()
    explain: bool = Field(False, description="Tell of each passage found its rank and score at each stage of the search.")


class SearchRequest(Ask):
    """A question and how many passages to return."""

    k: int | None = Field(None, ge=1, le=MAX_K, description="Passages to return; the setting search.k if absent.")
    store: StoreName | None = Field(None, description="The vector store to search; the server's choice if absent.")
    ranking: RankingName = Field("fused", description="Leaves one side out, to compare: by vectors alone, or by words alone.")


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


class Rebuild(Incoming):
    """Which vector index to build anew."""

    store: StoreName | None = Field(None, description="The one that is searched if absent.")


class Switch(Incoming):
    """Which vector store to search from now on."""

    store: StoreName


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
