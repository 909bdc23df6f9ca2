"""References to a numbered part: named in questions, held by passages, and never taken for another number."""

import time

import pytest

from retrieval.lexical.references import held, mentioned


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("what does section 12.3 say?", ["12.3"]),
        ("§ 4 abs. 2", ["4(2)"]),
        ("§4 absatz 2 satz 1", ["4(2)(1)"]),
        ("article 5(b)", ["5(b)"]),
        ("clause 7.1.2.", ["7.1.2"]),
        ("art. ii", ["ii"]),
        ("artículo 5", ["5"]),
        ("ziffer 3.2 und anlage 4", ["3.2", "4"]),
        ("section 4 no longer applies", ["4"]),
        ("section is", []),
        ("intersection 4", []),
        ("version 12.3", []),
    ],
)
def test_named_parts(text: str, marks: list[str]) -> None:
    assert mentioned(text) == marks


@pytest.mark.parametrize("other", ["section 12.30", "section 112.3", "section 1.12.3", "12.30 termination", "section 12.3.1"])
def test_another_number_is_another_part(other: str) -> None:
    assert "12.3" not in held(other)


def test_a_passage_holds_what_it_begins_and_what_its_references_lie_in() -> None:
    assert held("12.3 termination\nby notice") == ["12.3"]
    assert held("12. term\n  7.1(a) either party") == ["12", "7.1(a)", "7.1"]
    assert held("see § 4 abs. 2") == ["4(2)", "4"]
    assert held("in 2024 the fee was 12.3 percent") == []


def test_a_long_text_takes_no_longer_than_its_length_warrants() -> None:
    started = time.process_time()
    for text in ("1." * 100_000, "section " * 30_000, "§" * 200_000, "section 1" + "(a)" * 60_000, "\n" * 200_000, " " * 200_000):
        held(text)
    assert time.process_time() - started < 5
