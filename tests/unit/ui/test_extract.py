"""What `muniment extract` asks and prints."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes_ui import FakeApi, serve
from ui.cli import main as cli

TEXT = "The fee is\nUS$ 1,500.00. Neither party may assign it."
Run = Callable[..., tuple[str, str]]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        fake.add_document("contracts", "/srv/lease.pdf", TEXT, title="Lease", num_pages=2)
        yield fake


@pytest.fixture
def document_id(fake: FakeApi) -> str:
    return next(iter(fake.documents))


@pytest.fixture
def run(fake: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", fake.key)

    def run(*arguments: str, status: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["muniment", "extract", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == status
        return capsys.readouterr()

    return run


def found(value: object, text: str, page: int | None = 2) -> dict[str, object]:
    quote = {"document_id": "7", "title": "Lease", "page": page, "quote": text, "start": 0, "end": len(text), "boxes": []}
    return {"state": "found", "value": value, "quotes": [quote]}


def test_each_value_stands_with_its_quote_or_says_why_there_is_none(run: Run, fake: FakeApi, document_id: str) -> None:
    fake.values |= {
        "Which fee?": found({"amount": "1500.00", "currency": "USD", "unit": "US$"}, "The fee is\nUS$ 1,500.00."),
        "May it be assigned?": found(False, "Neither party may assign it.", None),
        "Who?": found(["Ado\x1b[2J Ltd", "Bern AG"], "Ado"),
        "Assignment": found(["Neither", "No"], "Neither"),
        "When?": {"state": "unverified", "reason": "These words give no calendar date."},
    }
    asked = ["amount: Which fee?", "yes/no: May it be assigned?", "party:Who?", "clause:Assignment", "date: When?", "text:Law?"]
    out, err = run(document_id, *(part for question in asked for part in ("--question", question)))
    assert out == (
        "1. Which fee?\n   1500.00 USD\n   p. 2: “The fee is US$ 1,500.00.”\n"
        "2. May it be assigned?\n   no\n   “Neither party may assign it.”\n"
        "3. Who?\n   Ado\ufffd[2J Ltd; Bern AG\n   p. 2: “Ado”\n"
        "4. Assignment\n   found in 2 places\n   p. 2: “Neither”\n"
        "5. When?\n   unverified (These words give no calendar date.)\n"
        "6. Law?\n   not in this document\n"
    )
    assert err == ""


def test_questions_come_from_a_file_of_lines_or_of_json(run: Run, fake: FakeApi, document_id: str, tmp_path: Path) -> None:
    lines = tmp_path / "questions.txt"
    lines.write_text("# of a lease\ndate: When does it start?\n\ntext: Law?\n")
    run(document_id, "--questions", str(lines), "--question", "clause: Insurance")
    assert fake.asked[-1]["questions"] == [
        {"type": "date", "question": "When does it start?"},
        {"type": "text", "question": "Law?"},
        {"type": "clause", "question": "Insurance"},
    ]
    asked = [{"id": "law", "type": "text", "question": "Law?", "options": ["Texas", "Ohio"]}]
    listed = tmp_path / "questions.json"
    listed.write_text(json.dumps(asked))
    out, _ = run(document_id, "--questions", str(listed), "--json")
    assert fake.asked[-1] == {"document_id": document_id, "questions": asked}
    assert json.loads(out)["values"][0]["id"] == "law"


@pytest.mark.parametrize("content", [None, b"{}", b"[1]", b"not json", b"\xff"])
def test_a_file_that_holds_no_questions_is_named(run: Run, document_id: str, tmp_path: Path, content: bytes | None) -> None:
    listed = tmp_path / "questions.json"
    if content is not None:
        listed.write_bytes(content)
    _, err = run(document_id, "--questions", str(listed), status=2)
    assert "questions.json" in err.replace("\n", "").replace(" ", "").replace("│", "")


def test_a_question_without_a_type_is_refused_with_the_types(run: Run, document_id: str) -> None:
    _, err = run(document_id, "--question", "When does it start?", status=2)
    assert "yes_no" in err


def test_a_document_that_is_not_there_is_told_in_one_line(run: Run) -> None:
    _, err = run("7", "--question", "date: When?", status=1)
    assert err == "Not found: There is no such document.\n"
