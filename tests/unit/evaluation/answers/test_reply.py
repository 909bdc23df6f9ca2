"""An answer's JSON as it is read: whole, and from a server that tells less."""

from evaluation.answers.reply import Claim, Passage, fold

HIT = {"document_id": "d1", "source": "/srv/leave.pdf", "start": 0, "end": 40, "page_first": 2, "page_last": 3}
CITATION = {
    "number": 1, "document_id": "d1", "source": "/srv/leave.pdf", "title": "Leave", "page": 2, "quote": "30 days", "start": 10,
    "end": 17, "answer_start": 0, "answer_end": 8, "boxes": [], "mended": True,
}  # fmt: skip
BARE = {"answer": "30 days. Ask first.", "refused": False, "citations": [CITATION], "timings_ms": {"total": 5.0}, "model": "m"}


def test_a_server_that_tells_no_claims_has_its_answer_cut_at_its_citations() -> None:
    reply = fold(BARE, [[HIT]], {"total": 7.0})
    assert reply.claims == (Claim("30 days.", citations=(1,)), Claim("Ask first."))
    assert reply.passages == reply.seen == (Passage("d1", "/srv/leave.pdf", 0, 40, 2, 3),)
    assert (reply.confidence, reply.degraded, reply.usage, reply.error, reply.prompt_version) == (None, "", {}, "", "")
    assert (reply.citations[0].page, reply.citations[0].mended) == (2, True)


def test_claims_cite_what_stands_in_their_range_unless_they_say_otherwise() -> None:
    told = [
        {"start": 0, "end": 8, "verdict": "supported", "reason": ""},
        {"start": 9, "end": 19, "verdict": "unsupported", "reason": "no passage says so"},
    ]
    assert fold(BARE | {"claims": told}, [], {}).claims == (
        Claim("30 days.", "supported", "", (1,)),
        Claim("Ask first.", "unsupported", "no passage says so", ()),
    )
    said = [told[1] | {"citations": [1]}]
    assert fold(BARE | {"claims": said}, [], {}).claims[0].citations == (1,)


def test_every_quote_that_is_shown_is_kept_marked_and_disputed_ones_too() -> None:
    first = HIT | {"document_id": "d0", "source": "/srv/old.pdf", "decisive": _quote("d0", "20 days", 0, None)}
    given = HIT | {"decisive": {"start": 10, "end": 17, "quote": "30 days", "page": 2}}
    conflicts = [{"newer": _quote("d1", "30 days", 10, 2), "older": _quote("d0", "20 days", 0, None), "what": "days"}]
    reply = fold(BARE | {"hits": [given], "conflicts": conflicts}, [[first, given], [given]], {})
    shown = [(quote.shown_as, quote.source, quote.text) for quote in reply.quotes]
    assert shown == [
        ("cited", "/srv/leave.pdf", "30 days"),
        ("marked", "/srv/old.pdf", "20 days"),
        ("marked", "/srv/leave.pdf", "30 days"),
        ("disputed", "/srv/leave.pdf", "30 days"),
        ("disputed", "/srv/old.pdf", "20 days"),
    ]
    assert [passage.document_id for passage in reply.passages] == ["d1"]
    assert [passage.document_id for passage in reply.seen] == ["d0", "d1"]


def test_a_refusal_has_its_reason_and_claims_nothing() -> None:
    refusal = {"reason": "not_stated", "detail": "No passage states it."}
    reply = fold(BARE | {"refused": True, "citations": [], "refusal": refusal, "confidence": 0.25}, [], {})
    assert (reply.refused, reply.reason, reply.claims) == (True, "not_stated: No passage states it.", ())
    assert reply.confidence == 0.25


def _quote(document_id: str, quote: str, start: int, page: int | None) -> dict[str, object]:
    place = {"start": start, "end": start + len(quote), "page": page}
    return {"document_id": document_id, "title": "Leave", "quote": quote} | place
