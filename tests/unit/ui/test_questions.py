"""What `muniment search` and `muniment ask` print, to the letter."""

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.fakes_ui import REFUSAL, FakeApi, serve
from ui.cli import main as cli

TEXT = "Annual leave is planned.\nA new employee gets 13 days of it."
Run = Callable[..., tuple[str, str]]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        paged = fake.add_document("handbook", "/srv/leave.pdf", TEXT, title="Leave", num_pages=2)
        plain = fake.add_document("handbook", "/srv/notes.txt", "Ask\x1b[2J Ann.", title="notes")
        fake.add_answer("leave?", ("13 days.", paged, "A new employee gets 13 days"), ("Ask Ann.", plain, "Ann."), page=2)
        yield fake


@pytest.fixture
def run(fake: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("MUNIMENT_API_URL", fake.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", fake.key)

    def run(*arguments: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["muniment", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 0
        return capsys.readouterr()

    return run


def test_search_prints_rank_title_place_score_source_and_passage(run: Run) -> None:
    assert run("search", "leave?") == (
        "1. Leave  p. 2 > Benefits > Leave  (score 1.000)\n"
        "   /srv/leave.pdf\n"
        "   Annual leave is planned.\n"
        "   A new employee gets 13 days of it.\n"
        "\n"
        "2. notes  p. 2 > Benefits > Leave  (score 0.500)\n"
        "   /srv/notes.txt\n"
        "   Ask\ufffd[2J Ann.\n"
        "\n",
        "",
    )


def test_search_explained_tells_each_stage(run: Run) -> None:
    out, _ = run("search", "leave?", "--explain")
    assert out.splitlines()[-2:] == [
        "1\tdense 1 (0.750)\tfused 1 (1.000)\tLeave, p. 2",
        "2\tdense 2 (0.750)\tfused 2 (0.500)\tnotes, p. 2",
    ]


FILTERS = ["--type", "pdf", "--type", "md", "--tag", "lease", "--metadata", "office=Bonn", "--metadata", "floor=3"]
FILTERS += ["--language", "de", "--source", "/hr", "--document", "7", "--dated-from", "2020-01-31", "--dated-to", "2021-01-31"]


@pytest.mark.parametrize("command", ["search", "ask"])
def test_filters_are_sent(run: Run, fake: FakeApi, command: str) -> None:
    run(command, "leave?", "--explain", *FILTERS)
    body = fake.asked[-1]
    assert body["filters"] == {
        "types": ["pdf", "md"],
        "tags": ["lease"],
        "metadata": {"office": "Bonn", "floor": 3},
        "languages": ["de"],
        "source": "/hr",
        "documents": ["7"],
        "dated_from": "2020-01-31",
        "dated_to": "2021-01-31",
    }
    assert body["explain"] is True
    run(command, "leave?")
    assert not {"filters", "explain"} & fake.asked[-1].keys()


def test_ask_explained_tells_how_its_passages_were_found(run: Run) -> None:
    assert run("ask", "leave?", "--explain")[0].endswith(
        "    Ann.\n1\tdense 1 (0.750)\tfused 1 (1.000)\tLeave, p. 2\n2\tdense 2 (0.750)\tfused 2 (0.500)\tnotes, p. 2\n"
    )


def test_what_the_search_notes_stands_beside_the_output(run: Run, fake: FakeApi) -> None:
    fake.notes["acme?"] = "None of the documents searched is named “Acme\x1b[2J”."
    for command in ("search", "ask"):
        assert run(command, "acme?", "--collection", "empty")[1].startswith(
            "None of the documents searched is named “Acme\ufffd[2J”.\n"
        )


def test_search_that_finds_nothing_says_so_beside_the_output(run: Run) -> None:
    assert run("search", "else?", "--collection", "empty") == ("", "Nothing found.\n")


def test_ask_prints_the_answer_as_it_comes_and_then_its_sources(run: Run) -> None:
    assert run("ask", "leave?") == (
        "13 days. Ask Ann. [1] [2]\n"
        "\n"
        "[1] Leave, p. 2  (/srv/leave.pdf)\n"
        "    A new employee gets 13 days\n"
        "[2] notes, p. 2  (/srv/notes.txt)\n"
        "    Ann.\n",
        "",
    )


def test_a_refusal_cites_nothing(run: Run) -> None:
    assert run("ask", "else?") == (f"{REFUSAL}\n\nNo sources are cited. It is about other things.\n", "")


def test_what_was_left_out_is_counted_with_its_reasons(run: Run, fake: FakeApi) -> None:
    fake.answers["some?"] = fake.answers["leave?"] | {"left_out": ["not \x1b[2Jsaid", "beside it", "not \x1b[2Jsaid"]}
    told = "Left out: 3 sentences that the model wrote (not \ufffd[2Jsaid; beside it)"
    assert run("ask", "some?")[0].splitlines()[1:4] == ["", told, "[1] Leave, p. 2  (/srv/leave.pdf)"]
    refused = {"refused": True, "citations": [], "answer": REFUSAL, "refusal": {"reason": "not_stated", "detail": "It is not."}}
    fake.answers["none?"] = fake.answers["leave?"] | refused | {"left_out": ["not said"]}
    ending = "No sources are cited. It is not.\nLeft out: 1 sentence that the model wrote (not said)\n"
    assert run("ask", "none?")[0].endswith(ending)


@pytest.mark.parametrize("mended", [(True, False), (False, True), (True, True)])
def test_a_citation_that_was_corrected_says_so(run: Run, fake: FakeApi, mended: tuple[bool, bool]) -> None:
    leave, notes = fake.answers["leave?"]["citations"]
    again = [leave | {"mended": is_mended} for is_mended in mended]  # two sentences that rest on the same quote
    fake.answers["again?"] = fake.answers["leave?"] | {"citations": [again[0], notes, again[1]]}
    assert run("ask", "again?")[0].splitlines()[2:] == [
        "[1] Leave, p. 2  (/srv/leave.pdf)  citation corrected",
        "    A new employee gets 13 days",
        "[2] notes, p. 2  (/srv/notes.txt)",
        "    Ann.",
    ]
