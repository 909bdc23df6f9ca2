from pathlib import Path

import pytest

from core.errors import InvalidInput
from evaluation.gold import Dataset, Names, Query, Snippet, read_lines, read_text

PATHS = Names({path: path.upper() for path in ("x.txt", "maud/x.txt", "a/b/y.txt", "c/b/y.txt", "z.txt")})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("z.txt", ["Z.TXT"]),
        ("cuad/z.txt", ["Z.TXT"]),  # a leading folder that the corpus lacks
        ("/srv/corpus/a/b/y.txt", ["A/B/Y.TXT"]),
        ("b/y.txt", ["A/B/Y.TXT", "C/B/Y.TXT"]),
        ("maud/x.txt", ["MAUD/X.TXT"]),
        ("cuad/x.txt", ["X.TXT"]),  # all of x.txt agrees, of maud/x.txt only a part
        ("zz.txt", []),
        ("", []),
    ],
)
def test_a_path_means_the_file_with_the_longest_common_suffix(path: str, expected: list[str]) -> None:
    assert PATHS.matches(path) == expected


def test_a_source_that_means_no_document_keeps_its_name() -> None:
    dataset = Dataset({}, PATHS, ())
    assert dataset.name_of("/tmp/z.txt") == "Z.TXT"
    assert dataset.name_of("/tmp/b/y.txt") == "/tmp/b/y.txt"
    assert dataset.name_of("/tmp/other.txt") == "/tmp/other.txt"


def test_a_querys_documents_are_named_once_the_best_first() -> None:
    assert Query("1", "q", {"a": 1, "b": 2}).documents == ["b", "a"]
    assert Query("1", "q", snippets=(Snippet("c", (0, 1)), Snippet("d", page=2), Snippet("c", (5, 6)))).documents == ["c", "d"]


def test_a_text_is_read_to_the_character(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffa\r\nb".encode())
    assert read_text(tmp_path / "a") == "\ufeffa\r\nb"


def test_a_missing_file_and_one_of_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"absent: There is no such file"):
        read_text(tmp_path / "absent")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InvalidInput, match="latin is not UTF-8 at byte 3"):
        read_text(tmp_path / "latin")


@pytest.mark.parametrize("line", ["{broken", "[1]", '"text"', "NaN,"])
def test_a_malformed_line_is_named_by_file_and_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "q.jsonl").write_text(f'{{"a": 1}}\n\n{line}\n')
    with pytest.raises(InvalidInput, match=r"q\.jsonl, line 3: this is no JSON"):
        list(read_lines(tmp_path / "q.jsonl"))


def test_line_ends_inside_json_are_none(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"a": "x\u2028y"}\r\n{"a": 2}', encoding="utf-8")
    assert list(read_lines(tmp_path / "q.jsonl")) == [(1, {"a": "x\u2028y"}), (2, {"a": 2})]
