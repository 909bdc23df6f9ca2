from typing import Any

import pytest

from core.errors import ModelUnavailable
from generation.engines import value

DAYS = {"type": "object", "properties": {"days": {"type": "integer", "minimum": 1}}, "required": ["days"]}


@pytest.mark.parametrize(
    "text", ['{"days": 3}', ' {"days": 3}\n', 'So:\n```json\n{"days": 3}\n```\nThat is all.', '```\n{"days": 3}\n```']
)
def test_a_value_is_read_out_of_what_a_model_writes_around_it(text: str) -> None:
    assert value.read(text, DAYS) == {"days": 3}


@pytest.mark.parametrize("text", ["three", "", '{"days": ', '{"days": "secret"}', '{"days": 0}', "{}", "[]"])
def test_anything_else_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        value.read(text, DAYS)
    assert "secret" not in str(caught.value)


def test_backquotes_inside_a_value_are_its_own() -> None:
    schema: dict[str, Any] = {"type": "string"}
    assert value.read('"a\\n```json\\n1\\n```"', schema) == "a\n```json\n1\n```"
