"""The JSON of extraction, in and out: typed questions to one document, and what became of each.

What comes out is one shape a type, told apart by ``type``, so that a client knows what ``value`` is before it reads it.
"""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, TypeAdapter, model_validator

from api.bodies import Incoming, KeyName
from api.questions import checked
from api.schemas import Box, Outgoing, Quote
from core import types
from core.errors import InvalidInput
from generation.extract import Extracted, Extraction, State
from generation.typed.question import Kind, Money, Question

MAX_QUESTIONS = 50
MAX_OPTIONS = 20


class TypedQuestion(Incoming):
    """One question and the type of its answer."""

    id: KeyName | None = Field(None, description="What its answer is told by; its place (1, 2, ...) if absent.")
    question: str = Field(description="As long as a question to `/v1/ask` may be; of a clause its name or what it rules.")
    type: Kind
    options: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        [], max_length=MAX_OPTIONS, description="The only answers there are; with the type `text`, at least 2."
    )

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.options and (self.type != "text" or len(set(self.options)) < 2):
            raise ValueError("options: at least two different ones, and only with the type text")
        return self


class ExtractRequest(Incoming):
    """The document and what to find in it."""

    document_id: UUID
    questions: list[TypedQuestion] = Field(min_length=1, max_length=MAX_QUESTIONS)

    def checked(self, max_chars: int) -> list[Question]:
        """Make the questions that the room takes; raises InvalidInput naming the one that cannot be asked."""
        made: list[Question] = []
        for place, asked in enumerate(self.questions):
            text = checked(asked.question, max_chars, f"questions.{place}.question")
            options = tuple(_option(option, place) for option in asked.options)
            made.append(Question(asked.id or str(place + 1), text, asked.type, options))
        ids = [question.question_id for question in made]
        if twice := next((id_ for id_ in ids if ids.count(id_) > 1), None):
            raise InvalidInput(f"questions: two of them have the id {twice!r}; give each its own.")
        return made


def _option(option: str, place: int) -> str:
    return checked(option, 100, f"questions.{place}.options")


class BoxedQuote(Quote):
    """Words that stand to the letter in the document, and the printed lines they touch."""

    boxes: list[Box]

    @classmethod
    def of(cls, quote: types.Quote) -> Self:
        """Read off a quote."""
        boxes = [Box(page=b.page, x0=b.box.x0, y0=b.box.y0, x1=b.box.x1, y1=b.box.y1) for b in quote.boxes]
        return cls(**Quote.of(quote).model_dump(), boxes=boxes)


class _Told(Outgoing):
    id: str
    question: str
    state: State
    reason: str
    quotes: list[BoxedQuote] = Field(description="What the value follows from; of one that is unverified, what was looked at.")
    retryable: bool = Field(description="Whether a question that failed may be answered when it is asked again.")


class YesNo(_Told):
    """The answer to a yes-or-no question."""

    type: Literal["yes_no"]
    value: bool | None


class CalendarDate(_Told):
    """A date in ISO 8601, as precise as the document tells it: 2010-06-08, 2010-06 or 2010."""

    type: Literal["date"]
    value: str | None
    alternatives: list[str] = Field(description="What a date that can be read in two ways may be; it is then unverified.")


class MoneyValue(Outgoing):
    """An amount in plain digits; ``currency`` (ISO 4217) where the document tells one, ``unit`` as it is written there."""

    amount: str
    currency: str | None
    unit: str | None


class Amount(_Told):
    """An amount."""

    type: Literal["amount"]
    value: MoneyValue | None


class Parties(_Told):
    """Names, as they stand in the document."""

    type: Literal["party"]
    value: list[str] | None


class Clauses(_Told):
    """The text of a clause, to the letter; of several where it stands in several places."""

    type: Literal["clause"]
    value: list[str] | None


class FreeText(_Told):
    """An answer in a few words, or one of the options."""

    type: Literal["text"]
    value: str | None


Value = Annotated[YesNo | CalendarDate | Amount | Parties | Clauses | FreeText, Field(discriminator="type")]
_VALUE: TypeAdapter[YesNo | CalendarDate | Amount | Parties | Clauses | FreeText] = TypeAdapter(Value)


def value_of(extracted: Extracted) -> YesNo | CalendarDate | Amount | Parties | Clauses | FreeText:
    """Give what became of one question the shape of its type."""
    value: Any = extracted.value
    if isinstance(value, Money):
        value = MoneyValue.model_validate(value)
    told = {
        "id": extracted.question.question_id,
        "question": extracted.question.text,
        "type": extracted.question.kind,
        "state": extracted.state,
        "value": list(value) if isinstance(value, tuple) else value,
        "reason": extracted.reason,
        "quotes": [BoxedQuote.of(quote) for quote in extracted.quotes],
        "alternatives": list(extracted.alternatives),
        "retryable": extracted.retryable,
    }
    return _VALUE.validate_python(told)


class ExtractProgress(Outgoing):
    """Which question is at which step: search, check or write."""

    id: str = Field(validation_alias="question_id")
    step: str


class Values(Outgoing):
    """What became of every question, in their order."""

    document_id: UUID
    values: list[Value]
    model: str
    prompt_version: str
    timings_ms: dict[str, float]

    @classmethod
    def of(cls, extraction: Extraction, document_id: UUID) -> Self:
        """Read off a finished extraction."""
        return cls(
            document_id=document_id,
            values=[value_of(extracted) for extracted in extraction.values],
            model=extraction.model,
            prompt_version=extraction.prompt_version,
            timings_ms=extraction.timings_ms,
        )
