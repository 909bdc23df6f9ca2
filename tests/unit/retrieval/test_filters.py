"""Filters narrow a scope: every condition must be met, and what cannot be met is said."""

import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from core.db.pool import Connection
from core.errors import InvalidInput
from retrieval.filters import Filters
from retrieval.stores.documents import matching
from tests.fakes_retrieval import add_collection, add_document, scope_of


def add(connection: Connection, collection_id: UUID, source: str, **values: Any) -> UUID:
    document_id = add_document(connection, collection_id, source=source)
    for name, value in values.items():
        connection.execute(f"UPDATE documents SET {name} = %s WHERE document_id = %s", (value, document_id))
    return document_id


def test_each_condition_narrows(connection: Connection) -> None:
    collection_id = add_collection(connection, "m")
    lease = add(
        connection, collection_id, "/hr/a.pdf", media_type="application/pdf", language="de", tags=["lease", "old"],
        dated=datetime.date(2020, 1, 31), metadata=Jsonb({"office": "Bonn", "floor": 3}),
    )  # fmt: skip
    note = add(connection, collection_id, "/hr2/b.txt", language="en", tags=["old"])
    row = connection.execute("SELECT name, owner_id || '/' || name AS address FROM collections").fetchone()
    assert row is not None
    scope = scope_of(connection, collection_id)
    for filters, expected in [
        (Filters(types=frozenset(["pdf", "docx"])), {lease}),
        (Filters(languages=frozenset(["en"])), {note}),
        (Filters(tags=frozenset(["old"])), {lease, note}),
        (Filters(tags=frozenset(["old", "lease"])), {lease}),
        (Filters(source="/hr"), {lease}),
        (Filters(source="/hr/"), {lease}),
        (Filters(source="/hr2/b.txt"), {note}),
        (Filters(dated_from=datetime.date(2020, 1, 31)), {lease}),
        (Filters(dated_to=datetime.date(2020, 1, 30)), set()),
        (Filters(metadata={"office": "Bonn"}), {lease}),
        (Filters(metadata={"office": "Bonn", "floor": 4}), set()),
        (Filters(documents=frozenset([note, uuid4()])), {note}),
        (Filters(collections=frozenset([row["name"]])), {lease, note}),
        (Filters(collections=frozenset([row["address"]])), {lease, note}),
        (Filters(collections=frozenset(["elsewhere"])), set()),
        (Filters(languages=frozenset(["de"]), tags=frozenset(["old"]), types=frozenset(["pdf"])), {lease}),
    ]:
        assert matching(connection, filters, scope) == expected, filters
    assert matching(connection, Filters(), scope) is None


def test_a_filter_never_widens_the_scope(connection: Connection) -> None:
    theirs, mine = add_collection(connection, "m"), add_collection(connection, "m")
    secret = add(connection, theirs, "/a", metadata=Jsonb({"codename": "x"}))
    scope = scope_of(connection, mine)
    assert matching(connection, Filters(documents=frozenset([secret])), scope) == frozenset()
    with pytest.raises(InvalidInput, match="none of your documents has any") as told:
        matching(connection, Filters(metadata={"codename": "x"}), scope)
    with pytest.raises(InvalidInput) as nothing:
        matching(connection, Filters(metadata={"nonsense": "x"}), scope)
    assert str(told.value).replace("codename", "nonsense") == str(nothing.value)


def test_what_cannot_be_is_said(connection: Connection) -> None:
    collection_id = add_collection(connection, "m")
    add(connection, collection_id, "/a", metadata=Jsonb({"office": "Bonn"}))
    with pytest.raises(InvalidInput, match="key 'ofice'; there are office"):
        matching(connection, Filters(metadata={"ofice": "Bonn"}), scope_of(connection, collection_id))
    with pytest.raises(InvalidInput, match="'pfd' is no type; there are pdf, docx"):
        Filters(types=frozenset(["pfd"]))
    with pytest.raises(InvalidInput, match="'English' is no language code"):
        Filters(languages=frozenset(["English"]))
    with pytest.raises(InvalidInput, match="no document can be between"):
        Filters(dated_from=datetime.date(2021, 1, 1), dated_to=datetime.date(2020, 1, 1))
