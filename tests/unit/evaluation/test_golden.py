"""The command as a person types it, in this process, against a small API on a real socket."""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from evaluation.datasets import load_questions
from evaluation.golden import load, unknown
from tests.fakes_ui import FakeApi, serve
from ui.cli import main as cli
from ui.client import Client

Json = dict[str, Any]
Command = Callable[..., tuple[int, str, str]]
LEAVE = "Leave and more.\nEmployees earn\nthirteen days — not more — of “annual” leave a year."


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        fake.add_document("handbook", "/srv/hr/leave.txt", LEAVE, title="Time off")
        fake.add_document("handbook", "/srv/hr/other.txt", "Nothing is said here of what anybody earns.")
        yield fake


@pytest.fixture
def client(fake: FakeApi) -> Iterator[Client]:
    with Client(fake.url, fake.key) as client:
        yield client


@pytest.fixture
def grow(fake: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", fake.key)

    def run(target: Path, collection: str = "handbook") -> tuple[int, str, str]:
        arguments = ["eval", "golden", "--collection", collection, "--output", str(target)]
        monkeypatch.setattr(sys, "argv", ["muniment", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "golden.json"


def rate(client: Client, question: str, verdict: str = "down", **said: Any) -> Json:
    standalone = said.pop("standalone_question", None)
    answer = {"answer": "?", "refused": False, "citations": said.pop("citations", []), "model": "m"}
    answer |= {"standalone_question": standalone}
    return client.add_feedback(question, answer, verdict, collection=said.pop("collection", "ada/handbook"), **said)


def rows(target: Path) -> Json:
    return dict(json.loads(target.read_text(encoding="utf-8")))


def test_a_quote_that_stands_in_a_document_makes_a_question_with_its_answer(grow: Command, client: Client, target: Path) -> None:
    rate(client, "How much leave?", expected="13 days", quote='employees earn thirteen days - not more - of "annual" leave')
    status, out, err = grow(target)
    assert (status, err) == (0, "")
    assert out == f"1 question added to {target}: 1 with an answer, 0 without\n"
    assert rows(target)["answerable"] == [
        {
            "question": "How much leave?",
            "answer": "13 days",
            "document": "srv/hr/leave.txt",
            "page": None,
            "quote": "Employees earn\nthirteen days — not more — of “annual” leave",
        }
    ]
    (question,) = load_questions(target)
    assert question.quote in LEAVE and question.is_about("/srv/hr/leave.txt")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_reader_who_says_that_nothing_answers_makes_a_question_without(grow: Command, client: Client, target: Path) -> None:
    rate(client, "And sick leave?", should_refuse=True, standalone_question="How much sick leave is there?")
    assert "0 with an answer, 1 without" in grow(target)[1]
    assert rows(target) == {"answerable": [], "unanswerable": [{"question": "How much sick leave is there?"}]}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "nobody said"),
        ({"quote": "these words stand in no document at all"}, "stand in no document"),
        ({"expected": "thirteen days"}, "stand in no document"),  # too few to be looked for wherever they may stand
    ],
)
def test_what_tells_too_little_is_left_out_with_its_reason(
    grow: Command, client: Client, target: Path, said: Json, reason: str
) -> None:
    rate(client, "How much leave?", **said)
    status, out, err = grow(target)
    assert status == 0 and out.startswith("0 questions added") and not target.exists()
    assert err.startswith("left out, ") and reason in err and err.endswith(": How much leave?\n")


@pytest.mark.parametrize("where", ["Time off", "leave", "hr/LEAVE.txt", "cited"])
def test_an_answer_without_a_quote_counts_where_the_reader_or_the_answer_points(
    grow: Command, fake: FakeApi, client: Client, target: Path, where: str
) -> None:
    document_id = next(i for i, d in fake.documents.items() if d["title"] == "Time off")
    place = {"document_id": document_id, "source": "/srv/hr/leave.txt", "page": None, "start": 0, "end": 1}
    said = {"citations": [place]} if where == "cited" else {"document": where}
    rate(client, "How much leave?", expected="thirteen days", **said)
    _, _, err = grow(target)
    assert "look whether that is the right place: How much leave?" in err
    assert rows(target)["answerable"][0]["quote"] == "thirteen days"


def test_thumbs_up_and_other_collections_make_nothing(grow: Command, client: Client, fake: FakeApi, target: Path) -> None:
    fake.add_collection("contracts")
    rate(client, "One?", verdict="up", expected="x")
    rate(client, "Two?", collection="ada/contracts", should_refuse=True)
    rate(client, "Three?", collection=None, should_refuse=True)
    grow(target)
    assert rows(target)["unanswerable"] == [{"question": "Three?"}]


def test_a_file_is_added_to_and_keeps_all_that_it_holds(grow: Command, client: Client, target: Path) -> None:
    row = {"question": "How MUCH  leave", "answer": "x", "document": "a", "page": 1, "quote": "x", "split": "dev"}
    before = {"answerable": [row], "unanswerable": [{"question": "Why?", "id": "7"}], "about": "ours"}
    target.write_text(json.dumps(before))
    rate(client, "How much leave?", quote="thirteen days")
    rate(client, "First new?", should_refuse=True)
    rate(client, "Second new?", should_refuse=True)
    for _ in range(2):  # a second time nothing is new
        grow(target)
        after = rows(target)
        assert after["answerable"] == [row] and after["about"] == "ours"
        assert after["unanswerable"] == [{"question": "Why?", "id": "7"}, {"question": "First new?"}, {"question": "Second new?"}]


def test_a_page_is_told_where_passages_tell_it(grow: Command, fake: FakeApi, client: Client, target: Path) -> None:
    text = "Rent is due on the first of a month."
    document_id = fake.add_document("handbook", "/srv/lease.pdf", text, num_pages=3)
    rate(client, "When is rent due?", quote="due on the first")
    rate(client, "How is it paid?", quote="of a month", document="lease.pdf")
    fake.add_answer("due on the first", ("It is.", document_id, "first"), page=2)
    _, _, err = grow(target)
    assert [row["page"] for row in rows(target)["answerable"]] == [2, None]
    assert err == "added, but the page of its quote could not be told: add it by hand: How is it paid?\n"


def test_another_file_is_refused(grow: Command, client: Client, target: Path) -> None:
    target.write_text('{"answerable": [{"question": 7}], "unanswerable": []}')
    status, _, err = grow(target)
    assert status == 1 and "is no question file" in err
    for text in ("[]", "{}", "no JSON", '{"answerable": [1], "unanswerable": []}'):
        target.write_text(text)
        with pytest.raises(InvalidInput, match="is no question file"):
            load(target)


def test_of_several_complaints_about_a_question_the_newest_that_tells_something_counts() -> None:
    def item(**said: Any) -> Json:
        asked = {"question": "Why?", "answer": {"standalone_question": None}}
        return asked | {"should_refuse": False, "quote": "", "expected": ""} | said

    kept: Json = {"answerable": [], "unanswerable": []}
    assert unknown([item(), item(expected="new"), item(expected="old")], kept) == [item(expected="new")]
    assert unknown([item(), item()], kept) == [item()]
    assert unknown([item()], kept | {"unanswerable": [{"question": "WHY"}]}) == []
