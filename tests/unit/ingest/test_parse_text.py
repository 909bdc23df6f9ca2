"""Plain text, its structure, CSV and Markdown: to the character where the file is text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UnreadableDocument
from core.types import ParsedDocument
from ingest.parse.parse import parse
from ingest.parse.structure import elements_of, heading_level, leaves_open
from tests.fakes_ingest import assert_lawful

CONTRACT = """SERVICE AGREEMENT

This Agreement is made between Acme Inc. and Beta Ltd. on the
2nd of May.

ARTICLE 5
TERM AND TERMINATION

5.1 Term. This Agreement runs for two years from the date named in
Section 2 above, and then from year to year.
5.2 Termination. Either party may end it:
(a) on 30 days' notice; or
(b) at once for breach.

6. GOVERNING LAW

The law of Delaware governs.
"""


def parsed(folder: Path, name: str, content: str | bytes) -> ParsedDocument:
    path = folder / "blob"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = parse(path, name)
    assert_lawful(found)
    return found


def shown(document: ParsedDocument) -> list[tuple[str, int | None, str]]:
    return [(e.kind, e.level, document.text[e.start : e.end]) for e in document.elements]


@pytest.mark.parametrize(
    "data",
    [
        "one\r\ntwo\rthree\n\n\n",
        "\ufeffwith a mark\n",
        "tabs\tand\u00a0spaces  \n",
        "\u2028 odd \x0c separators \x85 too",
        CONTRACT,
    ],
)
def test_text_is_the_file_to_the_character(tmp_path: Path, data: str) -> None:
    assert parsed(tmp_path, "a.txt", data).text == data.encode().decode()


def test_other_encodings_are_read(tmp_path: Path) -> None:
    german = "Über die Größe der Straße läßt sich trefflich streiten, meinte er später am Abend. " * 20
    assert parsed(tmp_path, "a.txt", german.encode("cp1252")).text == german
    assert "Größe" in parsed(tmp_path, "b.txt", german.encode("utf-16")).text


def test_contract_has_its_clauses(tmp_path: Path) -> None:
    found = shown(parsed(tmp_path, "c.txt", CONTRACT))
    assert [(kind, level, text.splitlines()[0][:30]) for kind, level, text in found] == [
        ("heading", 2, "SERVICE AGREEMENT"),
        ("paragraph", None, "This Agreement is made between"),
        ("heading", 1, "ARTICLE 5"),
        ("heading", 2, "TERM AND TERMINATION"),
        ("paragraph", None, "5.1 Term. This Agreement runs "),
        ("paragraph", None, "5.2 Termination. Either party "),
        ("list_item", None, "(a) on 30 days' notice; or"),
        ("list_item", None, "(b) at once for breach."),
        ("heading", 2, "6. GOVERNING LAW"),
        ("paragraph", None, "The law of Delaware governs."),
    ]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("ARTICLE IV", 1),
        ("Section 3.2 Confidential Information", 2),
        ("Section 9 below.", None),
        ("1.2.3 Payment Terms", 4),
        ("12. The Buyer shall pay within thirty days of the invoice.", None),
        ("2.1 SALES. The seller shall sell", None),
        ("IN WITNESS WHEREOF", 2),
        ("USER_ID = 7", None),
        ("1. Scope ........ 4", None),
        ("Ordinary words", None),
    ],
)
def test_heading_level(line: str, level: int | None) -> None:
    assert heading_level(line) == level


def test_reference_at_the_start_of_a_wrapped_line_begins_nothing() -> None:
    text = "The fee is payable as is set forth in the table of\n5.2 of the Agreement and nowhere else."
    assert len(list(elements_of(text))) == 1 and leaves_open(text.splitlines()[0])


@given(st.text(alphabet=st.sampled_from("aA1.()-* \n\r\t;:\x0b\x0c\x1c\u2028\ufeff"), max_size=300))
def test_elements_of_any_text_are_lawful_and_complete(text: str) -> None:
    end, covered = 0, set()
    for element in elements_of(text):
        assert end <= element.start < element.end and text[element.start : element.end].strip()
        covered |= set(range(element.start, element.end))
        end = element.end
    assert all(i in covered for i, c in enumerate(text) if not c.isspace() and c != "\ufeff")


def test_csv_of_any_delimiter_and_uneven_rows(tmp_path: Path) -> None:
    assert (
        parsed(tmp_path, "a.csv", "name;town\nAnn;Bonn\nBob\nCid;Ulm;extra\n").text
        == "name | town\nAnn | Bonn\nBob\nCid | Ulm | extra"
    )
    assert parsed(tmp_path, "b.tsv", 'name\ttown\nAnn\t"two\nlines"\n').text == "name | town\nAnn | two lines"
    assert parsed(tmp_path, "c.csv", "only\none\ncolumn\n").text == "only\none\ncolumn"


def test_rows_of_a_long_table_carry_their_column_names(tmp_path: Path) -> None:
    rows = "".join(f"Person {i},Town {i},{i * 100}\n" for i in range(100))
    text = parsed(tmp_path, "a.csv", "Name,Town,Salary\n" + rows).text
    assert text.splitlines()[57] == "Name: Person 56 | Town: Town 56 | Salary: 5600"


def test_huge_cell_is_refused_with_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="rows could not be read"):
        parsed(tmp_path, "a.csv", 'a,b\n"' + "x" * 200_000 + '",y\n')


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.md"])
def test_more_pieces_than_a_worker_should_hold_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableDocument, match="split it into several files"):
        parsed(tmp_path, name, "a\n\n" * 600_000)


def test_very_long_markdown_is_read_as_plain_text(tmp_path: Path) -> None:
    source = "# Head\n\nwords of a paragraph\n\n" * 60_000
    path = tmp_path / "blob"
    path.write_text(source)
    document = parse(path, "a.md")
    assert (document.text, document.media_type, len(document.elements)) == (source, "text/markdown", 120_000)


MARKDOWN = """---
title: "Leave types"
tags: holiday
---

