import time
from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from generation.typed.dates import LANGUAGES, dates, order_of


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("entered into this 30th day of November, 2017 by", ["2017-11-30"]),
        ("June 8, 2010", ["2010-06-08"]),
        ("the first (1st) day of January, 2007", ["2007-01-01"]),
        ("on the thirty-first day of December 2019", ["2019-12-31"]),
        ("Sept. 5th 2012", ["2012-09-05"]),
        ("8. Juni 2010", ["2010-06-08"]),
        ("8 de junio de 2010", ["2010-06-08"]),
        ("le 1er août 2011", ["2011-08-01"]),
        ("2017年11月30日", ["2017-11-30"]),
        ("2010-06-08", ["2010-06-08"]),
        ("8.6.2010", ["2010-06-08"]),
        ("12/31/34", ["2034-12-31"]),
        ("12/31/99", ["1999-12-31"]),
        ("31/12/2019", ["2019-12-31"]),
        ("5/5/2019", ["2019-05-05"]),
        ("[●] day of March, 2018", ["2018-03"]),
        ("fiscal year 2010", ["2010"]),
        ("Section 1.2.10 and $2010 and 2,010 shares and 2010-11 and page 12", []),
        ("June 31, 2010 or 2010-02-30", ["2010"]),
        ("the tenth day after notice", []),
    ],
)
def test_a_date_is_read_as_far_as_it_is_told(text: str, readings: list[str]) -> None:
    found = dates(text)
    assert [reading for one in found for reading in one.readings] == readings
    assert all(text[one.start : one.end].strip() for one in found)


def test_digits_that_may_mean_two_days_have_two_readings_unless_the_order_is_known() -> None:
    assert dates("03/04/2010")[0].readings == ("2010-03-04", "2010-04-03")
    assert dates("03/04/2010", day_first=True)[0].readings == ("2010-04-03",)
    assert dates("03/04/2010", day_first=False)[0].readings == ("2010-03-04",)


def test_the_order_of_day_and_month_is_read_off_dates_that_have_one_only_else_off_the_language() -> None:
    assert order_of(["from 13/01/2020", "to 02/03/2021"], "en") is True
    assert order_of(["from 01/13/2020", "to 02/03/2021"], "de") is False
    assert order_of(["from 01/13/2020 to 13/01/2021"], "en") is None
    assert (order_of(["02/03/2021"], "fr"), order_of(["02/03/2021"], "en")) == (True, None)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(LANGUAGES), st.sampled_from(["long", "medium"]))
def test_what_unicode_writes_as_a_date_in_any_of_the_languages_is_read_as_that_date(day: date, language: str, form: str) -> None:
    written = format_date(day, format=form, locale=language)
    assert day.isoformat() in {reading for found in dates(f"({written})", day_first=True) for reading in found.readings}


@pytest.mark.parametrize("text", [" " * 50_000, "june " * 10_000, "1," * 20_000, "1 of de of " * 5_000, "1/" * 20_000])
def test_no_text_keeps_it_long(text: str) -> None:
    started = time.process_time()
    dates(text)
    assert time.process_time() - started < 5
