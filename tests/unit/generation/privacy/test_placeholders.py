"""Placeholders: the same for the same, everywhere, and back to the letter however an answer is cut."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.privacy.found import Found, Kind
from generation.privacy.placeholders import Redaction, Restorer

NAMES: dict[str, Kind] = {"Ann Lee": "PERSON", "ann@example.org": "EMAIL", "Oslo": "PLACE", "36": "AGE", "3 May": "DATE"}


class ByList:
    """Finds what is on a list, in those paragraphs only that do not say 'unseen'."""

    def in_paragraph(self, text: str, /) -> list[Found]:
        found = [Found(m.start(), m.end(), NAMES[m[0]]) for m in re.finditer("|".join(map(re.escape, NAMES)), text)]
        return [] if "unseen" in text else found


def hidden(redaction: Redaction, *texts: str) -> list[str]:
    return redaction.hide(texts)


def test_the_same_has_the_same_placeholder_in_all_texts_also_where_it_was_not_recognised() -> None:
    redaction = Redaction(ByList())
    question, passage, unseen = hidden(
        redaction,
        "Where does Ann Lee live?",
        "Oslo is where ANN LEE lives.\n\nWrite to ann@example.org.",
        "unseen: Ann Lee, Annie",
    )
    assert question == "Where does <PERSON_1> live?"
    assert passage == "<PLACE_1> is where ANN LEE lives.\n\nWrite to <EMAIL_1>."
    assert unseen == "unseen: <PERSON_1>, Annie"
    assert [(r.placeholder, r.kind, r.text) for r in redaction.replaced] == [
        ("<PERSON_1>", "PERSON", "Ann Lee"), ("<PLACE_1>", "PLACE", "Oslo"), ("<EMAIL_1>", "EMAIL", "ann@example.org"),
    ]  # fmt: skip


def test_what_is_found_in_a_later_text_is_hidden_in_an_earlier_one_too() -> None:
    assert hidden(Redaction(ByList()), "unseen Oslo", "Oslo") == ["unseen <PLACE_1>", "<PLACE_1>"]


def test_a_number_is_replaced_where_it_is_an_age_and_nowhere_else() -> None:
    assert hidden(Redaction(ByList()), "She is 36.", "unseen: 36 days of leave") == [
        "She is <AGE_1>.",
        "unseen: 36 days of leave",
    ]


def test_dates_stay_unless_they_are_to_go() -> None:
    assert hidden(Redaction(ByList()), "on 3 May") == ["on 3 May"]
    assert hidden(Redaction(ByList(), dates=True), "on 3 May") == ["on <DATE_1>"]


def test_what_looks_like_a_placeholder_in_a_document_is_not_taken_for_one() -> None:
    redaction = Redaction(ByList())
    (text,) = hidden(redaction, "Ann Lee wrote: print <PERSON_1> and XPERSON_2.")
    assert text == "<PERSON_1> wrote: print <TEXT_1> and X<TEXT_2>."
    assert redaction.restore(text) == "Ann Lee wrote: print <PERSON_1> and XPERSON_2."


@pytest.mark.parametrize(
    ("written", "restored"),
    [
        ("<PERSON_1>'s", "Ann Lee's"),
        ("PERSON_1 said", "Ann Lee said"),
        ("<person_1>", "Ann Lee"),
        ("<PERSON\\_1>", "Ann Lee"),
        ("<PERSON_12>", "<PERSON_12>"),  # none of ours
        ("PERSONS_1 <b>", "PERSONS_1 <b>"),
    ],
)
def test_models_write_placeholders_in_more_than_one_way(written: str, restored: str) -> None:
    redaction = Redaction(ByList())
    hidden(redaction, "Ann Lee")
    assert redaction.restore(written) == restored
    restorer = Restorer(redaction)
    assert "".join([*map(restorer.feed, written), restorer.end()]) == restored


PARTS = st.sampled_from(
    ["Ann Lee", "Oslo", "ann@example.org", " ", "<", ">", "P", "PERSON_", "1", "PERSON_1", "<PLACE_1", "\n", "x", "unseen"]
)


@given(parts=st.lists(PARTS, max_size=12), cuts=st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_hidden_and_restored_in_any_pieces_is_what_it_was(parts: Sequence[str], cuts: Sequence[int]) -> None:
    text = "".join(parts)
    redaction = Redaction(ByList())
    (sent,) = hidden(redaction, text)
    if "unseen" not in text:
        assert not any(name in sent for name in ("Ann Lee", "Oslo", "ann@example.org"))
    assert redaction.restore(sent) == text
    restorer, told, rest = Restorer(redaction), "", sent
    for cut in cuts:
        told, rest = told + restorer.feed(rest[:cut]), rest[cut:]
    assert told + restorer.feed(rest) + restorer.end() == text


def test_nothing_is_held_back_that_cannot_become_a_placeholder() -> None:
    redaction = Redaction(ByList())
    hidden(redaction, "Ann Lee")
    restorer = Restorer(redaction)
    assert [restorer.feed(piece) for piece in ("The ", "tab", "le<", "b> ", "<PER", "SON_1", "> is")] == [
        "The ", "tab", "le", "<b> ", "", "", "Ann Lee is",
    ]  # fmt: skip