# Leave #

Intro *words* with a [link](http://x.example).

Setext heading
==============

- one
- two
  continued

| a | b |
|---|---|
| 1 | 2 |

```python
code = 1
```

[ref]: http://y.example
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_markdown_is_its_source_with_structure(tmp_path: Path, newline: str) -> None:
    source = MARKDOWN.replace("\n", newline)
    document = parsed(tmp_path, "a.md", source)
    assert document.text == source
    assert document.title == "Leave types"
    assert [(kind, level, " ".join(text.split())) for kind, level, text in shown(document)[1:]] == [
        ("heading", 1, "Leave"),
        ("paragraph", None, "Intro *words* with a [link](http://x.example)."),
        ("heading", 1, "Setext heading"),
        ("list_item", None, "- one"),
        ("list_item", None, "- two continued"),
        ("table", None, "| a | b | |---|---| | 1 | 2 |"),
        ("code", None, "```python code = 1 ```"),
        ("paragraph", None, "[ref]: http://y.example"),
    ]


@given(st.text(alphabet=st.sampled_from("ab#->*`|[]():= \n\r\t~0."), max_size=200))
def test_markdown_of_any_kind_loses_no_letter(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    if not any(c.isalnum() for c in text):
        return
    document = parsed(tmp_path_factory.mktemp("m"), "a.md", text)
    covered = {i for e in document.elements for i in range(e.start, e.end)}
    assert all(i in covered for i, c in enumerate(document.text) if c.isalpha())


def test_markdown_nested_beyond_the_parsers_depth_is_kept(tmp_path: Path) -> None:
    document = parsed(tmp_path, "a.md", ">" * 300 + " deep\n\ntail\n")
    assert "deep" in "".join(text for _, _, text in shown(document))


@pytest.mark.parametrize(
    ("source", "heading"),
    [
        ("# Rates ##\n", "Rates"),
        ("# C#\n", "C#"),
        ("# Rates --\n", "Rates --"),
        ("Rates\nand more\n---\n", "Rates\nand more"),
        ("Rates -\n  ====\n", "Rates -"),
    ],
)
def test_markdown_heading_is_without_its_marks_only(tmp_path: Path, source: str, heading: str) -> None:
    assert shown(parsed(tmp_path, "a.md", source))[0][2] == heading
