import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.sentences import MAX_CHARS, least_end, next_end, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there! Is three?", ["One is here.", "Two is there!", "Is three?"]),
        ('He said "stop." Then he went.', ['He said "stop."', "Then he went."]),
        ("Made by Lucid Inc. and Acme Corp. of New York.", ["Made by Lucid Inc. and Acme Corp. of New York."]),
        ("It costs 3.5 dollars, i.e. little. See No. 7 of it.", ["It costs 3.5 dollars, i.e. little.", "See No. 7 of it."]),
        ("broken over\ntwo lines of print.\n\nNext paragraph", ["broken over\ntwo lines of print.", "Next paragraph"]),
        ("You need:\n- a badge\n- a laptop\n1. then go", ["You need:", "- a badge", "- a laptop", "1. then go"]),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        (
            "Date | Item\nDate: 1 May | Item: start\nDate: 2 May | Item: end",
            ["Date | Item", "Date: 1 May | Item: start", "Date: 2 May | Item: end"],
        ),
        ("年假三天。病假十天。", ["年假三天。", "病假十天。"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_long_sentence_is_cut_into_clauses_at_its_marks() -> None:
    clause = "the Distributor shall keep all records of every sale it makes under this Agreement"
    parts = cut("; ".join([clause] * 9) + ".")
    assert all(len(part) <= MAX_CHARS for part in parts)
    assert all(part.startswith("the Distributor") for part in parts)


@given(st.text(alphabet=st.sampled_from("aB1 .!?\n\t-|()\"'。年;,"), max_size=900) | st.text(max_size=900))
def test_every_character_but_space_is_in_exactly_one_short_sentence(text: str) -> None:
    ranges = sentences(text)
    assert all(start < end <= start + MAX_CHARS for start, end in ranges)
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))
    assert all(text[start:end] == text[start:end].strip() for start, end in ranges)
    assert "".join("".join(text[start:end].split()) for start, end in ranges) == "".join(text.split())


MARKED = st.text(alphabet="_*#|[]\n\t 1aAc.!。)“-", max_size=60)


@settings(max_examples=1000)
@given(MARKED, MARKED)
def test_what_is_told_of_a_growing_text_stays_true_however_it_grows(text: str, more: str) -> None:
    whole = text + more
    ends = [next_end(whole), next_end(whole, grows=True), len(whole.rstrip())]
    told = next_end(text, grows=True)
    if told is None:
        assert least_end(text) <= next(end for end in (ends[0], ends[2]) if end is not None)
    else:
        assert ends[:2] == [told, told]


@pytest.mark.parametrize("run", [" ", ".", "。", ")", "(", "\n", " \n", "| ", "A. ", ". ", "\n|", "a\n", "x", "1."])
def test_hostile_text_takes_no_longer_than_its_length(run: str) -> None:
    started = time.process_time()
    for text in (run * (100_000 // len(run)), "a. B" + run * (100_000 // len(run)) + "a"):
        sentences(text)
    assert time.process_time() - started < 2


def test_a_sentence_is_known_to_end_once_the_next_begins() -> None:
    assert next_end("It is paid. ") is None
    assert next_end("It is paid. Y") == len("It is paid.")
    assert next_end("It is paid. Y", 11) is None
