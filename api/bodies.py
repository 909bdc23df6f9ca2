"""The API's JSON that comes in: requests' bodies, and the names and sources in them and in addresses.

It is cleaned here as far as a shape can tell: lengths, control characters, names that cannot stand in a URL.
"""

import unicodedata
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core import labels
from retrieval import filters
from retrieval.search import RankingName
from retrieval.stores.choose import StoreName

MAX_K = 100


def _name(value: str) -> str:
    if value != value.strip() or value in {"", ".", ".."} or "/" in value or _has_control(value):
        raise ValueError("a name has no control characters, no '/', and no space at its ends")
    return value


def _readable(value: str) -> str:
    owner, slash, name = value.rpartition("/")
    _name(name)
    if slash:
        _name(owner)
    return value


def _source(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("a source is not blank and has no NUL character")
    return value


def _has_control(value: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in value)


CollectionName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
ReadableCollection = Annotated[
    str,
    Field(max_length=301, description="NAME, or OWNER/NAME for one that its owner shares."),
    AfterValidator(_readable),
]
KeyName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]
Source = Annotated[str, Field(max_length=1000), AfterValidator(_source)]


class Incoming(BaseModel):
    """A request's body: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewCollection(Incoming):
    """The collection to make."""

    name: CollectionName


class NewKey(Incoming):
    """The key to make."""

    owner: KeyName
    name: KeyName = "key"


class NewLabels(Incoming):
    """What a document's labels shall be; both are written."""

    tags: list[str]
    metadata: dict[str, Any] = Field(description="Texts, numbers, true or false by key.")


class Turn(Incoming):
    """A question asked before in the same conversation, and what was answered."""

    question: str
    answer: str


class Filters(Incoming):
    """What documents must be to be searched; every condition counts, an absent one says nothing."""

    collections: list[ReadableCollection] = Field([], max_length=100, description="Names of collections, any of them.")
    documents: list[UUID] = Field([], max_length=1000, description="Any of these documents.")
    source: Source | None = Field(None, description="A document's source, or a folder that holds it.")
    types: list[str] = Field([], max_length=20, description="Any of pdf, docx, pptx, xlsx, html, md, txt, csv, eml.")
    languages: list[str] = Field([], max_length=20, description="Any of these ISO 639-1 codes, such as en or de.")
    tags: list[str] = Field([], max_length=labels.MAX_TAGS, description="All of these tags.")
    metadata: dict[str, Any] = Field({}, description="All of these keys, with these values: texts, numbers, true or false.")
    dated_from: date | None = Field(None, description="First date that a contract may bear.")
    dated_to: date | None = Field(None, description="Last date that a contract may bear.")

    def checked(self) -> filters.Filters:
        """Make the filter that retrieval takes; raises InvalidInput naming what cannot be."""
        return filters.Filters(
            collections=frozenset(self.collections),
            documents=frozenset(self.documents),
            source=self.source,
            types=frozenset(self.types),
            languages=frozenset(self.languages),
            tags=frozenset(labels.checked_tags(self.tags, "filters.tags")),
            metadata=labels.checked_metadata(self.metadata, "filters.metadata"),
            dated_from=self.dated_from,
            dated_to=self.dated_to,
        )


class Ask(Incoming):
    """A question, over one collection or over all that the caller may read.

    With ``history``, oldest turn first, the model rewrites it to stand alone, and what it makes of it is searched for.
    """

    question: str = Field(description="At least 1 character, at most the setting api.max_question_chars (a search: 20,000).")
    collection: ReadableCollection | None = None
    history: list[Turn] = Field([], max_length=10, description="What was asked and answered before; nothing of it is kept.")
    filters: Filters = Filters()
    explain: bool = Field(False, description="Tell of each passage found its rank and score at each stage of the search.")


class SearchRequest(Ask):
    """A question and how many passages to return."""

    k: int | None = Field(None, ge=1, le=MAX_K, description="Passages to return; the setting search.k if absent.")
    store: StoreName | None = Field(None, description="The vector store to search; the server's choice if absent.")
    ranking: RankingName = Field("fused", description="Leaves one side out, to compare: by vectors alone, or by words alone.")


class Rebuild(Incoming):
    """Which vector index to build anew."""

    store: StoreName | None = Field(None, description="The one that is searched if absent.")


class Switch(Incoming):
    """Which vector store to search from now on."""

    store: StoreName
