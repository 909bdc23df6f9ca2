import pytest

from core.errors import InvalidInput
from core.principals import checked_list, checked_name, checked_principal


@pytest.mark.parametrize(
    "value", ["everyone", "user:ada", "group:human resources", "user:a:b", "user:ä@example.org", "group:everyone"]
)
def test_a_principal_is_taken_as_it_is(value: str) -> None:
    assert checked_principal(value) == value


BAD = [
    "",
    "ada",
    "Everyone",
    "users:ada",
    "user:",
    "group: ",
    "user: ada",
    "user:a\nb",
    "user:a/b",
    "user:a,b",
    "user:\ud800",
    "user:" + "x" * 201,
]


@pytest.mark.parametrize("value", BAD)
def test_what_is_no_principal_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="allowed"):
        checked_principal(value)


def test_a_list_holds_each_once_in_order_and_not_too_many() -> None:
    assert checked_list(["user:b", "everyone", "user:b"]) == ["everyone", "user:b"]
    assert checked_list([]) == []
    assert len(checked_list(f"user:{n}" for n in range(1000))) == 1000
    with pytest.raises(InvalidInput, match="group"):
        checked_list(f"user:{n}" for n in range(1001))


@pytest.mark.parametrize("name", [".", "..", " a", "a\0"])
def test_a_bad_name_says_what_it_was_for(name: str) -> None:
    with pytest.raises(InvalidInput, match="source: "):
        checked_name(name, "source")
