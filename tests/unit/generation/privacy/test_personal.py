"""What counts as personal data, told by the real model; how much of it is found stands under a floor."""

import json
import socket
import time
from itertools import pairwise

import pytest

from generation.privacy.found import Found
from generation.privacy.patterns import shaped
from generation.privacy.personal import Finder
from generation.privacy.places import countries, whole_addresses
from tests.benchmarks.bench_pii import DATA, measure

FLOOR = 0.88  # of all personal data in every fifth sentence of the set
FLOORS = {
    "PERSON": 0.92,
    "STREET_ADDRESS": 0.78,
    "GPE": 0.88,
    "EMAIL_ADDRESS": 0.98,
    "PHONE_NUMBER": 0.93,
    "CREDIT_CARD": 0.98,
    "IBAN_CODE": 0.95,
    "US_SSN": 0.98,
}


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder()


def kinds(finder: Finder, text: str) -> dict[str, str]:
    return {text[f.start : f.end]: f.kind for f in finder.find(text)}


@pytest.mark.parametrize(
    ("text", "what", "kind"),
    [
        ("Write to m.whitfield＠example.org today.", "m.whitfield＠example.org", "EMAIL"),
        (
            "½ of it: m.whitfield＠example．org, ｃａｒｄ ４１１１ １１１１ １１１１ １１１２.",
            "m.whitfield＠example．org",
            "EMAIL",
        ),
        ("½ of it: my card is ４１１１ １１１１ １１１１ １１１２.", "４１１１ １１１１ １１１１ １１１２", "CARD"),
        ("Please ask Margaret Whitfield about it.", "Margaret Whitfield", "PERSON"),
        ("Ask Mrs. Baker.", "Baker", "PERSON"),
        ("Write to m.whitfield@example.org today.", "m.whitfield@example.org", "EMAIL"),
        ("Call me at +44 20 7946 0958.", "+44 20 7946 0958", "PHONE"),
        ("My card is 4111 1111 1111 1112.", "4111 1111 1111 1112", "CARD"),  # its checksum is wrong
        ("The IBAN is DE89 3704 0044 0532 0130 00.", "DE89 3704 0044 0532 0130 00", "IBAN"),
        ("His SSN is 078-05-1120.", "078-05-1120", "ID"),
        ("It came from 203.0.113.7.", "203.0.113.7", "IP"),
        ("She is 43 years old.", "43", "AGE"),
        ("He was born on 4 July 1980.", "4 July 1980", "BIRTH_DATE"),
        ("She lives at 12 Baker Street, London.", "12 Baker Street, London", "ADDRESS"),
        ("Send it to 79367 Nybyvägen 65.", "79367 Nybyvägen 65", "ADDRESS"),
        ("See https://example.org/~ann.", "https://example.org/~ann", "URL"),
    ],
)
def test_each_kind(finder: Finder, text: str, what: str, kind: str) -> None:
    found = kinds(finder, text)
    assert found.get(what) == kind, found


@pytest.mark.parametrize(
    "text",
    [
        "Annual leave is 30 days a year and is counted in hours.",
        "Do the passages state the answer to this question? Reply with Yes or No.",
        "The notice period is 36 months, at 5 % interest, for 1,000 units.",
        "",
        " \n\n ",
    ],
)
def test_what_is_nobodys_stays(finder: Finder, text: str) -> None:
    assert [f for f in finder.find(text) if f.kind != "DATE"] == []


def test_ranges_are_in_order_apart_and_inside(finder: Finder) -> None:
    text = "Ann Lee\n\n12 Elm Road, Springfield, IL 62704\nann.lee@example.org, born 3 May 1980\n\nDr. Lee is 43."
    found = finder.find(text)
    assert all(0 <= a.start < a.end <= b.start for a, b in pairwise(found))
    assert found[-1].end <= len(text)


def test_nobody_is_asked_over_the_network(finder: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert kinds(finder, "Mail ann@nowhere-at-all.example or see www.nowhere-at-all.example")


@pytest.mark.skipif(not DATA.is_file(), reason="the labelled sentences are not here")
def test_recall_stays_over_its_floor(finder: Finder) -> None:
    recall = measure(finder, json.loads(DATA.read_text(encoding="utf-8"))[::5])
    assert recall.of(recall.personal) >= FLOOR
    assert {kind: recall.of([kind]) for kind, floor in FLOORS.items() if recall.of([kind]) < floor} == {}


HOSTILE = [
    "a" * 5000,
    "1-" * 2500,
    "www.a" * 1200,
    "a@" * 2500,
    "12 Ab " * 900,
    "Ab " * 1700,
    "+1" * 2500,
    "." * 5000,
    "<" * 5000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:6])
def test_no_text_takes_a_pattern_long(text: str) -> None:
    started = time.process_time()
    assert all(0 <= found.start < found.end <= len(text) for found in [*shaped(text), *countries(text)])
    whole_addresses(text, [Found(0, 3, "ADDRESS"), Found(len(text) - 3, len(text), "PLACE")])
    assert time.process_time() - started < 2
