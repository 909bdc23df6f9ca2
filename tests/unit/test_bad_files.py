"""The bad files are bad in the way they claim, judged by libraries other than our parsers."""

import io
import zipfile
from pathlib import Path

import docx
import pypdf
import pypdfium2
import pytest

from tests import bad_files


def test_pdfs_are_bad_as_claimed(tmp_path: Path) -> None:
    bad_files.bad_files(tmp_path)
    assert pypdf.PdfReader(tmp_path / "encrypted.pdf").is_encrypted
    assert pypdf.PdfReader(tmp_path / "no-pages.pdf").get_num_pages() == 0
    assert pypdf.PdfReader(tmp_path / "blank-page.pdf").pages[0].extract_text() == ""
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(tmp_path / "truncated.pdf")


def test_a_whole_pdf_is_good() -> None:
    pages = pypdfium2.PdfDocument(bad_files.pdf_bytes(pages=2))
    assert [page.get_textpage().get_text_range().strip() for page in pages] == [
        f"{bad_files.GOOD_TEXT.strip()} {n}" for n in (1, 2)
    ]


def test_word_files_are_bad_as_claimed(tmp_path: Path) -> None:
    bad_files.bad_files(tmp_path)
    assert not zipfile.is_zipfile(tmp_path / "truncated.docx")
    assert docx.Document(io.BytesIO(bad_files.docx_bytes())).paragraphs[1].text == bad_files.GOOD_TEXT.strip()
    with zipfile.ZipFile(tmp_path / "bomb.docx") as bomb:
        assert sum(part.file_size for part in bomb.infolist()) > bad_files.BOMB_MB * 1_000_000
    assert (tmp_path / "bomb.docx").stat().st_size < 2_000_000


def test_names_are_as_odd_as_claimed(tmp_path: Path) -> None:
    written = bad_files.odd_names(tmp_path) + [bad.path for bad in bad_files.bad_names(tmp_path)]
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    assert any("\n" in path.name for path in written)
    assert any("\udcff" in path.name for path in written)
