from dataclasses import replace
from datetime import date

import pytest

from core.types import Context, Hit
from generation.citations import Evidence
from generation.conflicts import Conflict, conflicts
from tests.fakes_generation import hit

OLD = "Employees can carry over a maximum of 240 annual leave hours to the next year."
NEW = "Employees can carry over a maximum of 200 annual leave hours to the next year."


def found(one: Hit, other: Hit) -> list[Conflict]:
    context = Context("What holds?", (one, replace(other, rank=2)))
    evidence = Evidence(context)
    return conflicts(evidence.check(one.text).quotes, context, evidence.passages)


def named(text: str, title: str, rank: int, dated: date | None = None) -> Hit:
    return replace(hit(text, title=title, rank=rank), dated=dated)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (named(OLD, "Leave policy", 1, date(2023, 1, 1)), named(NEW, "Leave policy", 2, date(2024, 1, 1))),
        (named(NEW, "Leave policy", 1, date(2024, 1, 1)), named(OLD, "Leave policy", 2)),
        (named(OLD, "Leave policy v2", 1), named(NEW, "Leave policy v10", 2)),
        (named(OLD, "Leave policy 2023", 1), named(NEW, "Leave policy 2024", 2)),
    ],
)
def test_versions_that_disagree_are_told_the_newer_first(one: Hit, other: Hit) -> None:
    (conflict,) = found(one, other)
    assert (conflict.newer.text, conflict.older.text) == (NEW, OLD)
    assert conflict.what == "“200 annual leave hours” against “240 annual leave hours”"


def test_a_denial_is_a_contradiction() -> None:
    (conflict,) = found(
        named("Visitors may bring laptops into the data center.", "Security v1", 1),
        named("Visitors must not bring laptops into the data center.", "Security v2", 2),
    )
    assert conflict.newer.hit.title == "Security v2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (  # two contracts
            named(
                "This Agreement may be terminated by either party upon thirty (30) days written notice.",
                "Acme Distributor Agreement",
                1,
            ),
            named(
                "This Agreement may be terminated by either party upon ninety (90) days written notice.",
                "Sunwai Distributor Agreement",
                2,
            ),
        ),
        (
            named("The monthly fee is $10 for each account.", "Light green account", 1),
            named("The monthly fee is $15 for each account.", "Dark green account", 2),
        ),
        (
            named(OLD, "Leave policy", 1),
            named("Employees can carry over annual leave hours to the next year.", "Leave policy v2", 2),
        ),
        (named(OLD, "Leave policy", 1), named(OLD, "Leave policy v2", 2)),
        (named("Keep receipts over $75 for travel.", "Travel", 1), named("Keep badges of 2 years in the vault.", "Travel v2", 2)),
    ],
)
def test_what_is_about_something_else_is_no_contradiction(one: Hit, other: Hit) -> None:
    assert found(one, other) == []


def test_a_document_does_not_contradict_itself() -> None:
    one = named(OLD, "Leave policy", 1)
    other = replace(named(NEW, "Leave policy", 2), document_id=one.document_id)
    assert found(one, other) == []
