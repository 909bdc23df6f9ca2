"""What a word is: parts and wholes, in every script, and the same for plain text as for any other."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.lexical.tokens import ASCII_RUN, MAX_TOKEN_CHARS, RUN, fold, is_spaceless, runs, take_apart


def tokens(text: str) -> list[tuple[tuple[str, ...], str | None]]:
    return [tuple(take_apart(run)) for run in runs(fold(text))]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        ("AB-1234/5", ("ab", "1234", "5"), "ab-1234/5"),
        ("12.3", ("12", "3"), "12.3"),
        ("O'Neill", ("o", "neill"), "o'neill"),
        ("O’Neill’s", ("o", "neill"), "o'neill"),
        ("S.p.A.", ("s", "p", "a"), "s.p.a"),
        ("10-K", ("10", "k"), "10-k"),
        ("someone@example.org", ("someone", "example", "org"), "someone@example.org"),
        ("1,000.50", ("1", "000", "50"), "1,000.50"),
        ("C++", ("c",), "c++"),
        ("Straße", ("strasse",), None),
        ("ＡＢ", ("ab",), None),
        ("हिन्दी", ("हिन्दी",), None),
        ("company's", ("company",), None),
    ],
)
def test_joined_words_are_one_token_besides_their_parts(text: str, parts: tuple[str, ...], whole: str | None) -> None:
    assert tokens(text) == [(parts, whole)]


def test_punctuation_between_words_joins_nothing() -> None:
    joined = [parts for parts, _ in tokens("one, two; (three) - four. Five")]
    assert joined == [(w,) for w in ["one", "two", "three", "four", "five"]]


def test_writing_without_spaces_is_a_run_of_its_own() -> None:
    assert [(run, is_spaceless(run)) for run in runs(fold("机器学习abc税"))] == [("机器学习", True), ("abc", False), ("税", True)]


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_is_cut_alike_by_both_patterns(text: str) -> None:
    assert ASCII_RUN.findall(fold(text)) == RUN.findall(fold(text))


@settings(deadline=None)
@given(st.text())
def test_any_text_is_cut_into_short_tokens_without_spaces(text: str) -> None:
    for run in runs(fold(text)):
        parts, whole = take_apart(run) if not is_spaceless(run) else ((run[:1],), None)
        for token in [*parts, whole or "x"]:
            assert 0 < len(token) <= MAX_TOKEN_CHARS
            assert not any(map(str.isspace, token))


def test_a_long_text_takes_no_longer_than_its_length_warrants() -> None:
    started = time.process_time()
    for text in ("a" * 200_000, "a-" * 100_000, "税" * 200_000, "a'" * 100_000, "1." * 100_000, "é" * 200_000):
        [take_apart(run) for run in runs(fold(text)) if not is_spaceless(run)]
    assert time.process_time() - started < 5
