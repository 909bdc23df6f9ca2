"""What a model wrote, held against the document: the typed value that follows from the words found there, or why there is none.

The model's JSON may be anything. Its words only lead to the document's own, and its value only chooses among what those say:
a date, an amount and a name are read off the quote, yes or no needs the quote's agreement, a clause is the quote.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.types import Context
from generation.citations import Evidence
from generation.locate import Excerpt, Passages, paragraph
from generation.typed import amounts, dates, polarity
from generation.typed.question import Money, Question, Value
from generation.words import tokens

NOTHING_COPIED = "The model found no words in the passages that answer this."
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
    excerpts: tuple[Excerpt, ...]
    reason: str
    alternatives: tuple[Value, ...] = ()
    is_absent: bool = False


def read(question: Question, written: Any, passages: Passages, context: Context, language: str) -> Reading:
    """Make a typed value of what the model wrote; whatever that is, a value comes with excerpts that it follows from."""
    fields = written if isinstance(written, dict) else {}
    copied = _texts(fields.get("quotes") if question.kind == "clause" else [fields.get("quote")])
    if not any(text.strip() for text in copied):
        return Reading(None, (), NOTHING_COPIED, is_absent=True)
    excerpts = _outermost(excerpt for text in copied for excerpt in passages.find(text))
    if question.kind == "text":
        return _text(question, fields.get("answer"), excerpts, context)
    if not excerpts:
        return Reading(None, (), NOT_THERE)
    return _value(question, fields, excerpts, passages, language)


def _value(
    question: Question, fields: Mapping[str, Any], excerpts: tuple[Excerpt, ...], passages: Passages, language: str
) -> Reading:
    match question.kind:
        case "yes_no":
            return _yes_no(question, fields.get("answer"), excerpts, language)
        case "date":
            return _date(fields.get("date"), excerpts, passages, language)
        case "amount":
            return _amount(fields.get("amount"), excerpts, passages, language)
        case "party":
            return _party(_texts(fields.get("names")), excerpts)
        case _:
            return _clause(question, excerpts)


def _yes_no(question: Question, answer: Any, excerpts: tuple[Excerpt, ...], language: str) -> Reading:
    if answer not in ("yes", "no"):  # a tuple: what the model wrote need not be hashable
        return Reading(None, excerpts, "The model wrote neither yes nor no.")
    for excerpt in excerpts:
        says = polarity.answer_of(question.text, excerpt.text, language)
        if says is not None and says == (answer == "yes"):
            return Reading(says, (excerpt,), f"These words {'affirm' if says else 'deny'} it.")
        if says is not None:
            return Reading(None, (excerpt,), f"The model reads “{answer}” off these words, which seem to say the opposite.")
    return Reading(None, excerpts, f"The model reads “{answer}” off these words, and they do not tell so by themselves.")


def _date(told: Any, excerpts: tuple[Excerpt, ...], passages: Passages, language: str) -> Reading:
    day_first = dates.order_of([passages.text], language)
    wanted = {form for found in dates.dates(_text_of(told), day_first=day_first) for form in found.readings}
    if not wanted:
        return Reading(None, excerpts, "These words give no calendar date." if told else "The model named no date.")
    for excerpt in excerpts:
        for found in dates.dates(excerpt.text, day_first=day_first):
            if any(form.startswith(begun) for form in found.readings for begun in wanted):
                return _dated(found, excerpt)
    return Reading(None, excerpts, "The date that the model named does not stand in the words it named as its source.")


def _dated(found: dates.Dated, excerpt: Excerpt) -> Reading:
    if len(found.readings) == 1:
        return Reading(found.readings[0], (excerpt,), "The date stands in these words.")
    written = excerpt.text[found.start : found.end]
    either = " or ".join(found.readings)
    return Reading(None, (excerpt,), f"“{written}” can be {either}, and nothing in the passages tells which.", found.readings)


def _amount(told: Any, excerpts: tuple[Excerpt, ...], passages: Passages, language: str) -> Reading:
    wanted = amounts.amounts(_text_of(told), language)
    if not wanted:
        return Reading(None, excerpts, "The model named no amount.")
    standing = [(found, excerpt) for excerpt in excerpts for found in amounts.amounts(excerpt.text, language)]
    agreeing = [pair for pair in standing if any(amounts.agree(one, pair[0]) for one in wanted)]
    if not agreeing:
        return Reading(None, excerpts, "The amount that the model named does not stand in the words it named as its source.")
    found, excerpt = max(agreeing, key=lambda pair: (pair[0].currency is not None, pair[0].unit is not None))
    found = amounts.in_dollars(found, amounts.told_dollar(passages.text))
    return Reading(Money(found.plain, found.currency, found.unit), (excerpt,), "The amount stands in these words.")


def _party(names: Sequence[str], excerpts: tuple[Excerpt, ...]) -> Reading:
    named = [(name, excerpt) for told in names if (placed := _named(told, excerpts)) for name, excerpt in [placed]]
    if not named:
        return Reading(None, excerpts, "No name that the model gave stands in the words it named as its source.")
    kept = tuple(dict.fromkeys(name for name, _ in named))
    return Reading(kept, _outermost(excerpt for _, excerpt in named), "Each name stands in these words.")


def _named(told: str, excerpts: Iterable[Excerpt]) -> tuple[str, Excerpt] | None:
    """Find a name in the excerpts, as it is written there."""
    for excerpt in excerpts:
        cut = replace(excerpt.hit, text=excerpt.text, start=excerpt.start, end=excerpt.end)
        place = Passages([cut]).place(told)
        if place and _is_name(place.text):
            return _written(place, excerpt), excerpt
    return None


def _written(place: Excerpt, excerpt: Excerpt) -> str:
    """Give a name on one line, with the full stop of "Inc."."""
    name = " ".join(place.text.split())
    after = excerpt.text[place.end - excerpt.start :][:1]
    return name + after if after == "." and _SHORT_FORM.search(name) else name


def _is_name(found: str) -> bool:
    """Tell whether it is written like a name, and is more than what a contract calls a party ("the Company")."""
    is_large = any(char.isupper() or (char.isalpha() and not char.islower()) for char in found)
    return is_large and not set(tokens(found)) <= ROLES


def _clause(question: Question, excerpts: tuple[Excerpt, ...]) -> Reading:
    speaking = [e for e in excerpts if polarity.about(question.text, f"{' '.join(e.hit.heading_path)} {e.text}") is not None]
    if not speaking:
        return Reading(None, excerpts, "The model names these words, which share none with the question: read them.")
    whole = _outermost(paragraph(excerpt) for excerpt in speaking)
    return Reading(tuple(excerpt.text for excerpt in whole), whole, "These words are the clause, to the letter.")


def _text(question: Question, told: Any, excerpts: tuple[Excerpt, ...], context: Context) -> Reading:
    answer = " ".join(_text_of(told).split())
    if not answer or (question.options and answer not in question.options):
        return Reading(None, excerpts, "The model wrote no answer." if not answer else "The model chose none of the options.")
    for excerpt in excerpts:
        if _supports(excerpt, answer, context.question):
            return Reading(answer, (excerpt,), "These words support the answer.")
    quotes = Evidence(context).quotes_for(answer)
    if quotes and not polarity.denies(answer, " ".join(quote.text for quote in quotes)):
        found = tuple(Excerpt(quote.hit, quote.start, quote.end) for quote in quotes)
        return Reading(answer, found, "These words support the answer.")
    return Reading(None, excerpts, "No words of the passages support what the model wrote.")


def _supports(excerpt: Excerpt, answer: str, question: str) -> bool:
    """Tell whether one excerpt alone supports an answer, its numbers and names included."""
    hit = replace(excerpt.hit, text=excerpt.text, start=excerpt.start, end=excerpt.end, heading_path=(), title="")
    words = set(tokens(answer))
    if not words or polarity.denies(answer, excerpt.text):
        return False
    return words <= set(tokens(excerpt.text)) or bool(Evidence(Context(question, (hit,))).quotes_for(answer))


def _outermost(excerpts: Iterable[Excerpt]) -> tuple[Excerpt, ...]:
    """Drop excerpts that stand inside others."""
    once = dict.fromkeys(excerpts)
    return tuple(e for e in once if not any(o != e and o.hit == e.hit and o.start <= e.start and e.end <= o.end for o in once))


def _text_of(told: Any) -> str:
    return told if isinstance(told, str) else ""


def _texts(told: Any) -> list[str]:
    return [text for text in told if isinstance(text, str)] if isinstance(told, list) else []
