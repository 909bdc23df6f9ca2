"""The nouns every room speaks: one frozen dataclass per stage of a document and of a question.

Offsets are characters into the document's text, end exclusive. Pages (and slides) are 1-based and inclusive.
Boxes are points from the top left corner of their page. No field is filled in later: a stage that knows more
makes the next type.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from uuid import UUID

Verdict = Literal["supported", "partly", "unsupported"]
ElementKind = Literal["title", "heading", "paragraph", "list_item", "table", "code", "header", "footer", "note"]
Sensitivity = Literal["public", "internal", "confidential"]  # of a collection, from the least sensitive on


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it came in: bytes on disk, and the name its owner knows it by."""

    collection_id: UUID
    source: str
    path: Path
    content_hash: str

    @property
    def filename(self) -> str:
        """The last part of the source, whatever its path separators."""
        return self.source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in points from the page's top left corner; ``x0 <= x1`` and ``y0 <= y1``."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: where its characters stand in the text and where its ink stands on the page."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class Page:
    """A page or slide: its range of the text, its size in points (0 where the format has none), its lines in order."""

    number: int
    start: int
    end: int
    width: float = 0.0
    height: float = 0.0
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """A structural piece of the text; ``level`` is 1 for the outermost heading and None for what is no heading."""

    kind: ElementKind
    start: int
    end: int
    page: int | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of a file: ``elements`` are in text order and do not overlap; ``pages`` is empty
    for formats that have none (DOCX, HTML, text)."""

    title: str
    media_type: str
    text: str
    pages: tuple[Page, ...]
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be embedded and found: ``text == document_text[start:end]``."""

    chunk_id: str
    document_id: UUID
    start: int
    end: int
    text: str
    page_first: int | None
    page_last: int | None
    heading_path: tuple[str, ...]


