from dataclasses import replace
from decimal import Decimal

import pytest

from generation.quantities import clock, day, measured, quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,000.00", "1000", None),
        ("$1,000", "1000", "dollar"),
        ("US$ 5", "5", "dollar"),
        ("$1.5 million", "1500000", "dollar"),
        ("$2M", "2000000", "dollar"),
        ("1.000,50", "1000.5", None),
        ("EUR 20", "20", "euro"),
        ("5%", "5", "%"),
        ("five percent", "5", "%"),
        ("-18", "-18", None),
        ("−$500", "-500", "dollar"),
        ("$-500", "-500", "dollar"),
        ("minus 18", "-18", None),
        ("thirty-five", "35", None),
        ("one hundred and twenty thousand", "120000", None),
        ("Twelve", "12", None),
    ],
)
def test_a_number_has_one_value_however_it_is_written(text: str, value: str, unit: str | None) -> None:
    found = quantity(text)
    assert (found.value, found.unit) == (Decimal(value), unit)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("1", "year"), ("12", "month"), True),
        (("2", "week"), ("14", "day"), True),
        (("1", "year"), ("365", "day"), False),
        (("30", "day"), ("30", "month"), False),
    ],
)
def test_only_units_that_convert_exactly_are_the_same(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert measured(quantity(one[0]), one[1]).is_same(measured(quantity(other[0]), other[1])) == same


def test_the_numbers_of_versions_are_no_decimals() -> None:
    old, new = (replace(quantity(text), is_label=True) for text in ("3.1", "3.10"))
    assert not new.is_same(old)
    assert not new.is_same(quantity("3.1"))
    assert new.is_same(quantity("3.10"))
    assert replace(quantity("3.0"), is_label=True).is_same(quantity("3"))
    assert quantity("3.1").is_same(quantity("3.10"))


@pytest.mark.parametrize(
    "text", ["March 3, 2020", "3 March 2020", "3rd day of March, 2020", "2020-03-03", "Mar. 3 2020", "3/3/20", "MARCH 3, 2020"]
)
def test_a_date_is_the_same_in_every_form(text: str) -> None:
    assert day(text).readings == {(2020, 3, 3)}


def test_a_part_of_a_date_agrees_with_the_whole_and_not_the_other_way_round() -> None:
    assert day("2020").is_within(day("March 3, 2020"))
    assert not day("March 3, 2020").is_within(day("March 2020"))
    assert not day("April 2020").is_within(day("March 3, 2020"))


def test_a_time_of_day_is_the_same_in_every_form() -> None:
    assert clock("4:30 p.m.") == clock("16:30") != clock("4:30 am")
    assert clock("12 PM").value == 720
