"""The sample corpus is what it says: every format there, every gold quote on its page, a licence for every file."""

import csv
import email
import email.policy
import shutil
from pathlib import Path

import docx
import openpyxl
import pptx
import pypdfium2
import pytest
from bs4 import BeautifulSoup

from core.types import pages_of
from evaluation.datasets import Question, load_questions, locate
from ingest.parse.parse import parse

SAMPLES = Path(__file__).parents[2] / "samples"
DOCUMENTS = sorted(path for folder in ("handbook", "contracts") for path in (SAMPLES / folder).iterdir())
FORMATS = {".pdf", ".docx", ".pptx", ".xlsx", ".html", ".md", ".txt", ".csv", ".eml"}
QUESTIONS = load_questions(SAMPLES / "questions.json")
ANSWERABLE = [question for question in QUESTIONS if question.answerable]


def pages_of_file(path: Path) -> list[str]:
    """Read a file's text page by page (one page where the format has none), independently of our parsers."""
    match path.suffix:
        case ".pdf":
            with pypdfium2.PdfDocument(path) as pdf:
                return [page.get_textpage().get_text_range() for page in pdf]
        case ".pptx":
            slides = pptx.Presentation(str(path)).slides
            return ["\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame) for slide in slides]
        case ".docx":
            return ["\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)]
        case ".xlsx":
            rows = [row for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows(values_only=True)]
            return ["\n".join(str(cell) for row in rows for cell in row if cell is not None)]
        case ".html":
            return [BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").get_text()]
        case ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                return ["\n".join(cell for row in csv.reader(file) for cell in row)]
        case ".eml":
            return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_content()]
        case _:
            return [path.read_text(encoding="utf-8")]


def squeeze(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: q.document)
def test_gold_quote_stands_on_its_page(question: Question) -> None:
    pages = [squeeze(page) for page in pages_of_file(SAMPLES / question.document)]
    found = [number for number, page in enumerate(pages, 1) if squeeze(question.quote) in page]
    assert found == [question.page or 1]


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: q.document)
def test_our_parsers_find_the_gold_quote_on_the_gold_page(question: Question, tmp_path: Path) -> None:
    stored = tmp_path / "0123abcd"  # uploaded bytes are stored under their hash, without an ending
    shutil.copyfile(SAMPLES / question.document, stored)
    parsed = parse(stored, question.document)
    span = locate(question.quote, parsed.text)
    assert span is not None
    assert pages_of(*span, parsed.pages) == (question.page, question.page)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: q.document)
def test_page_is_given_exactly_where_the_format_has_pages(question: Question) -> None:
    assert (question.page is not None) == (Path(question.document).suffix in {".pdf", ".pptx"})


def test_twenty_two_questions_and_nine_without_an_answer() -> None:
    assert len(ANSWERABLE) == 22
    assert len(QUESTIONS) == 31
    assert len({question.question for question in QUESTIONS}) == 31
    assert sum(question.document.startswith("contracts/") for question in ANSWERABLE) == 6
    assert {Path(question.document).suffix for question in ANSWERABLE} == FORMATS - {".eml"}


@pytest.mark.parametrize("word", ["student loan", "cyber", "Super Bowl"])
def test_unanswerable_questions_have_no_answer_in_the_corpus(word: str) -> None:
    assert any(word in question.question for question in QUESTIONS if not question.answerable)
    assert [path.name for path in DOCUMENTS if word.lower() in squeeze("\n".join(pages_of_file(path))).lower()] == []


def test_every_promised_format_is_there_and_readable() -> None:
    formats = {path.suffix for path in DOCUMENTS}
    assert formats == FORMATS
    assert [path.name for path in DOCUMENTS if not squeeze("".join(pages_of_file(path)))] == []
    assert 1_000_000 < sum(path.stat().st_size for path in DOCUMENTS) < 3_000_000
    assert any(" " in path.name for path in DOCUMENTS)


def test_every_document_has_an_attributed_licence() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for licence in ("CC0-1.0.txt", "CC-BY-4.0.txt"):
        assert f"(licences/{licence})" in readme
        assert len((SAMPLES / "licences" / licence).read_text(encoding="utf-8")) > 5000
    assert "Atticus" in readme
    assert "General Services Administration" in readme
    unnamed = [path.name for path in DOCUMENTS if path.suffix != ".md" and f"`{path.name}`" not in readme]
    assert unnamed == []
