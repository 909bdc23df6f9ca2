"""A question that names documents is about them, and what it asks is the rest of it."""

from uuid import UUID, uuid4

import pytest

from core.db.pool import Connection
from retrieval import names
from retrieval.names import Named, naming_words, without
from tests.fakes_retrieval import add_collection, add_document, scope_of


def add(connection: Connection, collection_id: UUID, *parties: str, kind: str = "SUPPLY AGREEMENT") -> UUID:
    document_id = add_document(connection, collection_id)
    connection.execute("UPDATE documents SET names = %s, kind = %s WHERE document_id = %s", (list(parties), kind, document_id))
    words = sorted(frozenset[str]().union(*(naming_words(party) for party in parties)))
    connection.execute("INSERT INTO document_names (token, document_id) SELECT unnest(%s::text[]), %s", (words, document_id))
    return document_id


@pytest.fixture
def contracts(connection: Connection) -> tuple[UUID, dict[str, UUID]]:
    """Ten contracts, three of them of one company."""
    collection_id = add_collection(connection, "m")
    made = {
        "fazync": add(connection, collection_id, "Bravatek Solutions, Inc.", "Fazync LLC", kind="Strategic Alliance Agreement"),
        "sibannac": add(connection, collection_id, "Bravatek Solutions, Inc.", "Sibannac, Inc."),
        "lease": add(connection, collection_id, "Bravatek Solutions, Inc.", "Sibannac, Inc.", kind="LEASE"),
    }
    for number in range(7):
        add(connection, collection_id, f"Company{number} GmbH", f"Other{number} Ltd")
    return collection_id, made


@pytest.mark.parametrize(
    ("question", "meant", "rest"),
    [
        (
            "Consider the Strategic Alliance Agreement between Bravatek Solutions, Inc. and Fazync LLC; Who pays?",
            ["fazync"],
            "Who pays?",
        ),
        ("How may Sibannac end the lease?", ["lease"], "How may end the lease?"),
        ("what may sibannac and bravatek solutions do?", ["sibannac", "lease"], "what may do?"),
        ("When does the agreement with Bravatek Solutions end?", ["fazync", "sibannac"], "When does end?"),
        ("Which solutions are there for a supply agreement?", [], "Which solutions are there for a supply agreement?"),
        ("What does the Initech contract say?", [], "What does the Initech contract say?"),
    ],
)
def test_the_documents_meant_and_the_rest(
    connection: Connection, contracts: tuple[UUID, dict[str, UUID]], question: str, meant: list[str], rest: str
) -> None:
    collection_id, made = contracts
    found = names.find(connection, question, scope_of(connection, collection_id))
    assert set(found.documents) == {made[name] for name in meant}
    if meant != ["lease"]:  # the kind of the other one is no part of what names it
        assert found.rest == rest


def test_what_another_owns_is_not_named(connection: Connection, contracts: tuple[UUID, dict[str, UUID]]) -> None:
    mine = add_collection(connection, "m")
    add(connection, mine, "Acme Corp.")
    question = "What is due under the agreement between Bravatek Solutions and Fazync?"
    assert names.find(connection, question, scope_of(connection, mine)) == Named((), question, ("Bravatek Solutions", "Fazync"))


def test_a_name_that_everybody_bears_tells_nothing(connection: Connection) -> None:
    collection_id = add_collection(connection, "m")
    for number in range(20):
        add(connection, collection_id, "Acme Corp.", f"Supplier{number} Ltd")
    assert names.find(connection, "What does Acme owe?", scope_of(connection, collection_id)).documents == ()
    (only,) = names.find(connection, "What does Acme owe to Supplier7?", scope_of(connection, collection_id)).documents
    assert connection.execute("SELECT names FROM documents WHERE document_id = %s", (only,)).fetchone() == {
        "names": ["Acme Corp.", "Supplier7 Ltd"]
    }


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("What is due under the agreement between Bravatek Solutions and Initech LLC?", ["Initech LLC"]),
        ("What is due under the agreement between Bravatec Solutions and Fazync?", []),  # misspelt, yet half of it is borne
        ("What does the supply agreement with Globex say?", ["Globex"]),
        ("What does the company say of the Agreement between Company and 2020?", []),
    ],
)
def test_names_that_no_document_bears(
    connection: Connection, contracts: tuple[UUID, dict[str, UUID]], question: str, unknown: list[str]
) -> None:
    assert list(names.find(connection, question, scope_of(connection, contracts[0])).unknown) == unknown


@pytest.mark.parametrize(
    "question", ["", "?", "Hertz", "Hertz Realty", "; ; ;", "between and of", "Hertz?! " * 500, "\u202eHertz\u200b and “Realty”"]
)
def test_something_is_always_left_to_ask(question: str) -> None:
    strong = frozenset(["hertz", "realty"])
    assert without(question, strong, strong) or not question


def test_an_unknown_document_is_no_error(connection: Connection) -> None:
    assert names.find(connection, "anything", scope_of(connection, uuid4())).documents == ()
