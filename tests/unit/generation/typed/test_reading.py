"""What a model may write, type by type, and what the document makes of it."""

from typing import Any

import pytest

from core.types import Context
from generation.locate import Concordance
from generation.typed import dates
from generation.typed.question import Kind, Money, Question
from generation.typed.reading import NOT_THERE, Reading, read
from tests.fakes_generation import hit

PARTIES = (
    'This agreement is made this 30th day of November, 2017 between Bravatek Solutions, Inc., a corporation ("Bravatek"), and'
    ' Sibannac Ltd ("COMPANY").'
)
ASSIGN = "Neither party may assign this Agreement without the prior written consent of the other."
FEE = "COMPANY shall pay a fee of $1,500.00 and 5% of its sales. All sums are in U.S. dollars."
LAW = "It is governed by the laws of the State of Texas."
TERM = "It ends on 03/04/2019, or five years after it began."
TEXT = "\n\n".join((PARTIES, ASSIGN, FEE, LAW, TERM))


def reading(kind: Kind, question: str, written: Any, *, options: tuple[str, ...] = (), language: str = "en") -> Reading:
    passages = [hit(TEXT, start=7)]
    asked = Question("1", question, kind, options)
    return read(asked, written, Concordance(passages), Context(question, tuple(passages)), language)


def quoted(made: Reading) -> list[str]:
    return [quote.text for quote in made.quotes]


def test_a_date_is_the_one_of_the_quote_in_iso_form() -> None:
    made = reading("date", "When was it made?", {"quote": "made this 30th day of November, 2017", "date": "November 30, 2017"})
    assert (made.value, quoted(made)) == ("2017-11-30", [PARTIES])


def test_a_date_that_the_quote_does_not_hold_is_not_told() -> None:
    made = reading("date", "When was it made?", {"quote": "made this 30th day of November, 2017", "date": "30 October 2017"})
    assert (made.value, quoted(made)) == (None, [PARTIES])
    assert "does not stand" in made.reason


def test_a_date_or_an_amount_whose_quote_stands_nowhere_has_the_one_sentence_that_holds_it() -> None:
    made = reading("date", "When was it made?", {"quote": "dated 2017-11-30", "date": "2017-11-30"})
    assert (made.value, quoted(made)) == ("2017-11-30", [PARTIES])
    made = reading("amount", "Which fee?", {"quote": "the fee is 1500 dollars", "amount": "1500 dollars"})
    assert quoted(made) == [FEE.partition(" All")[0]]
    twice = hit(f"{PARTIES} {PARTIES}")
    asked, written = Question("1", "When?", "date"), {"quote": "dated 2017-11-30", "date": "2017-11-30"}
    assert read(asked, written, Concordance([twice]), Context("When?", (twice,)), "en").value is None


def test_a_date_that_can_be_two_is_not_told_and_both_are() -> None:
    made = reading("date", "When does it end?", {"quote": "It ends on 03/04/2019", "date": "03/04/2019"})
    assert (made.value, made.alternatives) == (None, ("2019-03-04", "2019-04-03"))
    assert "“03/04/2019” can be 2019-03-04 or 2019-04-03" in made.reason
    made = reading("date", "When does it end?", {"quote": "It ends on 03/04/2019", "date": "03/04/2019"}, language="fr")
    assert made.value == "2019-04-03"


def test_a_time_span_is_no_date() -> None:
    made = reading("date", "When does it end?", {"quote": "five years after it began", "date": "five years after it began"})
    assert (made.value, made.reason) == (None, "These words give no calendar date.")


def test_an_amount_is_a_decimal_number_in_the_currency_the_document_tells() -> None:
    made = reading("amount", "What is the fee?", {"quote": "a fee of $1,500.00", "amount": "$1,500"})
    assert made.value == Money("1500.00", "USD", "$")
    made = reading("amount", "Which share?", {"quote": "5% of its sales", "amount": "5 percent"})
    assert made.value == Money("5", None, "%")


@pytest.mark.parametrize("amount", ["$1,600", "", "a lot", "€1,500", "1,500.00%"])
def test_an_amount_that_the_quote_does_not_hold_is_not_told(amount: str) -> None:
    made = reading("amount", "What is the fee?", {"quote": "a fee of $1,500.00", "amount": amount})
    assert (made.value, quoted(made)) == (None, [FEE.partition(" All")[0]])


def test_parties_are_named_as_the_quote_names_them_and_roles_and_strangers_are_left_out() -> None:
    names = ["Bravatek Solutions, Inc.", "SIBANNAC LTD", "COMPANY", "Acme Corp.", "corporation"]
    made = reading("party", "Who are the parties?", {"quote": PARTIES[30:110], "names": names})
    assert (made.value, quoted(made)) == (("Bravatek Solutions, Inc.", "Sibannac Ltd"), [PARTIES])
    assert reading("party", "Who?", {"quote": LAW, "names": names}).value is None


