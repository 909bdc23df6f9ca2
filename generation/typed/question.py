"""Typed questions, the JSON that a model writes for each type, and the typed values that come out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["yes_no", "date", "amount", "party", "clause", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)
QUOTE_CHARS = 300  # of words that a model copies; the program widens them to sentences itself
VALUE_CHARS = 200
MAX_NAMES = 8
MAX_CLAUSES = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a document; ``options``, for a ``text``, are the only answers it may have."""

    question_id: str
    text: str
    kind: Kind
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: ``amount`` in plain decimal digits, its ISO 4217 code where the document tells one, its unit as written."""

    amount: str
    currency: str | None
    unit: str | None


# yes_no: bool; date: ISO 8601, as precise as it is told; amount: Money; party and clause: texts of the document; text: a text.
Value = bool | str | Money | tuple[str, ...]


def schema_of(question: Question) -> dict[str, Any]:
    """Give the JSON Schema that the model's writing is held to; the words come first, and the value is read off them."""
    if question.kind == "clause":
        quotes = {"type": "array", "items": _text(QUOTE_CHARS), "maxItems": MAX_CLAUSES}
        return _object({"quotes": quotes})
    return _object({"quote": _text(QUOTE_CHARS), **_value_schema(question)})


def _value_schema(question: Question) -> Mapping[str, Any]:
    match question.kind:
        case "yes_no":
            return {"answer": {"type": "string", "enum": ["yes", "no"]}}
        case "party":
            return {"names": {"type": "array", "items": _text(VALUE_CHARS), "maxItems": MAX_NAMES}}
        case "text" if question.options:
            return {"answer": {"type": "string", "enum": list(question.options)}}
        case "date" | "amount":
            return {question.kind: _text(VALUE_CHARS)}
        case _:
            return {"answer": _text(QUOTE_CHARS)}


def _text(max_chars: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": max_chars}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}
