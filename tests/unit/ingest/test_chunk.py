"""Chunks: exact, ordered, complete, within the window, and cut where the document itself has its joints."""

import itertools
import time
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ModelError
from core.settings import load
from core.types import Chunk, Element, ElementKind, Page, ParsedDocument, chunk_id
from ingest.chunk import chunk, embedding_text
from ingest.packing import MAX_CHARS
from ingest.parse.parse import parse
from retrieval.embedders.base import Embedder
from tests.fakes_ingest import SHARED, CountingEmbedder

DOCUMENT = UUID(int=7)
SENTENCE = "The tenant shall keep the garden in good order at all times. "

Spec = tuple[ElementKind, str, int | None]


def document(*specs: Spec, title: str = "Lease", separator: str = "\n\n") -> ParsedDocument:
    text, elements = "", []
    for kind, content, level in specs:
        text += separator if text else ""
        elements.append(Element(kind, len(text), len(text) + len(content), None, level))
        text += content
    return ParsedDocument(title, "text/plain", text, (), tuple(elements))


def heading(text: str, level: int = 1) -> Spec:
    return "heading", text, level


def paragraph(text: str) -> Spec:
    return "paragraph", text.strip(), None


def chunked(parsed: ParsedDocument, embedder: Embedder | None = None) -> list[Chunk]:
    embedder = embedder or CountingEmbedder()
    chunks = chunk(parsed, DOCUMENT, "hash", embedder)
    assert_sound(parsed, chunks, embedder)
    return chunks


def assert_sound(parsed: ParsedDocument, chunks: list[Chunk], embedder: Embedder) -> None:
    end = 0
    for c in chunks:
        assert end <= c.start < c.end <= len(parsed.text)
        assert c.text == parsed.text[c.start : c.end] and c.text.strip() == c.text != ""
        assert len(c.text) <= MAX_CHARS
        assert c.chunk_id == chunk_id(DOCUMENT, "hash", c.start, c.end)
        assert all(h and "\n" not in h and len(h) <= 100 for h in c.heading_path)
        end = c.end
    lengths = embedder.count_tokens([embedding_text(parsed.title, c.heading_path, c.text) for c in chunks])
    assert all(n <= embedder.window_tokens for n in lengths)
    covered = bytearray(len(parsed.text))
    for c in chunks:
        covered[c.start : c.end] = b"\1" * (c.end - c.start)
    for e in parsed.elements:
        if e.kind not in ("header", "footer"):
            assert all(covered[i] or parsed.text[i].isspace() for i in range(e.start, e.end))


CONTENT = st.text(st.sampled_from("ab .;\n(1)é語\u00a0\t"), min_size=1, max_size=40).filter(str.strip) | st.sampled_from(
    ["word " * 300, "x" * 2500, "語" * 900, SENTENCE * 20, "a | b\n" * 200, "5.1 Term. Two years.    5.2 End. Never.", "see:"]
)
KINDS = st.sampled_from(["heading", "title", "paragraph", "list_item", "table", "code", "header", "footer", "note"])


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    specs = draw(st.lists(st.tuples(KINDS, CONTENT, st.integers(1, 9)), max_size=12))
    leveled: list[Spec] = [(k, c, n if k in ("heading", "title") else None) for k, c, n in specs]
    return document(
        *leveled, title=draw(st.sampled_from(["", "T", "long title " * 20])), separator=draw(st.sampled_from(["\n\n", " ", ""]))
    )


@settings(deadline=None, max_examples=150)
@given(documents(), st.sampled_from([40, 128, 256, 10_000]))
def test_any_document_is_cut_soundly(parsed: ParsedDocument, window: int) -> None:
    chunked(parsed, CountingEmbedder(window if len(parsed.title) < 5 else window + 100))


@settings(deadline=None, max_examples=50)
@given(documents())
def test_a_token_for_every_character_fits_too(parsed: ParsedDocument) -> None:
    chunked(parsed, CountingEmbedder(256, by_characters=True))


