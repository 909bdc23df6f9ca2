"""What counts as a correct answer, and what does not though it looks like one."""

import doctest

import pytest

from evaluation.answers import correctness
from evaluation.answers.correctness import NOTHING, judge

LONG = (
    "Seasonality, in which data experiences regular and predictable changes which recur every calendar year, is the method of"
    " forecasting, where averages are used to calculate the seasonal index of the season."
)
NEAR = (
    "Seasonality uses averages to calculate a seasonal index for data whose regular and predictable changes recur each year; it"
    " is used in forecasting."
)
OTHER = "The forecast for tomorrow is rain, and the meteorological office advises the public to carry umbrellas at all times."


def test_examples_in_the_docstrings_hold() -> None:
    results = doctest.testmod(correctness)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("You can carry over 240 hours of annual leave.", "240 hours", True),
        ("You can carry over 204 hours of annual leave.", "240 hours", False),
        ("You can carry over hours of annual leave.", "240 hours", False),
        ("It is 17 October 2025.", "October 17, 2025", True),
        ("It is 18 October 2025.", "October 17, 2025", False),
        ("Start two weeks before you leave.", "at least two weeks", True),
        ("Within one hour.", "within 1 hour", True),
        ("The law of the State of Nevada governs.", "Nevada", True),
        ("The law of the State of Utah governs.", "Nevada", False),
        ("Yes, you may.", "Yes", True),
        ("You may say yes to it.", "Yes", False),
        ("There is no fee, yes.", "No", False),
        (NEAR, LONG, True),
        (OTHER, LONG, False),
        ("", "240 hours", False),
        ("240 hours", "", False),
    ],
)
def test_correct_or_not(answer: str, gold: str, expected: bool) -> None:
    assert judge(answer, [gold]).correct is expected


def test_the_best_of_several_right_answers_counts() -> None:
    found = judge("a fortnight", ["two weeks", "a fortnight"])
    assert (found.correct, found.contained, found.token_f1) == (True, 1.0, 1.0)


def test_without_a_right_answer_nothing_is_correct() -> None:
    assert judge("something", []) == NOTHING


def test_f1_is_that_of_squad() -> None:
    assert judge("The notice is 90 days.", ["90 days"]).token_f1 == pytest.approx(2 * 2 / (4 + 2))
