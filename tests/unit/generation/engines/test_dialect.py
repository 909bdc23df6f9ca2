from typing import Any

from generation.engines.dialect import FEW_TOP, Dialect

SCHEMA = {"type": "object"}
GUIDED = {"type": "json_schema", "json_schema": {"name": "value", "schema": SCHEMA, "strict": True}}


def body(**options: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **options}


def test_what_was_refused_once_is_said_otherwise_from_then_on() -> None:
    dialect, asked = Dialect(), body(stream_options={"include_usage": True}, max_tokens=5)
    assert dialect.spoken(asked) == asked
    assert dialect.instead(asked, 422, "stream_options: extra fields not permitted") == body(max_tokens=5)
    assert dialect.spoken(asked) == body(max_tokens=5)
    assert dialect.instead(dialect.spoken(asked), 400, "use max_completion_tokens") == body(max_completion_tokens=5)
    assert dialect.spoken(asked) == body(max_completion_tokens=5)


def test_a_schema_is_tried_anew_each_time() -> None:
    dialect, asked = Dialect(), body(response_format=GUIDED)
    in_words = dialect.instead(asked, 400, "the schema uses a feature that is not supported")
    assert in_words and in_words["response_format"] == {"type": "json_object"}
    assert '{"type": "object"}' in in_words["messages"][-1]["content"]
    assert asked["messages"][-1]["content"] == "Hi"
    assert dialect.spoken(asked) == asked


def test_a_refusal_for_another_reason_is_left_as_it_is() -> None:
    dialect = Dialect()
    assert dialect.instead(body(max_tokens=5), 400, "the model m does not exist") is None
    assert dialect.instead(body(stream_options={}), 500, "stream_options broke") is None
    assert dialect.instead(body(top_logprobs=FEW_TOP), 400, "top_logprobs must be less") is None
