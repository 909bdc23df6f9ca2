"""The question files in tests/data/answers are what their README says, and true to the documents where those are at hand."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.types import ParsedDocument
from ingest.parse.parse import parse
from tests.fakes_ingest import SHARED

FOLDER = Path(__file__).parents[1] / "data" / "answers"
SETS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
ANSWERABLE = [(name, item) for name, data in SETS.items() for item in data["answerable"]]
PLACES = [(name, place) for name, item in ANSWERABLE for place in (item, *item.get("quotes", ()))]

with_corpora = pytest.mark.skipif(not SHARED.is_dir(), reason="the corpora are not here")
each_set = pytest.mark.parametrize("name", SETS)


@cache
def parsed(path: Path) -> ParsedDocument:
    return parse(path, path.name)


@with_corpora
@pytest.mark.parametrize(("name", "place"), PLACES, ids=lambda value: value if isinstance(value, str) else None)
def test_a_quote_stands_to_the_letter_on_its_page(name: str, place: dict[str, Any]) -> None:
    document = parsed(SHARED / name / place["document"])
    pages: dict[int | None, str] = {page.number: document.text[page.start : page.end] for page in document.pages}
    pages = pages or {None: document.text}
    assert place["quote"] in pages[place["page"]]


@pytest.mark.parametrize(("name", "item"), ANSWERABLE, ids=lambda value: value if isinstance(value, str) else None)
def test_an_answer_is_short_and_its_numbers_stand_in_the_quote_or_are_spelt_there(name: str, item: dict[str, Any]) -> None:
    assert 0 < len(item["answer"]) < 100
    assert all(0 < len(answer) < 100 for answer in item.get("answers", ()))
    digits = [word.strip("$,.%()") for word in item["answer"].split() if word.strip("$,.%()").isdigit()]
    assert [number for number in digits if number not in item["quote"]] == []


@each_set
def test_the_sets_are_as_large_and_as_wide_as_they_say(name: str) -> None:
    data = SETS[name]
    assert len(data["answerable"]) == 32
    assert len(data["unanswerable"]) == 20
    assert len({item["document"] for item in data["answerable"]}) >= {"handbook_18f": 32, "contracts_cuad40": 27}[name]
    questions = [item["question"] for items in data.values() for item in items]
    assert len(set(questions)) == len(questions)


@each_set
def test_fields_are_those_of_the_form(name: str) -> None:
    for item in SETS[name]["answerable"]:
        assert set(item) - {"answers", "quotes"} == {"question", "answer", "document", "page", "quote", "split"}
        assert all(set(place) == {"document", "page", "quote"} for place in item.get("quotes", ()))
    assert all(set(item) == {"question", "split"} for item in SETS[name]["unanswerable"])


@each_set
def test_half_of_each_kind_is_kept_for_measuring(name: str) -> None:
    for items in SETS[name].values():
        assert Counter(item["split"] for item in items) == {"dev": len(items) // 2, "test": len(items) // 2}


@each_set
def test_most_questions_do_not_repeat_the_words_of_their_quote(name: str) -> None:
    def copied(item: dict[str, Any]) -> bool:
        words = item["question"].rstrip("?").split()
        quote = " ".join(item["quote"].split())
        return any(" ".join(words[i : i + 5]) in quote for i in range(len(words) - 4))

    assert sum(map(copied, SETS[name]["answerable"])) <= 3
