"""Quotes that are not what they claim to be are all found out, each by its reason."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from evaluation.answers.fidelity import faults, text_door
from evaluation.answers.reply import Passage, Quote, Reply
from tests.fakes_ui import FakeApi, serve
from ui.client import ApiError, Client

TEXT = "Annual leave is 30 days a year."
PASSAGE = Passage("d", "/srv/leave.pdf", 0, len(TEXT), 2, 3)
GOOD = Quote("d", "/srv/leave.pdf", "30 days", 16, 23, 2)


def text(document_id: str) -> str | None:
    return TEXT if document_id == "d" else None


def test_a_quote_in_its_place_has_no_fault() -> None:
    assert faults(Reply(quotes=(GOOD, replace(GOOD, page=3)), passages=(PASSAGE,)), text) == {}
    plain = Reply(quotes=(replace(GOOD, page=None),), passages=(replace(PASSAGE, page_first=None, page_last=None),))
    assert faults(plain, text) == {}


@pytest.mark.parametrize(
    ("quote", "fault"),
    [
        (replace(GOOD, text="31 days"), "something else at 16:23"),
        (replace(GOOD, text="30  days"), "something else"),
        (replace(GOOD, start=17), "something else"),
        (replace(GOOD, text="", start=16, end=16), "something else"),
        (replace(GOOD, start=-15, end=-8), "something else"),
        (replace(GOOD, page=4), "not stand on page 4"),
        (replace(GOOD, page=None), "not stand on page None"),
        (replace(GOOD, document_id="gone"), "cannot be read"),
        (replace(GOOD, text="Annual", start=0, end=6), "no passage that was given"),
    ],
)
def test_what_is_wrong_is_said(quote: Quote, fault: str) -> None:
    found = faults(Reply(quotes=(GOOD, quote), passages=(replace(PASSAGE, start=7),)), text)
    assert found.keys() == {1}
    assert fault in found[1]


def test_what_is_marked_may_stand_in_a_passage_that_was_shown_and_not_given_and_what_is_cited_may_not() -> None:
    quotes = (replace(GOOD, shown_as="marked"), GOOD)
    assert faults(Reply(quotes=quotes, seen=(PASSAGE,)), text).keys() == {1}


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    with serve(FakeApi()) as fake:
        yield fake


def test_documents_are_read_from_the_api_once(fake: FakeApi) -> None:
    document_id = fake.add_document("hr", "leave.txt", TEXT)
    with Client(fake.url, fake.key) as client:
        read = text_door(client)
        assert (read(document_id), read("absent")) == (TEXT, None)
        del fake.documents[document_id]
        assert read(document_id) == TEXT


def test_a_failure_that_is_no_absence_is_not_taken_for_one(fake: FakeApi) -> None:
    document_id = fake.add_document("hr", "leave.txt", TEXT)
    fake.broken.add(f"/v1/documents/{document_id}/text")
    with Client(fake.url, fake.key) as client, pytest.raises(ApiError):
        text_door(client)(document_id)
