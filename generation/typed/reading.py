"""What a model wrote, held against the document: the typed value that follows from the words found there, or why there is none.

The model's JSON may be anything. Its words only lead to the document's own, and its value only chooses among what those say:
a date, an amount and a name are read off the quote, yes or no needs the quote's agreement, a clause is the quote.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from core.types import Context, Quote
from generation.citations import Evidence
from generation.hostile import withhold
from generation.locate import Concordance, paragraph
from generation.typed import amounts, dates, polarity
from generation.typed.question import Money, Question, Value
from generation.words import tokens

NOTHING_COPIED = "The model found no words in the passages that answer this."
NO_EVIDENCE = "The words that the model gives as its source speak to a model, or only ask: they are no evidence."
NOT_THERE = "The words that the model gives as its source stand nowhere in the passages."
_SHORT_FORM = re.compile(r"\b(?:Inc|Ltd|Corp|Co|L\.P|L\.L\.C|N\.V|B\.V|S\.A|S\.p\.A|Pty|Jr|Sr|Bros)$", re.IGNORECASE)
ROLES = frozenset(
    tokens(
        "agreement party parties company consultant contractor client customer supplier vendor distributor reseller licensor"
        " licensee franchisor franchisee buyer seller purchaser lessor lessee landlord tenant lender borrower employer employee"
        " manufacturer owner agent advisor service provider other both each we you"
    )
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and the words it follows from, or no value and why; ``is_absent`` if the model found nothing to copy."""

    value: Value | None
    quotes: tuple[Quote, ...]
    reason: str
    alternatives: tuple[Value, ...] = ()
    is_absent: bool = False


@dataclass(frozen=True)
class Habits:
    """How the passages write dates and amounts: told from all of their text, and once, however many sentences are read."""

    text: str
    language: str

    @cached_property
    def day_first(self) -> bool | None:
        """Tell whether the day stands before the month; None if nothing tells."""
        return dates.order_of([self.text], self.language)

    @cached_property
    def dollar(self) -> str | None:
        """Tell which dollar is meant."""
        return amounts.told_dollar(self.text)


def read(question: Question, written: Any, passages: Concordance, context: Context, language: str) -> Reading:
    """Make a typed value of what the model wrote; whatever that is, a value comes with quotes that it follows from."""
    fields = written if isinstance(written, dict) else {}
    copied = _texts(fields.get("quotes") if question.kind == "clause" else [fields.get("quote")])
    if not any(text.strip() for text in copied):
        return Reading(None, (), NOTHING_COPIED, is_absent=True)
    habits = Habits(passages.text, language)
    found = _outermost(quote for text in copied for quote in passages.find(text))
    quotes = tuple(quote for quote in found if _testify([quote]))
    if question.kind == "text":
        return _text(question, fields.get("answer"), quotes, context, language)
    if not found and question.kind in {"date", "amount"}:
        quotes = _only_bearer(question, fields, passages.sentences(), habits)
    if not quotes:
        return Reading(None, (), NO_EVIDENCE if found else NOT_THERE)
    return _value(question, fields, quotes, habits)


def _value(question: Question, fields: Mapping[str, Any], quotes: tuple[Quote, ...], habits: Habits) -> Reading:
    match question.kind:
        case "yes_no":
            return _yes_no(question, fields.get("answer"), quotes, habits.language)
        case "date":
            return _date(fields.get("date"), quotes, habits)
        case "amount":
            return _amount(fields.get("amount"), quotes, habits)
        case "party":
            return _party(_texts(fields.get("names")), quotes)
        case _:
            return _clause(question, quotes)


def _only_bearer(question: Question, fields: Mapping[str, Any], sentences: Iterable[Quote], habits: Habits) -> tuple[Quote, ...]:
    """Find the sentence that holds the value which the model named, where its words stand nowhere; none if two do."""
    evidence = [quote for quote in sentences if _testify([quote])]
    bearing = [quote for quote in evidence if _value(question, fields, (quote,), habits).value is not None]
    return tuple(bearing) if len(bearing) == 1 else ()


def _yes_no(question: Question, answer: Any, quotes: tuple[Quote, ...], language: str) -> Reading:
    if answer not in ("yes", "no"):  # a tuple: what the model wrote need not be hashable
        return Reading(None, quotes, "The model wrote neither yes nor no.")
    for quote in quotes:
        says = polarity.answer_of(question.text, quote.text, language)
        if says is not None and says == (answer == "yes"):
            return Reading(says, (quote,), f"These words {'affirm' if says else 'deny'} it.")
        if says is not None:
            return Reading(None, (quote,), f"The model reads “{answer}” off these words, which seem to say the opposite.")
    return Reading(None, quotes, f"The model reads “{answer}” off these words, and they do not tell so by themselves.")


def _date(told: Any, quotes: tuple[Quote, ...], habits: Habits) -> Reading:
    wanted = {form for found in dates.dates(_text_of(told), day_first=habits.day_first) for form in found.readings}
    if not wanted:
        return Reading(None, quotes, "These words give no calendar date." if told else "The model named no date.")
    for quote in quotes:
        for found in dates.dates(quote.text, day_first=habits.day_first):
            if any(form.startswith(begun) for form in found.readings for begun in wanted):
                return _dated(found, quote)
    return Reading(None, quotes, "The date that the model named does not stand in the words it named as its source.")


