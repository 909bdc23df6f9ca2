import time
from decimal import Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from generation.typed.amounts import amounts, in_dollars, told_dollar

Told = tuple[str, str | None, str | None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("US$ 1.5 million", ("1500000", "USD", "US$")),
        ("one million dollars ($1,000,000)", ("1000000", None, "$")),
        ("$20.50", ("20.50", None, "$")),
        ("$5m", ("5000000", None, "$")),
        ("USD 2bn", ("2000000000", "USD", "USD")),
        ("1,000 euros", ("1000", "EUR", "euros")),
        ("EUR 1.234.567,89", ("1234567.89", "EUR", "EUR")),
        ("1.000 €", ("1000", "EUR", "€")),
        ("CHF 10'000.–", ("10000", "CHF", "CHF")),
        ("10 million pounds sterling", ("10000000", "GBP", "pounds sterling")),
        ("2,500 Canadian dollars", ("2500", "CAD", "Canadian dollars")),
        ("$ 100,000 US dollars", ("100000", "USD", "US dollars")),
        ("thirty percent (30%)", ("30", None, "%")),
        ("12 months", ("12", None, None)),
        ("The balance is -500 dollars.", ("-500", None, "dollars")),
        ("The balance is −$500.", ("-500", None, "$")),
        ("The balance is $-500.", ("-500", None, "$")),
        ("€ -1.234,50", ("-1234.50", "EUR", "€")),
        ("-500 dollars", ("-500", None, "dollars")),
        ("minus 500 dollars", ("-500", None, "dollars")),
        ("Net loss was ($1,500).", ("-1500", None, "$")),
        ("| (1,500) |", ("-1500", None, None)),
        ("The fee ($500) is due.", ("500", None, "$")),
        ("Owed:\n-500 dollars of rent", ("500", None, "dollars")),
        ("Owed:\n  -500 dollars of rent", ("500", None, "dollars")),
        ("Page -5-", ("5", None, None)),
        ("a 30-day term", ("30", None, None)),
    ],
)
def test_an_amount_is_told_with_the_currency_it_is_told_in(text: str, told: Told) -> None:
    (found,) = amounts(text)
    assert (found.plain, found.currency, found.unit) == told


def test_a_range_holds_no_negative_amount() -> None:
    assert [a.plain for a in amounts("10-20 dollars, $10-$20, 10 - 20, 10 -20, COVID-19")][:8] == ["10", "20"] * 4


def test_marks_are_read_as_the_document_s_language_writes_them() -> None:
    assert [a.plain for a in amounts("1.500 Euro; 1,5 Mio. EUR; 2.000,00 US-Dollar; 1.500 Stück", "de")] == [
        "1500",
        "1500000",
        "2000.00",
        "1500",
    ]
    assert [a.plain for a in amounts("1.500 shares", "en")] == ["1.500"]


def test_a_bare_dollar_is_the_one_that_the_document_names_if_it_names_one() -> None:
    (bare,) = amounts("$5")
    assert told_dollar("All sums are in U.S. dollars. It costs $5.") == "USD"
    assert in_dollars(bare, "USD").currency == "USD"
    assert told_dollar("US$ 5 or 7 Canadian dollars") is None
    (euros,) = amounts("€5")
    assert in_dollars(euros, "USD").currency == "EUR"


@given(
    st.decimals(0, 10**9, places=2, allow_nan=False, allow_infinity=False),
    st.sampled_from(["EUR", "GBP", "CAD", "INR", "CHF"]),
    st.sampled_from(["en", "de", "fr", "es", "it", "pt", "nl"]),
)
def test_what_unicode_writes_as_an_amount_is_read_as_that_amount(number: Decimal, currency: str, language: str) -> None:
    written = format_currency(number, currency, locale=language)
    found = [(a.number, a.currency) for a in amounts(written, language)]
    assert (number, currency) in found, written


@pytest.mark.parametrize("text", ["1,000," * 10_000, " " * 50_000 + "1" * 50_000, "USD " * 10_000, "$1 " * 5_000])
def test_no_text_keeps_it_long(text: str) -> None:
    started = time.process_time()
    amounts(text)
    assert time.process_time() - started < 5
