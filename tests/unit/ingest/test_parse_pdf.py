"""PDF: text, boxes against pdfium's own rendering, reading order, headings, headers and footers, refusals."""

import time
import zlib
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest

from core.errors import UnreadableDocument
from core.types import ParsedDocument
from ingest.parse import streams
from ingest.parse.parse import parse
from tests.fakes_ingest import SHARED, Leaf, Show, assert_lawful, pdf_of, word_recall


def parsed_pdf(folder: Path, leaves: list[Leaf], title: str | None = None) -> ParsedDocument:
    path = folder / "made.pdf"
    path.write_bytes(pdf_of(leaves, title=title))
    parsed = parse(path, path.name)
    assert_lawful(parsed)
    return parsed


def report(num_pages: int) -> list[Leaf]:
    return [
        Leaf(
            [
                Show(72, 760, "Acme Holdings - Annual Report", 9),
                Show(72, 700, f"Chapter {n} of the story", 20),
                Show(72, 670, "The first paragraph runs over more than a single line of text and"),
                Show(72, 656, "ends on the second."),
                Show(72, 620, "The second paragraph begins after a gap."),
                Show(300, 30, f"Page {n} of {num_pages}", 9),
            ]
        )
        for n in range(1, num_pages + 1)
    ]


def test_every_line_has_its_place_in_the_text_and_on_the_page(tmp_path: Path) -> None:
    parsed = parsed_pdf(tmp_path, report(4))
    page = parsed.pages[2]
    lines = [parsed.text[line.start : line.end] for line in page.lines]
    assert lines == [
        "Acme Holdings - Annual Report",
        "Chapter 3 of the story",
        "The first paragraph runs over more than a single line of text and",
        "ends on the second.",
        "The second paragraph begins after a gap.",
        "Page 3 of 4",
    ]
    box = page.lines[3].box
    assert box.x0 == pytest.approx(72, abs=2) and box.y1 == pytest.approx(792 - 656, abs=3)
    assert box.y0 == pytest.approx(792 - 656 - 11, abs=4)
    assert (page.width, page.height) == (612, 792)


def test_headings_by_size_and_repeated_margins_as_header_and_footer(tmp_path: Path) -> None:
    parsed = parsed_pdf(tmp_path, report(4))
    kinds = [(e.kind, e.level) for e in parsed.elements if e.page == 2]
    assert kinds == [("header", None), ("heading", 1), ("paragraph", None), ("paragraph", None), ("footer", None)]
    assert parsed.title == "Chapter 1 of the story"


def test_size_set_by_the_text_matrix_counts(tmp_path: Path) -> None:
    data = pdf_of([Leaf([Show(72, 700, "Large", 20), Show(72, 600, "body text of the usual size " * 2)])])
    scaled = data.replace(b"/F 20 Tf 72 700 Td", b"/F 1 Tf 20 0 0 20 72 700 Tm")
    (tmp_path / "m.pdf").write_bytes(scaled)
    parsed = parse(tmp_path / "m.pdf", "m.pdf")
    assert (parsed.elements[0].kind, parsed.text[: parsed.elements[0].end]) == ("title", "Large")


def test_metadata_title_wins_unless_it_is_junk(tmp_path: Path) -> None:
    assert parsed_pdf(tmp_path, report(1), "Lease of 5 Elm Street").title == "Lease of 5 Elm Street"
    assert parsed_pdf(tmp_path, report(1), "Microsoft Word - lease_v2.doc").title == "Chapter 1 of the story"
    plain = [Leaf([Show(72, 700, "Nothing here is larger than the rest.")])]
    assert parsed_pdf(tmp_path, plain).title == "made"


def test_hyphen_at_a_line_end_stays_as_printed(tmp_path: Path) -> None:
    parsed = parsed_pdf(tmp_path, [Leaf([Show(72, 700, "The agree-"), Show(72, 686, "ment is well-known.")])])
    assert parsed.text == "The agree-\nment is well-known."
    assert [parsed.text[x.start : x.end] for x in parsed.pages[0].lines] == ["The agree-", "ment is well-known."]


def test_lines_drawn_out_of_order_are_read_from_the_top(tmp_path: Path) -> None:
    shows = [Show(72, 500, "third"), Show(72, 700, "first"), Show(72, 600, "second")]
    parsed = parsed_pdf(tmp_path, [Leaf(shows)])
    assert parsed.text.split() == ["first", "second", "third"]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [Show(72, 700 - 14 * i, f"left {i}") for i in range(5)]
    right = [Show(330, 700 - 14 * i, f"right {i}") for i in range(5)]
    parsed = parsed_pdf(tmp_path, [Leaf([*left, *right])])
    assert parsed.text.split() == " ".join(s.text for s in (*left, *right)).split()


def test_page_without_text_is_still_a_page(tmp_path: Path) -> None:
    parsed = parsed_pdf(tmp_path, [Leaf([]), Leaf([Show(72, 700, "words")]), Leaf([])])
    assert [(p.number, len(p.lines)) for p in parsed.pages] == [(1, 0), (2, 1), (3, 0)]


