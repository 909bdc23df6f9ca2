"""What the API answered to one question, and when: the fold of its stream, with the times the client waited.

Fields that a server of an older version does not send have their empty values; nothing else is made up.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ui.client import Client

Json = dict[str, Any]
SUPPORTED, PARTLY, UNSUPPORTED = "supported", "partly", "unsupported"


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as it is shown: what it says, where it claims to stand, and as what it is shown (cited, marked, disputed).

    ``answer_start`` and ``answer_end`` tell the claim of a cited one.
    """

    document_id: str
    source: str
    text: str
    start: int
    end: int
    page: int | None
    shown_as: str = "cited"
    number: int = 0
    answer_start: int = 0
    answer_end: int = 0
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of the answer, with the platform's verdict on it ("" where it gave none) and the numbers of its citations."""

    text: str
    verdict: str = ""
    reason: str = ""
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that the model was given."""

    document_id: str
    source: str
    start: int
    end: int
    page_first: int | None = None
    page_last: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``passages`` were given to the model, ``seen`` are all that were shown while it was at work. ``waited_ms``
    has ``evidence`` (the first passages), ``first_token`` and ``total`` as the client saw them; ``timings_ms`` is what the
    server says. ``error`` says why there is no answer, where there is none."""

    answer: str = ""
    refused: bool = False
    reason: str = ""
    confidence: float | None = None
    degraded: str = ""
    quotes: tuple[Quote, ...] = ()
    claims: tuple[Claim, ...] = ()
    passages: tuple[Passage, ...] = ()
    seen: tuple[Passage, ...] = ()
    waited_ms: Mapping[str, float] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    model: str = ""
    prompt_version: str = ""
    error: str = ""

    @property
    def citations(self) -> tuple[Quote, ...]:
        """The quotes that the answer cites."""
        return tuple(quote for quote in self.quotes if quote.shown_as == "cited")


def ask(client: Client, question: str, collection: str) -> Reply:
    """Put a question and wait for the whole answer; raises ApiError."""
    started = time.perf_counter()
    waited: dict[str, float] = {}
    shown: list[list[Json]] = []
    done: Json = {}
    for name, data in client.ask_stream(question, collection):
        if mark := {"sources": "evidence", "token": "first_token", "done": "total"}.get(name):
            waited.setdefault(mark, round((time.perf_counter() - started) * 1000, 1))
        if name == "sources":
            shown.append(data["hits"])
        elif name == "done":
            done = data
    return fold(done, shown, waited)


def fold(done: Json, shown: Sequence[Sequence[Json]], waited_ms: Mapping[str, float]) -> Reply:
    """Read the answer's JSON and the passages that its stream showed, each time all of them."""
    given = done.get("hits") or (shown[-1] if shown else [])
    seen = [hit for hits in (*shown, given) for hit in hits]
    sources = {hit["document_id"]: hit["source"] for hit in seen}
    citations = tuple(_quote(citation, "cited", sources) for citation in done.get("citations", ()))
    marked = (_quote({"document_id": h["document_id"]} | h["decisive"], "marked", sources) for h in seen if h.get("decisive"))
    disputed = (_quote(quote, "disputed", sources) for quote in _quotes_in(done.get("conflicts") or []))
    refusal = done.get("refusal") or {}
    return Reply(
        answer=done["answer"],
        refused=done["refused"],
        reason=": ".join(filter(None, (refusal.get("reason"), refusal.get("detail")))),
        confidence=done.get("confidence"),
        degraded=done.get("degraded") or "",
        quotes=(*citations, *dict.fromkeys(marked), *disputed),
        claims=tuple(_claims(done, citations)),
        passages=tuple(_passage(hit) for hit in given),
        seen=tuple(dict.fromkeys(_passage(hit) for hit in seen)),
        waited_ms=dict(waited_ms),
        timings_ms=done.get("timings_ms") or {},
        usage=done.get("usage") or {},
        model=done.get("model") or "",
        prompt_version=str(done.get("prompt_version") or ""),
    )


def _passage(hit: Json) -> Passage:
    pages = hit.get("page_first"), hit.get("page_last")
    return Passage(hit["document_id"], hit["source"], hit["start"], hit["end"], *pages)


def _quote(found: Json, shown_as: str, sources: Mapping[str, str]) -> Quote:
    """Read a quote; where it does not tell its document's source the passages do."""
    return Quote(
        found["document_id"],
        found.get("source") or sources.get(found["document_id"]) or str(found.get("title") or ""),
        found["quote"],
        found["start"],
        found["end"],
        found.get("page"),
        shown_as,
        found.get("number", 0),
        found.get("answer_start", 0),
        found.get("answer_end", 0),
        bool(found.get("mended")),
    )


def _quotes_in(value: object) -> Iterator[Json]:
    """Find every quote with its place, however deep it stands."""
    if isinstance(value, Mapping):
        if {"quote", "start", "end", "document_id"} <= value.keys():
            yield dict(value)
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            yield from _quotes_in(item)


def _claims(done: Json, citations: Sequence[Quote]) -> Iterator[Claim]:
    """Read the claims and what each cites; where the server tells none, the answer is cut where its citations end."""
    answer = done["answer"]
    if done["refused"]:
        return
    told = done.get("claims")
    if told is None:
        told = [{"start": start, "end": end} for start, end in _cuts(answer, citations)]
    for claim in told:
        start, end = claim["start"], claim["end"]
        numbers = claim.get("citations")
        if numbers is None:
            numbers = dict.fromkeys(c.number for c in citations if c.answer_start < end and start < c.answer_end)
        yield Claim(answer[start:end].strip(), claim.get("verdict", ""), str(claim.get("reason") or ""), tuple(numbers))


def _cuts(answer: str, citations: Iterable[Quote]) -> Iterator[tuple[int, int]]:
    """Cut an answer at the ends of its citations; pieces of no word are left out."""
    edges = sorted({0, len(answer), *(end for c in citations for end in (c.answer_start, c.answer_end))})
    return ((start, end) for start, end in pairwise(edges) if any(map(str.isalnum, answer[start:end])))
