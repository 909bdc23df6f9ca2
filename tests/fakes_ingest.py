"""For tests of parsing and chunking: PDFs written by hand, an embedder that only counts, and the laws of a ParsedDocument."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.types import ParsedDocument

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Show:
    """One run of text on a page, from the lower left corner of its first letter, in PDF's own space."""

    x: float
    y: float
    text: str
    size: float = 11
    bold: bool = False


@dataclass(frozen=True)
class Leaf:
    """One page; ``extra`` goes into its dictionary (/Rotate, /CropBox)."""

    shows: Sequence[Show]
    width: float = 612
    height: float = 792
    extra: str = ""


def pdf_of(leaves: Sequence[Leaf], *, title: str | None = None) -> bytes:
    """Write a PDF of Helvetica text with a cross-reference table, as small as the format allows."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(leaves)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(leaves)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for i, leaf in enumerate(leaves):
        content = "\n".join(
            f"BT /{'B' if s.bold else 'F'} {s.size} Tf {s.x} {s.y} Td ({_escaped(s.text)}) Tj ET" for s in leaf.shows
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {leaf.width} {leaf.height}] /Contents {6 + 2 * i} 0 R"
            f" /Resources << /Font << /F 3 0 R /B 4 0 R >> >> {leaf.extra} >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append(f"<< /Title ({_escaped(title or '')}) >>")
    body, offsets = "%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}").encode("latin-1")


def _escaped(text: str) -> str:
    return re.sub(r"([\\()])", r"\\\1", text)


class CountingEmbedder:
    """Counts tokens as WordPiece does (a word is one token per four letters), or per character; makes no vectors."""

    model_id = "counting@0"
    dimension = 4

    def __init__(self, window_tokens: int = 256, *, by_characters: bool = False) -> None:
        self.window_tokens = window_tokens
        self._pattern = re.compile(r"." if by_characters else r"\w{1,4}|[^\w\s]", re.DOTALL)
        self.num_counted_chars = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Two special tokens and one for each match."""
        self.num_counted_chars += sum(map(len, texts))
        return [2 + len(self._pattern.findall(text)) for text in texts]

    def embed_documents(self, texts: Sequence[str]) -> np.ndarray:
        raise NotImplementedError("chunking embeds nothing")

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        raise NotImplementedError("chunking embeds nothing")


def assert_lawful(parsed: ParsedDocument) -> None:
    """Assert what core.types promises of every parsed document."""
    text = parsed.text
    assert parsed.title.strip() and "\n" not in parsed.title
    text.encode("utf-8")
    assert "\0" not in text
    end = 0
    for element in parsed.elements:
        assert end <= element.start < element.end <= len(text)
        assert text[element.start : element.end].strip()
        assert (element.level is not None and element.level >= 1) == (element.kind in ("heading", "title"))
        end = element.end
    end = 0
    for number, page in enumerate(parsed.pages, start=1):
        assert page.number >= number
        assert end <= page.start <= page.end <= len(text)
        end = page.end
        assert_lines_lawful(parsed, page.number)
    for element in parsed.elements:
        if element.page is not None:
            page = next(p for p in parsed.pages if p.number == element.page)
            assert page.start <= element.start and element.end <= page.end


def assert_lines_lawful(parsed: ParsedDocument, number: int) -> None:
    """Assert that a page's lines are in order, hold text, and stand on their page."""
    page = next(p for p in parsed.pages if p.number == number)
    end = page.start
    for line in page.lines:
        assert end <= line.start < line.end <= page.end
        assert parsed.text[line.start : line.end].strip()
        assert -1 <= line.box.x0 <= line.box.x1 <= page.width + 1
        assert -1 <= line.box.y0 <= line.box.y1 <= page.height + 1
        end = line.end


def word_recall(expected: str, found: str) -> float:
    """Tell which share of the expected words stand in the found text, counted with repetition."""
    words = _bag(expected)
    have = _bag(found)
    return sum(min(n, have.get(word, 0)) for word, n in words.items()) / max(1, sum(words.values()))


def _bag(text: str) -> dict[str, int]:
    bag: dict[str, int] = {}
    for word in re.findall(r"\w+", text.lower()):
        bag[word] = bag.get(word, 0) + 1
    return bag
