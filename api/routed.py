"""The JSON of routing, in and out: how sensitive a collection is, which rule a question meets, and what has left the walls."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from api.bodies import Filters, Incoming, KeyName, ReadableCollection, Turn
from api.schemas import Outgoing
from core.types import Sensitivity


class NewSensitivity(Incoming):
    """How sensitive a collection shall count."""

    sensitivity: Sensitivity


class CollectionSensitivity(Outgoing):
    """How sensitive a collection counts."""

    sensitivity: Sensitivity


class RouteQuestion(Incoming):
    """A question as one would ask it, whose way is to be told."""

    question: str
    collection: ReadableCollection | None = None
    history: list[Turn] = Field([], max_length=10, description="What was asked and answered before.")
    filters: Filters = Filters()
    user: KeyName | None = Field(None, description="Asked by whom; you if absent, another for administrators alone.")


class Condition(Outgoing):
    """A condition of a rule, and whether it holds."""

    holds: bool
    reason: str


class Considered(Outgoing):
    """A rule that was looked at."""

    rule: str
    engine: str
    matches: bool
    conditions: list[Condition]


class Asked(Outgoing):
    """What the rules can tell of the question."""

    sensitivity: Sensitivity
    groups: list[str]
    language: str
    num_chars: int
    num_tokens: int = Field(description="Of prompt and answer, by estimate.")
    follows: bool = Field(description="Whether it comes after others.")
    languages_before: list[str] = Field(description="Of what was asked and answered before.")


class Replaced(Outgoing):
    """A piece of personal data, and what would stand for it."""

    placeholder: str
    kind: str
    text: str


class RouteExplanation(Outgoing):
    """Which engine would answer, and why; ``rules`` are those looked at, in order, up to the first that matches."""

    user: str
    engine: str
    model: str
    rule: str | None = Field(description="null: no rule matches, the default answers.")
    outside: bool
    asked: Asked
    rules: list[Considered]
    leaves: bool | None = Field(
        description="Whether anything would leave: where a passage may not, and nothing was said before, nothing does. null: of"
        " another user's question that goes outside, since his passages are not looked at."
    )
    document_ids: list[UUID] = Field(
        description="Outside only: whose passages would be sent, by estimate; of one's own question alone."
    )
    replaced: list[Replaced] = Field(
        description="Outside only: what would be replaced; in passages, of one's own question alone."
    )


class Egress(Outgoing):
    """What left: an entry of the egress log without its body."""

    egress_id: int
    at: datetime
    owner: str = Field(validation_alias="owner_id")
    key_id: UUID
    rule: str
    engine: str
    url: str
    collection: str | None
    collection_ids: list[UUID]
    document_ids: list[UUID]
    num_bytes: int
    status: int | None = Field(description="Of the response; null while none has come, or where it was lost.")
    response_bytes: int | None
    ended_at: datetime | None


class EgressLog(Outgoing):
    """A page of the egress log, newest first."""

    egress: list[Egress]
