"""Labels are checked where they come in, and are set by the owner of a document's collection alone."""

from collections.abc import Mapping

import pytest

from core.errors import InvalidInput
from core.labels import MAX_KEYS, MAX_TAGS, Labels, checked_metadata, checked_tags


@pytest.mark.parametrize("tag", ["", " ", " a", "a\n", "a\0", "\ud800", "a" * 101, "a,b"])
def test_what_is_no_tag_is_refused_and_the_field_named(tag: str) -> None:
    with pytest.raises(InvalidInput, match=r"^filters\.tags: "):
        checked_tags(["good", tag], "filters.tags")


def test_tags_are_bounded_in_number() -> None:
    tags = [f"tag {n}" for n in range(MAX_TAGS)]
    assert checked_tags(reversed([*tags, *tags])) == tuple(sorted(tags))
    with pytest.raises(InvalidInput, match="at most 50 tags; these are 51"):
        checked_tags([*tags, "one more"])


@pytest.mark.parametrize(
    ("metadata", "named"),
    [
        ({"": 1}, "a key has 1 to 100"),
        ({" k": 1}, "a key has 1 to 100"),
        ({"k" * 101: 1}, "a key has 1 to 100"),
        ({"k": None}, r"metadata\.k: a value is"),
        ({"k": [1]}, r"metadata\.k: a value is"),
        ({"k": {"a": 1}}, r"metadata\.k: a value is"),
        ({"k": "a\0"}, r"metadata\.k: a text has"),
        ({"k": "x" * 1001}, r"metadata\.k: a text has"),
        ({"k": float("nan")}, r"metadata\.k: this number"),
        ({"k": float("inf")}, r"metadata\.k: this number"),
        ({"k": 2**53}, r"metadata\.k: this number"),
        ({str(n): n for n in range(MAX_KEYS + 1)}, "at most 50 keys; these are 51"),
    ],
)
def test_what_is_no_metadata_is_refused_and_the_key_named(metadata: Mapping[str, object], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        checked_metadata(metadata)


def test_values_keep_their_types() -> None:
    given = {"text": "2020", "whole": -(2**53) + 1, "part": 0.5, "yes": True, "empty": ""}
    assert checked_metadata(given) == given
    assert [type(value) for value in checked_metadata(given).values()] == [str, float, str, int, bool]


def test_what_is_said_later_counts_and_what_is_not_said_stays() -> None:
    said = Labels(("a",), {"k": 1})
    assert said.but(Labels()) == said
    assert said.but(Labels(tags=())) == Labels((), {"k": 1})
    assert said.but(Labels(metadata={})) == Labels(("a",), {})
    assert not Labels() and Labels(tags=()) and Labels(metadata={})