def test_a_window_that_holds_nothing_is_an_error() -> None:
    with pytest.raises(ModelError, match="window of 4 tokens"):
        chunked(document(paragraph("some words of text")), CountingEmbedder(4))


def test_sections_do_not_mix_and_carry_their_headings() -> None:
    parsed = document(
        heading("ARTICLE 1"), heading("1.1 Rent", 2), paragraph(SENTENCE * 8), heading("1.2 Term", 2), paragraph(SENTENCE * 8),
        heading("ARTICLE 2"), paragraph("Short."), heading("ARTICLE 3"), paragraph("Also short."),
    )  # fmt: skip
    chunks = chunked(parsed)
    assert [(c.heading_path, c.text[:12].split("\n")[0]) for c in chunks] == [
        (("ARTICLE 1", "1.1 Rent"), "ARTICLE 1"),
        (("ARTICLE 1", "1.2 Term"), "1.2 Term"),
        (("ARTICLE 2",), "ARTICLE 2"),
        (("ARTICLE 3",), "ARTICLE 3"),
    ]


def test_small_sections_are_joined_with_their_siblings() -> None:
    specs = [spec for i in range(1, 7) for spec in (heading(f"1.{i} Point", 2), paragraph("A short clause stands here."))]
    chunks = chunked(document(heading("ARTICLE 1"), *specs, heading("ARTICLE 2"), paragraph("Other.")))
    assert [c.heading_path for c in chunks] == [("ARTICLE 1",), ("ARTICLE 2",)]


def test_one_title_heading_over_all_is_not_the_only_section() -> None:
    chunks = chunked(
        document(heading("Handbook"), heading("Leave", 2), paragraph("26 days."), heading("Travel", 2), paragraph("Economy."))
    )
    assert [c.heading_path for c in chunks] == [("Handbook", "Leave"), ("Handbook", "Travel")]


def test_long_section_is_parted_evenly_at_paragraphs() -> None:
    chunks = chunked(document(heading("Rent"), *[paragraph(SENTENCE * 3)] * 12))
    assert all(c.heading_path == ("Rent",) for c in chunks)
    assert all(400 <= len(c.text) <= 900 and c.text.endswith("times.") for c in chunks)


def test_heading_and_lead_in_stay_with_what_follows() -> None:
    lead_in = paragraph(SENTENCE * 9 + "The tenant shall pay for:")
    items: list[Spec] = [("list_item", f"({letter}) item {letter} with some more words", None) for letter in "abcdefgh"]
    chunks = chunked(document(paragraph(SENTENCE * 4), lead_in, *items))
    assert any("pay for:\n\n(a)" in c.text for c in chunks)
    chunks = chunked(document(paragraph(SENTENCE * 15), heading("Garden", 3), paragraph(SENTENCE * 10)))
    assert not any(c.text.endswith("Garden") for c in chunks)


def test_table_is_cut_between_rows() -> None:
    rows = [f"Name: Person {i} | Town: Somewhere {i}" for i in range(80)]
    chunks = chunked(document(("table", "\n".join(rows), None)))
    assert len(chunks) > 3 and [row for c in chunks for row in c.text.split("\n")] == rows


def test_sentences_stay_whole_and_clauses_begin_chunks() -> None:
    clauses = [f"5.{i} Clause. " + SENTENCE * 9 for i in range(1, 6)]
    chunks = chunked(document(paragraph("   ".join(clauses))))
    assert [c.text[:3] for c in chunks] == ["5.1", "5.2", "5.3", "5.4", "5.5"]


def test_word_longer_than_any_window_is_cut_at_characters() -> None:
    chunks = chunked(document(paragraph("before " + "x" * 10_000 + " after")))
    assert "".join(c.text for c in chunks).replace(" ", "") == "before" + "x" * 10_000 + "after"


def test_running_heads_are_left_out_at_the_edges_and_harmless_inside() -> None:
    parsed = document(
        ("header", "ACME", None), paragraph("It runs on"), ("footer", "7", None), ("header", "ACME", None), paragraph("and on.")
    )
    assert [c.text for c in chunked(parsed)] == ["It runs on\n\n7\n\nACME\n\nand on."]


