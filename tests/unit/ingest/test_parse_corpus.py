"""The laws of a ParsedDocument and word recall over the shared files of every format; skipped where they are not at hand."""

import re
from pathlib import Path
from statistics import median

import pytest

from core.errors import DocumentError
from ingest.parse.parse import parse
from tests.fakes_ingest import SHARED, assert_lawful, word_recall

PAIRS = SHARED / "parse_pairs"
pytestmark = pytest.mark.skipif(not PAIRS.is_dir(), reason="the shared data sets are not here")


@pytest.mark.parametrize(
    ("suffix", "least"),
    [("pdf", 0.97), ("docx", 0.97), ("pptx", 0.97), ("xlsx", 0.97), ("html", 0.97), ("md", 0.97), ("csv", 0.97)],
)
def test_word_recall(suffix: str, least: float, capsys: pytest.CaptureFixture[str]) -> None:
    recalls = {}
    for path in sorted(PAIRS.glob(f"*.{suffix}")):
        expected = path.with_name(path.name + ".expected.md")
        if not expected.exists() or path.name.startswith("ocr_") or path.name.endswith(".expected.md"):
            continue  # scanned pages have no text of their own
        parsed = parse(path, path.name)
        assert_lawful(parsed)
        recalls[path.name] = word_recall(re.sub("<!-- image -->", "", expected.read_text("utf-8")), parsed.text)
    lowest = sorted(recalls.items(), key=lambda recall: recall[1])[:3]
    print(f"{suffix}: median {median(recalls.values()):.3f} of {len(recalls)}; lowest {lowest}")
    assert median(recalls.values()) >= 0.97


@pytest.mark.parametrize(
    "folder", ["handbook_18f/pages", "handbook_18f/downloads", "contracts_cuad40/txt", "chroma_chunking/corpora"]
)
def test_laws_over_real_files(folder: str) -> None:
    paths = [
        p for p in sorted((SHARED / folder).rglob("*")) if p.suffix.lower() in (".md", ".html", ".docx", ".xlsx", ".pdf", ".txt")
    ]
    for path in paths[:80]:
        try:
            parsed = parse(path, path.name)
        except DocumentError as error:
            assert "No text" in str(error) or "empty" in str(error), path
            continue
        assert_lawful(parsed)
        if path.suffix in (".txt", ".md"):
            assert parsed.text == path.read_bytes().decode("utf-8")


def test_a_name_gives_the_title_where_the_document_has_none(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_text("words")
    assert parse(path, "folder/Leave_policy 2025.txt").title == "Leave policy 2025"
