import pytest

from core.errors import ContextTooLong, ModelUnavailable
from generation.engines.refusals import Restarting, error_of


@pytest.mark.parametrize("status", [429, 502, 503])
def test_what_passes_by_itself_is_worth_another_try(status: int) -> None:
    assert isinstance(error_of(status, "Loading model", "http://m/v1"), Restarting)


@pytest.mark.parametrize("status", [400, 404, 500, 504])
def test_what_does_not_pass_is_no_restart(status: int) -> None:
    error = error_of(status, "x" * 1000, "http://m/v1")
    assert type(error) is ModelUnavailable
    assert str(status) in str(error) and len(str(error)) < 400


def test_a_key_that_is_refused_and_a_prompt_that_is_too_long_are_named() -> None:
    assert "llm.api_key" in str(error_of(401, "", "http://m/v1"))
    assert isinstance(error_of(400, "maximum context length is 512 tokens", "http://m/v1"), ContextTooLong)