def test_yes_or_no_needs_the_agreement_of_the_quote() -> None:
    question = "May it be assigned without consent?"
    assert reading("yes_no", question, {"quote": "Neither party may assign", "answer": "no"}).value is False
    wrong = reading("yes_no", question, {"quote": "may assign this Agreement", "answer": "yes"})
    assert (wrong.value, quoted(wrong)) == (None, [ASSIGN])
    assert "opposite" in wrong.reason
    assert reading("yes_no", question, {"quote": LAW, "answer": "yes"}).value is None
    assert reading("yes_no", question, {"quote": ASSIGN, "answer": "perhaps"}).value is None


def test_a_clause_is_the_paragraph_to_the_letter() -> None:
    made = reading("clause", "Assignment", {"quotes": ["may assign this agreement", "Neither party may assign", LAW]})
    assert (made.value, quoted(made)) == ((ASSIGN,), [ASSIGN])
    assert reading("clause", "Insurance", {"quotes": [ASSIGN]}).value is None


def test_a_text_is_what_the_words_support() -> None:
    assert reading("text", "Which law governs?", {"quote": LAW, "answer": "Texas"}).value == "Texas"
    made = reading("text", "Which law governs?", {"quote": LAW, "answer": "Ohio"})
    assert (made.value, quoted(made)) == (None, [LAW])
    denied = {"quote": ASSIGN, "answer": "Either party may assign this Agreement."}
    assert reading("text", "Who may assign?", denied).value is None


def test_a_text_whose_quote_stands_nowhere_is_supported_by_other_words_or_not_told() -> None:
    made = reading("text", "Which law governs?", {"quote": "Texan law applies", "answer": "The laws of the State of Texas."})
    assert quoted(made) == [LAW]
    assert reading("text", "Which law governs?", {"quote": "Ohioan law applies", "answer": "Ohio"}).value is None


def test_with_options_the_answer_is_one_of_them() -> None:
    options = ("Texas", "Nevada")
    assert reading("text", "Which law?", {"quote": LAW, "answer": "Texas"}, options=options).value == "Texas"
    assert reading("text", "Which law?", {"quote": LAW, "answer": "Nevada"}, options=options).value is None
    assert reading("text", "Which law?", {"quote": LAW, "answer": "State of Texas"}, options=options).value is None


@pytest.mark.parametrize("written", [None, [], "x", {}, {"quote": ""}, {"quote": " \n"}, {"quote": 7}, {"quotes": [None, ""]}])
def test_where_nothing_is_copied_the_answer_is_absent(written: Any) -> None:
    for kind in ("date", "clause", "text"):
        made = reading(kind, "When?", written)  # type: ignore[arg-type]
        assert (made.value, made.is_absent, made.quotes) == (None, True, ())


def test_words_that_stand_nowhere_carry_no_value() -> None:
    made = reading("date", "When?", {"quote": "signed on the first of May 2010", "date": "May 1, 2010"})
    assert (made.value, made.reason, made.is_absent) == (None, NOT_THERE, False)


def test_how_dates_are_written_is_told_once_however_many_sentences_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dates, "order_of", lambda texts, language: asked.append(language))
    passages = [hit(" ".join(f"It was paid on {day} May 2019." for day in range(1, 29)))]
    question, written = Question("1", "When?", "date"), {"quote": "dated May 7, 2019", "date": "May 7, 2019"}
    made = read(question, written, Concordance(passages), Context("When?", tuple(passages)), "en")
    assert (made.value, asked) == ("2019-05-07", ["en"])


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("Which law governs?", "This agreement is not governed by the law of Delaware.", "Delaware"),
        ("Which law governs?", "It is governed by the law of New York, not by the law of Delaware.", "Delaware"),
        ("Which law governs?", "Acme is a Delaware corporation.", "Delaware"),
        ("Who is liable?", "Neither Acme nor Bravo is liable.", "Acme"),
    ],
)
@pytest.mark.parametrize("options", [(), ("Delaware", "New York", "Acme")])
@pytest.mark.parametrize("copied", [True, False])
def test_no_short_answer_is_read_off_words_that_deny_it_or_speak_of_something_else(
    question: str, sentence: str, answer: str, options: tuple[str, ...], copied: bool
) -> None:
    passages = [hit(sentence)]
    written = {"quote": sentence if copied else "something of its own", "answer": answer}
    asked, context = Question("1", question, "text", options), Context(question, tuple(passages))
    made = read(asked, written, Concordance(passages), context, "en")
    assert made.value is None
    assert "No words of the passages support" in made.reason


def test_a_short_answer_is_read_off_the_clause_that_affirms_it() -> None:
    passages = [hit("It is not governed by the law of Delaware but by the law of New York, without regard to conflicts of laws.")]
    asked, context = Question("1", "Which law governs?", "text", ("Delaware", "New York")), Context("?", tuple(passages))
    written = {"quote": passages[0].text, "answer": "New York"}
    assert read(asked, written, Concordance(passages), context, "en").value == "New York"