def test_pages_of_chunks() -> None:
    parsed = document(paragraph("one"), paragraph("two"))
    paged = ParsedDocument("t", "x", parsed.text, (Page(1, 0, 4), Page(2, 4, 8)), parsed.elements)
    assert [(c.page_first, c.page_last) for c in chunked(paged)] == [(1, 2)]
    assert [(c.page_first, c.page_last) for c in chunked(parsed)] == [(None, None)]


def test_context_is_shortened_never_the_text() -> None:
    path = ("A" * 90, "B" * 90, "C" * 90)
    assert embedding_text("T" * 300, path, "the text").endswith("\nthe text")
    assert len(embedding_text("T" * 300, path, "")) < 250
    assert embedding_text("Lease", (), "x") == "Lease\nx" and embedding_text("", ("A", "B"), "x") == "A > B\nx"


def test_same_version_gives_the_same_chunks() -> None:
    parsed = document(heading("A"), *[paragraph(SENTENCE * 5)] * 9)
    assert chunked(parsed) == chunked(parsed)


@pytest.mark.parametrize("unit", [SENTENCE, "x", "x ", ". ", "(a) ", "語", "\n\n", "ab;"], ids=repr)
def test_time_is_linear_and_each_character_is_counted_a_few_times(unit: str) -> None:
    def seconds(num_chars: int) -> float:
        embedder = CountingEmbedder()
        parsed = document(paragraph("start " + unit * (num_chars // len(unit)) + "end"))
        started = time.process_time()
        chunk(parsed, DOCUMENT, "hash", embedder)
        assert embedder.num_counted_chars < 8 * len(parsed.text)
        return time.process_time() - started

    assert min(seconds(400_000), seconds(400_000)) < 20 * max(0.05, min(seconds(50_000), seconds(50_000)))


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    path = load().models_dir / "all-minilm-l6-v2" / "tokenizer.json"
    if not path.is_file():
        pytest.skip("the embedding model is not in the models folder (muniment models pull)")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    class Counting(CountingEmbedder):
        def count_tokens(self, texts):  # type: ignore[no-untyped-def]
            return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]

    return Counting(256)


HARD = [
    "\U0001f600" * 700,
    "antidisestablishmentarianism " * 200,
    "QUJDREVGR0g" * 300,
    "١٢٣ نص عربي " * 200,
    "a\u0301" * 900,
    "0x1f;" * 500,
]


def test_real_tokenizer_never_exceeds_the_window(minilm: Embedder) -> None:
    for text in HARD:
        chunked(document(heading("Überschrift " * 20), paragraph(text), title="タイトル" * 40), minilm)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")
def test_real_contracts_chunk_well(minilm: Embedder) -> None:
    paths = sorted((SHARED / "contracts_cuad40" / "txt").iterdir())[:10]
    lengths = []
    for path in paths:
        lengths += [len(c.text) for c in chunked(parse(path, path.name), minilm)]
    middle = sorted(lengths)[len(lengths) // 2]
    assert 500 <= middle <= 900
    assert sum(n < 200 for n in lengths) < 0.05 * len(lengths)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")
def test_five_megabytes_in_seconds(minilm: Embedder, tmp_path: Path) -> None:
    contracts = [p.read_text("utf-8") for p in sorted((SHARED / "contracts_cuad40" / "txt").iterdir())]
    path = tmp_path / "big.txt"
    path.write_text("".join(itertools.islice(itertools.cycle(contracts), 100))[:5_000_000], "utf-8")
    parsed = parse(path, path.name)
    started = time.process_time()
    chunks = chunk(parsed, DOCUMENT, "hash", minilm)
    seconds = time.process_time() - started
    print(f"{len(parsed.text)} characters, {len(chunks)} chunks, {seconds:.1f} s of processor time")
    assert seconds < 10
