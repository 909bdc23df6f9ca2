"""People, groups, collections, sources and documents in a real database, beside a plain model of them and of the rule.

Every change goes through the real functions and into the model. What the rule says is computed here from the model alone,
as docs/access-control.md words it, without any of the code or SQL under test.
"""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from core import groups, permissions, sources
from core.access import AccessScope, Principal, scope_for
from core.db.locks import lock_document
from core.db.pool import Connection, Pool, transaction
from core.permissions import DocumentAccess
from core.types import Document, Page, ParsedDocument
from ingest import documents
from ingest.describe import Description
from retrieval.embedders.base import Vector
from retrieval.stores import passages
from tests.fakes_retrieval import FakeEmbedder, make_chunks

KEY = UUID(int=1)
HOUR_S = 3600


@dataclass
class Collection:
    collection_id: UUID
    owner: str
    name: str
    allowed: frozenset[str] = frozenset()
    sources: dict[str, "Source"] = field(default_factory=dict)


@dataclass
class Source:
    allowed: frozenset[str] | None
    is_fresh: bool = True


@dataclass
class Doc:
    document_id: UUID
    collection: Collection
    name: str
    allowed: frozenset[str] | None
    source: str | None


class World:
    """The database and the model, changed together."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool, self.path = pool, folder / "file"
        self.path.write_bytes(b"x")
        self.embedder = FakeEmbedder()
        self.groups: dict[str, frozenset[str]] = {}
        self.collections: list[Collection] = []
        self.documents: dict[UUID, Doc] = {}

    # what is so

    def principals(self, user: str) -> frozenset[str]:
        mine = {f"group:{name}" for name, members in self.groups.items() if user in members}
        return frozenset({f"user:{user}", "everyone"} | mine)

    def may_read(self, user: str, doc: Doc) -> bool:
        """A fresh source or none; and the owner, or whom the first list that is there names."""
        source = doc.collection.sources[doc.source] if doc.source else None
        if source and not source.is_fresh:
            return False
        lists = [doc.allowed, source.allowed if source else None, doc.collection.allowed]
        listed = next(item for item in lists if item is not None)
        return user == doc.collection.owner or bool(listed & self.principals(user))

    def readable(self, user: str) -> set[UUID]:
        return {doc.document_id for doc in self.documents.values() if self.may_read(user, doc)}

    def sees(self, user: str, collection: Collection) -> bool:
        """Its owner, those it is shared with, and those who may read one of its documents."""
        mine = user == collection.owner or bool(collection.allowed & self.principals(user))
        return mine or any(doc.collection is collection and self.may_read(user, doc) for doc in self.documents.values())

    def unavailable(self, user: str) -> set[str]:
        """The sources that are out of date and hold a document the user could otherwise read."""
        stale = [d for d in self.documents.values() if d.source and not d.collection.sources[d.source].is_fresh]
        return {doc.source for doc in stale if doc.source and self._could_read(user, doc)}

    def _could_read(self, user: str, doc: Doc) -> bool:
        assert doc.source
        source = doc.collection.sources[doc.source]
        source.is_fresh = True
        try:
            return self.may_read(user, doc)
        finally:
            source.is_fresh = False

    # what is done

    def scope(self, connection: Connection, user: str, collection: str | None = None) -> AccessScope:
        return scope_for(connection, Principal(user, KEY), collection)

    def set_group(self, name: str, members: frozenset[str]) -> None:
        with transaction(self.pool) as connection:
            if members:
                groups.set_group(connection, name, members)
            elif name in self.groups:
                groups.delete_group(connection, name)
        self.groups.pop(name, None)
        if members:
            self.groups[name] = members

    def add_collection(self, owner: str, name: str) -> Collection:
        with transaction(self.pool) as connection:
            made = documents.add_collection(connection, owner, name, model_id=self.embedder.model_id, dimension=64)
        self.collections.append(Collection(made.collection_id, owner, name))
        return self.collections[-1]

    def share(self, collection: Collection, allowed: frozenset[str]) -> None:
        with transaction(self.pool) as connection:
            permissions.share_collection(connection, collection.collection_id, list(allowed))
        collection.allowed = allowed

    def put_source(self, collection: Collection, name: str, allowed: frozenset[str] | None) -> None:
        listed = None if allowed is None else list(allowed)
        with transaction(self.pool) as connection:
            sources.put_source(connection, collection.collection_id, name, allowed=listed, max_age_s=HOUR_S)
        collection.sources[name] = Source(allowed)

    def sync(self, collection: Collection, name: str) -> None:
        with transaction(self.pool) as connection:
            sources.mark_synced(connection, collection.collection_id, name)
        collection.sources[name].is_fresh = True

    def age(self, collection: Collection, name: str) -> None:
        """Let the source's permissions grow older than they may."""
        query = "UPDATE sources SET synced_at = now() - make_interval(secs => %s) WHERE collection_id = %s AND name = %s"
        with transaction(self.pool) as connection:
            connection.execute(query, (HOUR_S + 1, collection.collection_id, name))
        collection.sources[name].is_fresh = False

    def delete_source(self, collection: Collection, name: str) -> None:
        with transaction(self.pool) as connection:
            sources.delete_source(connection, collection.collection_id, name)
        del collection.sources[name]
        for doc in self.documents.values():
            if doc.collection is collection and doc.source == name:
                doc.source, doc.allowed = None, frozenset()

    def set_access(self, doc: Doc, allowed: frozenset[str] | None, source: str | None) -> None:
        access = DocumentAccess(None if allowed is None else list(allowed), source)
        with transaction(self.pool) as connection:
            permissions.set_document_access(connection, doc.collection.collection_id, doc.document_id, access)
        doc.allowed, doc.source = allowed, source

    def ingest(self, collection: Collection, name: str, allowed: frozenset[str] | None = None, source: str | None = None) -> Doc:
        """Put a document of one passage into the index with its permissions, as the worker does."""
        doc = self.born(collection, name, allowed, source)
        self.documents[doc.document_id] = doc
        return doc

    def born(
        self,
        collection: Collection,
        name: str,
        allowed: frozenset[str] | None = None,
        source: str | None = None,
        *,
        text: str = "",
    ) -> Doc:
        """Do as :meth:`ingest` does, without the model."""
        document_id = documents.document_id_of(collection.collection_id, name)
        text = text or _text_of(name)
        parsed = ParsedDocument(f"Title of {name}", "text/plain", text, (Page(1, 0, len(text), 100, 100),), ())
        chunks = make_chunks(document_id, [text])
        vectors = self.embedder.embed_documents([text])
        access = DocumentAccess(None if allowed is None else list(allowed), source)
        with transaction(self.pool) as connection:
            lock_document(connection, document_id)
            document = Document(collection.collection_id, name, self.path, "hash")
            documents.replace_document(connection, document, document_id, parsed, Description(), 1, access=access)
            passages.add(connection, collection.collection_id, self.embedder.model_id, chunks, vectors)
            connection.execute("INSERT INTO document_names VALUES (%s, %s)", (f"name-{name}", document_id))
        return Doc(document_id, collection, name, allowed, source)

    def vector(self, doc: Doc) -> Vector:
        """Embed the document's one passage."""
        vector: Vector = self.embedder.embed_documents([_text_of(doc.name)])[0]
        return vector

    def delete(self, doc: Doc) -> None:
        with transaction(self.pool) as connection:
            documents.delete_document(connection, self.scope(connection, doc.collection.owner), doc.document_id)
        self.documents.pop(doc.document_id, None)


def _text_of(name: str) -> str:
    return f"The {name} policy grants leave."
