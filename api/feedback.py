"""The JSON of feedback, in and out: what a reader says of an answer, and how much of the answer is kept with it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.bodies import Incoming, ReadableCollection, Source
from api.schemas import Outgoing
from core.feedback import Verdict

MAX_ANSWER_CHARS, MAX_SAID_CHARS, MAX_CITATIONS = 20_000, 4000, 100


def _storable(value: str) -> str:
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("a text holds no NUL and no half of a surrogate pair")
    return value.strip()


Said = Annotated[str, Field(max_length=MAX_SAID_CHARS), AfterValidator(_storable)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_storable)]


class Place(BaseModel):
    """Where a citation stood; its words are not kept."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    document_id: UUID
    source: Source
    page: int | None = None
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class RatedAnswer(BaseModel):
    """An answer as `POST /v1/ask` gave it: of its fields these are kept and the others left out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    answer: Annotated[str, Field(max_length=MAX_ANSWER_CHARS), AfterValidator(_storable)]
    refused: bool
    citations: list[Place] = Field([], max_length=MAX_CITATIONS)
    model: Name = ""
    prompt_version: Name = ""
    standalone_question: Said | None = None


class NewFeedback(Incoming):
    """What to keep. ``expected``, ``quote`` and ``document`` tell what would have been right."""

    verdict: Verdict
    question: str = Field(description="At least 1 character, at most the setting api.max_question_chars.")
    collection: ReadableCollection | None = Field(None, description="The one that was asked; absent: all.")
    answer: RatedAnswer
    should_refuse: bool = Field(False, description="The documents do not answer this: it should have said so.")
    expected: Said = Field("", description="What it should have said.")
    quote: Said = Field("", description="The words of a document that say so.")
    document: Said = Field("", description="Which document: its title, its source, or the end of it.")
    comment: Said = Field("", description="Anything else.")
    replaces: UUID | None = Field(None, description="An earlier one of yours of the same answer, which this takes the place of.")


class Feedback(Outgoing):
    """A rating that is kept."""

    feedback_id: UUID
    owner: str = Field(validation_alias="owner_id")
    verdict: Verdict
    question: str
    collection: str | None
    answer: RatedAnswer
    should_refuse: bool
    expected: str
    quote: str
    document: str
    comment: str
    created_at: datetime


class FeedbackList(Outgoing):
    """Ratings, the newest first."""

    feedback: list[Feedback]


def kept(answer: RatedAnswer) -> dict[str, Any]:
    """Give what is kept of an answer as JSON."""
    return answer.model_dump(mode="json")
