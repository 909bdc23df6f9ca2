"""The JSON of permissions, in and out: groups, lists, sources, and the rule explained.

Names in lists are checked by core/principals.py. Where a field may be null it must be sent all the same: what is left out by
mistake must not open a document.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.bodies import Incoming, KeyName
from api.schemas import Outgoing

SourceName = KeyName
Principals = Annotated[
    list[str], Field(max_length=1000, description="`user:NAME`, `group:NAME` or `everyone`; empty is the owner alone.")
]


class Members(Incoming):
    """The members a group shall have."""

    members: list[str] = Field(max_length=100_000, description="Names of users.")


class Group(Outgoing):
    """A group and its members, by name."""

    name: str
    members: list[str]


class Groups(Outgoing):
    """All groups, by name."""

    groups: list[Group]


class NewList(Incoming):
    """Whom to share a collection with."""

    allowed: Principals


class CollectionList(Outgoing):
    """Whom a collection is shared with, beside its owner."""

    allowed: list[str]


class NewSource(Incoming):
    """What a source's permissions are, as of now."""

    allowed: Principals | None = Field(description="null: as the collection.")
    max_age_s: int | None = Field(
        ge=1, le=2_000_000_000, description="Synchronised longer ago than this, its documents are denied; null: never."
    )


class Source(Outgoing):
    """A source of documents and the state of its permissions."""

    name: str
    allowed: list[str] | None
    max_age_s: int | None
    synced_at: datetime
    is_fresh: bool
    num_documents: int


class Sources(Outgoing):
    """A collection's sources, by name."""

    sources: list[Source]


class NewDocumentAccess(Incoming):
    """Who may read a document."""

    allowed: Principals | None = Field(description="null: as its source, else as its collection.")
    source: SourceName | None = Field(description="The source it belongs to; null: none.")


class DocumentAccess(Outgoing):
    """A document's own list and its source; null where it has none."""

    allowed: list[str] | None
    source: str | None


class Explanation(Outgoing):
    """The rule, applied to one user and one document; ``allowed`` is null for an asker who may not see the list."""

    user: str
    document_id: UUID
    may_read: bool
    owner: str = Field(validation_alias="owner_id")
    collection: str
    is_owner: bool
    list_of: str = Field(description="Whose list applies: document, source or collection.")
    allowed: list[str] | None
    matched: list[str] = Field(description="What the list and the user's names have in common.")
    access_source: str | None
    is_fresh: bool
    reasons: list[str]


class Readable(Outgoing):
    """A document that a user may read."""

    document_id: UUID
    owner: str = Field(validation_alias="owner_id")
    collection: str
    source: str


class AccessList(Outgoing):
    """A page of what a user may read, and the sources that are out of date for him."""

    user: str
    documents: list[Readable]
    unavailable_sources: list[str]