def _dated(found: dates.Dated, quote: Quote) -> Reading:
    if len(found.readings) == 1:
        return Reading(found.readings[0], (quote,), "The date stands in these words.")
    written = quote.text[found.start : found.end]
    either = " or ".join(found.readings)
    return Reading(None, (quote,), f"“{written}” can be {either}, and nothing in the passages tells which.", found.readings)


def _amount(told: Any, quotes: tuple[Quote, ...], habits: Habits) -> Reading:
    wanted = amounts.amounts(_text_of(told), habits.language)
    if not wanted:
        return Reading(None, quotes, "The model named no amount.")
    standing = [(found, quote) for quote in quotes for found in amounts.amounts(quote.text, habits.language)]
    agreeing = [pair for pair in standing if any(amounts.agree(one, pair[0]) for one in wanted)]
    if not agreeing:
        return Reading(None, quotes, "The amount that the model named does not stand in the words it named as its source.")
    found, quote = max(agreeing, key=lambda pair: (pair[0].currency is not None, pair[0].unit is not None))
    found = amounts.in_dollars(found, habits.dollar)
    return Reading(Money(found.plain, found.currency, found.unit), (quote,), "The amount stands in these words.")


def _party(names: Sequence[str], quotes: tuple[Quote, ...]) -> Reading:
    named = [(name, quote) for told in names if (placed := _named(told, quotes)) for name, quote in [placed]]
    if not named:
        return Reading(None, quotes, "No name that the model gave stands in the words it named as its source.")
    kept = tuple(dict.fromkeys(name for name, _ in named))
    return Reading(kept, _outermost(quote for _, quote in named), "Each name stands in these words.")


def _named(told: str, quotes: Iterable[Quote]) -> tuple[str, Quote] | None:
    """Find a name in the quotes, as it is written there."""
    for quote in quotes:
        cut = replace(quote.hit, text=quote.text, start=quote.start, end=quote.end)
        place = Concordance([cut]).place(told)
        if place and _is_name(place.text):
            return _written(place, quote), quote
    return None


def _written(place: Quote, quote: Quote) -> str:
    """Give a name on one line, with the full stop of "Inc."."""
    name = " ".join(place.text.split())
    after = quote.text[place.end - quote.start :][:1]
    return name + after if after == "." and _SHORT_FORM.search(name) else name


def _is_name(found: str) -> bool:
    """Tell whether it is written like a name, and is more than what a contract calls a party ("the Company")."""
    is_large = any(char.isupper() or (char.isalpha() and not char.islower()) for char in found)
    return is_large and not set(tokens(found)) <= ROLES


def _clause(question: Question, quotes: tuple[Quote, ...]) -> Reading:
    speaking = [q for q in quotes if polarity.about(question.text, f"{' '.join(q.hit.heading_path)} {q.text}") is not None]
    if not speaking:
        return Reading(None, quotes, "The model names these words, which share none with the question: read them.")
    whole = _outermost(wide if _testify([wide := paragraph(quote)]) else quote for quote in speaking)
    return Reading(tuple(quote.text for quote in whole), whole, "These words are the clause, to the letter.")


def _text(question: Question, told: Any, quotes: tuple[Quote, ...], context: Context, language: str) -> Reading:
    answer = " ".join(_text_of(told).split())
    if not answer or (question.options and answer not in question.options):
        return Reading(None, quotes, "The model wrote no answer." if not answer else "The model chose none of the options.")
    for quote in quotes:
        if polarity.bears(answer, quote.text, question.text, language) and _supports(quote, answer, question.text):
            return Reading(answer, (quote,), "These words support the answer.")
    check = Evidence(context).check(answer)
    found = tuple(Quote(quote.hit, quote.start, quote.end) for quote in check.quotes)
    borne = any(polarity.bears(answer, quote.text, question.text, language) for quote in found)
    if check.verdict == "supported" and borne and _testify(found):
        return Reading(answer, found, "These words support the answer.")
    return Reading(None, quotes, "No words of the passages support what the model wrote.")


def _supports(quote: Quote, answer: str, question: str) -> bool:
    """Tell whether one quote alone supports an answer, its numbers and names included."""
    hit = replace(quote.hit, text=quote.text, start=quote.start, end=quote.end, heading_path=(), title="")
    words = set(tokens(answer))
    if words and words <= set(tokens(quote.text)) and not polarity.denies(answer, quote.text):
        return True
    return Evidence(Context(question, (hit,))).check(answer).verdict == "supported"


def _testify(quotes: Iterable[Quote]) -> bool:
    """Tell whether quotes may be evidence: none holds what speaks to a model, and none merely asks."""
    return all(withhold.testifies(quote.hit, quote.start, quote.end) for quote in quotes)


def _outermost(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """Drop quotes that stand inside others."""
    once = dict.fromkeys(quotes)
    return tuple(q for q in once if not any(o != q and o.hit == q.hit and o.start <= q.start and q.end <= o.end for o in once))


def _text_of(told: Any) -> str:
    return told if isinstance(told, str) else ""


def _texts(told: Any) -> list[str]:
    return [text for text in told if isinstance(text, str)] if isinstance(told, list) else []
