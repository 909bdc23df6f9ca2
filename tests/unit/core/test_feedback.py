"""Ratings as the database keeps them; tests/unit/api/test_feedback.py has what a caller sees of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.access import Principal, scope_for
from core.db.pool import Pool, transaction
from core.errors import NotFound
from core.feedback import Rating, add_feedback, address_of, delete_feedback, list_feedback
from tests.world import World

ANN, BOB, ADMIN = (Principal(name, uuid4(), name == "admin") for name in ("ann", "bob", "admin"))
RATING = Rating(verdict="down", question="Why?", collection=None, answer={"answer": "Because."}, should_refuse=True)


def test_a_rating_comes_back_as_it_was_given(pool: Pool) -> None:
    with transaction(pool) as connection:
        added = add_feedback(connection, ANN, RATING)
        assert list_feedback(connection, ANN, limit=10) == [added]
    assert Rating(**{name: getattr(added, name) for name in Rating.__dataclass_fields__}) == RATING
    assert added.owner_id == "ann" and datetime.now(UTC) - added.created_at < timedelta(minutes=1)


def test_each_sees_and_deletes_his_own_and_an_administrator_all(pool: Pool) -> None:
    with transaction(pool) as connection:
        anns, bobs = add_feedback(connection, ANN, RATING), add_feedback(connection, BOB, RATING)
        assert list_feedback(connection, BOB, limit=10) == [bobs]
        assert {item.feedback_id for item in list_feedback(connection, ADMIN, limit=10)} == {anns.feedback_id, bobs.feedback_id}
        with pytest.raises(NotFound):
            delete_feedback(connection, BOB, anns.feedback_id)
        delete_feedback(connection, ADMIN, anns.feedback_id)
        assert list_feedback(connection, ANN, limit=10) == []


def test_only_ones_own_rating_is_replaced(pool: Pool) -> None:
    with transaction(pool) as connection:
        anns = add_feedback(connection, ANN, RATING)
        bobs = add_feedback(connection, BOB, RATING, replaces=anns.feedback_id)
        assert list_feedback(connection, ANN, limit=10) == [anns]
        again = add_feedback(connection, BOB, RATING, replaces=bobs.feedback_id)
        assert list_feedback(connection, BOB, limit=10) == [again]


def test_a_collection_is_called_the_same_whoever_asks(pool: Pool, tmp_path: Path) -> None:
    world = World(pool, tmp_path)
    papers = world.add_collection("ann", "papers")
    world.ingest(papers, "for-bob", frozenset({"user:bob"}))
    with transaction(pool) as connection:
        for asker, name in ((ANN, "papers"), (BOB, "papers"), (BOB, "ann/papers")):
            assert address_of(connection, scope_for(connection, asker, name), name) == "ann/papers"
        assert address_of(connection, scope_for(connection, ANN), None) is None
    second = world.add_collection("carol", "papers")
    world.ingest(second, "for-bob-too", frozenset({"user:bob"}))
    with transaction(pool) as connection:
        assert address_of(connection, scope_for(connection, BOB, "papers"), "papers") == "papers"