@pytest.mark.parametrize(
    "extra", ["", "/Rotate 90", "/Rotate 180", "/Rotate 270", "/CropBox [50 100 500 700]", "/Rotate 90 /CropBox [50 100 500 700]"]
)
def test_boxes_cover_the_ink_that_pdfium_renders(tmp_path: Path, extra: str) -> None:
    parsed = parsed_pdf(tmp_path, [Leaf([Show(150, 600, "Xylophone players", 24), Show(200, 300, "Quick", 12)], extra=extra)])
    page = parsed.pages[0]
    document = pdfium.PdfDocument(tmp_path / "made.pdf")
    image = document[0].render(scale=2).to_numpy().min(axis=2)
    document.close()
    assert (image.shape[1] / 2, image.shape[0] / 2) == pytest.approx((page.width, page.height), abs=1)
    ink = image < 128
    covered = np.zeros_like(ink)
    for line in page.lines:
        y0, y1, x0, x1 = (round(2 * v) for v in (line.box.y0 - 1, line.box.y1 + 1, line.box.x0 - 1, line.box.x1 + 1))
        assert ink[max(0, y0) : y1, max(0, x0) : x1].any()
        covered[max(0, y0) : y1, max(0, x0) : x1] = True
    assert len(page.lines) == 2 and ink.any() and not (ink & ~covered).any()


def test_unmapped_characters_never_shift_offsets(tmp_path: Path) -> None:
    parsed = parsed_pdf(tmp_path, [Leaf([Show(72, 700, "before \x02\x03 after"), Show(72, 650, "the next line")])])
    assert "\x02" not in parsed.text and parsed.text.endswith("the next line")


def test_giant_page_and_many_pages_are_no_trouble(tmp_path: Path) -> None:
    giant = parsed_pdf(tmp_path, [Leaf([Show(72, 700, "small words")], width=1_000_000, height=1_000_000)])
    assert giant.text == "small words"
    started = time.process_time()
    many = parsed_pdf(tmp_path, [Leaf([Show(72, 700, f"page {i}")]) for i in range(2000)])
    assert len(many.pages) == 2000 and time.process_time() - started < 20


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d[: len(d) // 2], "cut off"),
        (lambda d: b"%PDF-1.4\n" + b"x" * 500 + b"\n%%EOF", "damaged"),
        (lambda d: pdf_of([]), "no pages"),
        (lambda d: pdf_of([Leaf([])]), "No text"),
    ],
)
def test_unusable_pdf_says_why(tmp_path: Path, change, words: str) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(change(pdf_of(report(3))))
    with pytest.raises(UnreadableDocument, match=words):
        parse(path, "bad.pdf")


def packed_pdf(content: bytes, filters: str, times: int) -> bytes:
    """A page whose content stream is deflated so many times."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    page = pdf_of([Leaf([])])
    plain = b"<< /Length 0 >>\nstream\n\nendstream"
    assert plain in page
    return page.replace(plain, b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(content), filters.encode(), content))


@pytest.mark.parametrize(("filters", "times"), [("/FlateDecode", 1), ("[/FlateDecode /FlateDecode]", 2)])
def test_stream_that_unpacks_to_too_much_is_refused(tmp_path: Path, filters: str, times: int) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(packed_pdf(b" " * 100_000_000, filters, times))
    with pytest.raises(UnreadableDocument, match="would unpack"):
        parse(path, path.name)
    path.write_bytes(packed_pdf(b" " * 10_000_000 + b"BT /F 11 Tf 72 700 Td (still read) Tj ET", filters, times))
    assert parse(path, path.name).text == "still read"


def test_what_a_filter_in_between_unpacks_counts(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    empty_blocks = b"\x78\x9c" + b"\0\0\0\xff\xff" * 20_000_000  # deflate that makes nothing of 100 MB
    path.write_bytes(packed_pdf(empty_blocks, "[/FlateDecode /FlateDecode]", 1))
    with pytest.raises(UnreadableDocument, match="would unpack from"):
        parse(path, path.name)


def test_streams_that_are_too_much_only_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bombs.pdf"
    path.write_bytes(packed_pdf(b" " * 6_000_000, "[/FlateDecode /FlateDecode]", 2) * 2)
    with pytest.raises(UnreadableDocument, match="No text"):
        parse(path, path.name)
    monkeypatch.setattr(streams, "MAX_EXAMINED_BYTES", 10_000_000)
    with pytest.raises(UnreadableDocument, match="parts of the PDF would unpack"):
        parse(path, path.name)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")
def test_contracts_read_like_their_text() -> None:
    recalls, num_pages, started = [], 0, time.process_time()
    paths = sorted((SHARED / "contracts_cuad40" / "pdf").iterdir())[:12]
    for path in paths:
        parsed = parse(path, path.name)
        assert_lawful(parsed)
        num_pages += len(parsed.pages)
        expected = (SHARED / "contracts_cuad40" / "txt" / f"{path.stem}.txt").read_text("utf-8")
        recalls.append(word_recall(expected, parsed.text))
    print(f"{num_pages} pages, {num_pages / (time.process_time() - started):.0f} a second, word recall {sorted(recalls)}")
    assert sorted(recalls)[len(recalls) // 2] >= 0.97
