from html.parser import HTMLParser

from ui.web import markup

PASSAGE = {
    "document_id": "d1",
    "start": 100,
    "end": 130,
    "text": "Leave is 13 days. Then it ends",
    "heading_path": ["Benefits", "Leave"],
}
CITATION = {
    "number": 1, "document_id": "d1", "source": "staff/handbook.pdf", "title": "Handbook", "page": 12, "quote": "13 days",
    "start": 109, "end": 116, "answer_start": 0, "answer_end": 8, "boxes": [],
}  # fmt: skip
HOSTILE = "<script>alert(1)</script><img src='http://evil.test/x' onerror=\"x\">&amp; ![x](http://evil.test) $x$ :smile:"


class Seen(HTMLParser):
    """What a browser makes of the markup: the text, and the tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_chip_stands_behind_each_claim_and_leads_to_its_card() -> None:
    second = CITATION | {"number": 2, "answer_start": 9, "answer_end": 18}
    seen = Seen(markup.answer("13 days. Then <end>", [second, CITATION], anchor="source-0", state="done"))
    assert seen.text == "13 days.[1] Then <end[2]>"
    assert [a["href"] for a in seen.of("a")] == ["#source-0-1", "#source-0-2"]
    card = Seen(markup.sources([CITATION, second], [PASSAGE], anchor="source-0"))
    assert [a["id"] for a in card.of("div")] == ["source-0-1", "source-0-2"]


def test_a_citation_of_text_that_has_not_arrived_yet_has_no_chip() -> None:
    assert "[1]" not in Seen(markup.answer("13 da", [CITATION], anchor="a", state="streaming")).text


def test_a_claim_may_have_two_chips_and_a_number_two_claims_but_one_card() -> None:
    cited = [CITATION, CITATION | {"number": 2}, CITATION | {"answer_start": 9, "answer_end": 18}]
    assert Seen(markup.answer("13 days. Half paid. ", cited, anchor="a", state="done")).text == "13 days.[1][2] Half paid[1]. "
    assert len(Seen(markup.sources(cited, [PASSAGE], anchor="a")).of("details")) == 2


def test_a_refusal_is_marked_as_one_and_carries_no_chip() -> None:
    seen = Seen(markup.answer("I cannot tell.", [CITATION], anchor="a", state="refused"))
    assert seen.of("a") == [] and seen.of("div")[0]["data-state"] == "refused"
    assert "Not in these documents" in seen.text


def test_a_card_shows_title_page_file_and_the_quote_marked_in_its_passage() -> None:
    html = markup.sources([CITATION], [PASSAGE | {"document_id": "other"}, PASSAGE], anchor="a")
    assert "<blockquote>Leave is <mark>13 days</mark>. Then it ends</blockquote>" in html
    for shown in ("Handbook", "page 12", "handbook.pdf", "Benefits › Leave"):
        assert shown in Seen(html).text
    assert "open" not in Seen(html).of("details")[0]


def test_a_quote_that_is_not_where_it_should_be_stands_alone_rather_than_in_a_wrong_passage() -> None:
    shifted = PASSAGE | {"text": "Something else than 13 days altogether"}
    assert "<blockquote><mark>13 days</mark></blockquote>" in markup.sources([CITATION], [shifted], anchor="a")
    assert "<blockquote><mark>13 days</mark></blockquote>" in markup.sources([CITATION], [], anchor="a")


def test_offsets_count_characters_beyond_the_basic_plane() -> None:
    text = "🗄🗄 13 days 🗄"
    passage = PASSAGE | {"text": text, "end": 100 + len(text)}
    citation = CITATION | {"start": 103, "end": 110}
    assert "<blockquote>🗄🗄 <mark>13 days</mark> 🗄</blockquote>" in markup.sources([citation], [passage], anchor="a")


def test_nothing_from_outside_is_read_as_markup() -> None:
    passage = PASSAGE | {"text": HOSTILE, "heading_path": [HOSTILE]}
    citation = CITATION | {"title": HOSTILE, "source": HOSTILE, "quote": HOSTILE, "start": 100, "end": 100 + len(HOSTILE)}
    cases = [
        markup.question(HOSTILE, HOSTILE),
        markup.answer(HOSTILE, [], anchor="a", state="done", note=HOSTILE),
        markup.answer(HOSTILE, [], anchor="a", state="refused"),
        markup.sources([citation], [passage], anchor="a"),
        markup.sources([citation], [], anchor="a"),
        markup.notice(HOSTILE, HOSTILE),
        markup.row(HOSTILE, [HOSTILE], badge=HOSTILE, problem=HOSTILE),
    ]
    for html in cases:
        seen = Seen(html)
        assert HOSTILE in seen.text
        assert not {tag for tag, _ in seen.tags} & {"script", "img", "iframe", "style", "link"}
        assert not any(name.startswith("on") or name == "src" for _, attributes in seen.tags for name in attributes)
        assert all(str(a["href"]).startswith("#") for a in seen.of("a"))