def chunk_id(document_id: UUID, content_hash: str, start: int, end: int) -> str:
    """Name a chunk by what it is, so that ingesting the same version twice makes the same ids.

    >>> chunk_id(UUID(int=7), "ab", 0, 10) == chunk_id(UUID(int=7), "ab", 0, 10)
    True
    """
    return hashlib.sha256(f"{document_id}:{content_hash}:{start}:{end}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Stage:
    """How a stage of search saw a passage: ``name`` is dense, words, fused or rerank, ``rank`` 1 for the best it saw."""

    name: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that search found. ``score`` compares only within one query; ``rank`` is 1 for the best.
    ``pages`` are the pages the passage touches, each with those of its printed lines that the passage touches.
    ``num`` is what indexes call the passage by; ``stages`` tells how it got here, where that was asked for. ``dated`` is the
    date that its document bears."""

    chunk_id: str
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
    pages: tuple[Page, ...] = ()
    num: int = 0
    stages: tuple[Stage, ...] = ()
    dated: date | None = None


class Hits(list[Hit]):
    """The passages that search found, best first, and the names in the question that no document of the scope bears."""

    def __init__(self, hits: Iterable[Hit] = (), unknown_names: Sequence[str] = ()) -> None:
        super().__init__(hits)
        self.unknown_names = tuple(unknown_names)

    @property
    def note(self) -> str | None:
        """What the asker should know of this search; it says nothing of what lies outside of his scope.

        >>> Hits([], ["Acme Inc.", "Bob Ltd"]).note
        'None of the documents searched is named “Acme Inc.” or “Bob Ltd”.'
        """
        quoted = " or ".join(f"“{name}”" for name in self.unknown_names)
        return f"None of the documents searched is named {quoted}." if quoted else None


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before in the same conversation, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Context:
    """The passages given to the model for one question; passage number n is ``hits[n - 1]``."""

    question: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class PageBox:
    """A box together with the page it stands on."""

    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Quote:
    """A range of a passage, as character offsets into its document; what lies outside of it cannot be constructed."""

    hit: Hit
    start: int
    end: int

    def __post_init__(self) -> None:
        if not self.hit.start <= self.start < self.end <= self.hit.end:
            raise ValueError(f"quote {self.start}:{self.end} is not inside passage {self.hit.start}:{self.hit.end}")

    @property
    def text(self) -> str:
        """The quoted characters, cut from the passage itself and never copied from a model."""
        return self.hit.text[self.start - self.hit.start : self.end - self.hit.start]

    @property
    def boxes(self) -> tuple[PageBox, ...]:
        """The boxes of the printed lines the quote touches; empty where the format has none."""
        lines = ((page.number, line) for page in self.hit.pages for line in page.lines)
        return tuple(PageBox(number, line.box) for number, line in lines if line.start < self.end and self.start < line.end)

    @property
    def page(self) -> int | None:
        """The page where the quote begins; None where the format has no pages."""
        return pages_of(self.start, self.end, self.hit.pages)[0] or self.hit.page_first


@dataclass(frozen=True, slots=True)
class Flag:
    """A range that speaks to a machine rather than to a reader, of a text or, where it is told of a source, of the document;
    ``reason`` says what it does in words that hold nothing of it."""

    kind: str
    start: int
    end: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as the reader sees it: with its sentence that says most about the question, and with what in it is hostile."""

    hit: Hit
    decisive: Quote | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that stands, to the letter, in a passage given to the model, and the claim that it supports.

    ``answer_start``/``answer_end`` place the claim in the answer. ``number`` is what the reader sees: [1], [2], ... in order
    of first use. ``mended`` tells that the model had named another passage.
    """

    number: int
    quote: Quote
    answer_start: int
    answer_end: int
    mended: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.answer_start < self.answer_end:
            raise ValueError(f"claim {self.answer_start}:{self.answer_end} is not a range of the answer")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the answer, at ``start``/``end`` of it, and what came of holding it against the passages.

    ``reason`` says why it is not wholly supported, for the reader; an unsupported claim is never cited.
    """

    start: int
    end: int
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that speak of the same thing and disagree in ``what``; the newer one is known to be so if both are dated."""

    newer: Quote
    older: Quote
    what: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question was not answered: ``nothing_found``, ``not_stated`` in what was found, ``not_supported`` by it what the
    model wrote, or ``model_unavailable`` where nothing found speaks for itself."""

    reason: Literal["nothing_found", "not_stated", "not_supported", "model_unavailable"]
    detail: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a model server counted: those it was given, and those it wrote."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. A refused one cites nothing and says why. ``timings_ms`` holds ``evidence``, ``retrieval``,
    ``first_token``, ``total``. ``standalone_question`` is what was searched for, where a conversation made that another
    question than was asked. ``note`` is what the search had to say beside its passages. ``left_out`` tells of each sentence that
    the model wrote and that is no part of the answer, in order, why it is none.

    ``confidence`` is the probability that the passages hold the answer, as it was judged before a word was written;
    None where it was not.
    ``degraded`` says what was wrong with the model where the passages had to speak for themselves. ``sources`` are the
    passages the model was given, nearest first."""

    text: str
    citations: tuple[Citation, ...]
    model: str
    prompt_version: str
    timings_ms: dict[str, float]
    claims: tuple[Claim, ...] = ()
    refusal: Refusal | None = None
    confidence: float | None = None
    degraded: str | None = None
    conflicts: tuple[Conflict, ...] = ()
    sources: tuple[Source, ...] = ()
    usage: Usage | None = None
    standalone_question: str | None = None
    note: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the question was not answered."""
        return self.refusal is not None

    def __post_init__(self) -> None:
        if self.refused == bool(self.citations):
            raise ValueError("an answer is cited, or it is refused and cites nothing")


def pages_of(start: int, end: int, pages: Sequence[Page]) -> tuple[int | None, int | None]:
    """Tell the first and last page that the range touches; ``(None, None)`` where the format has no pages.

    >>> pages_of(5, 12, [Page(1, 0, 10), Page(2, 10, 20)])
    (1, 2)
    """
    numbers = [p.number for p in pages if p.start < end and start < p.end]
    return (numbers[0], numbers[-1]) if numbers else (None, None)
