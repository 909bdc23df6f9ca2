"""JSON that a model wrote: text and schema in, the checked value out.

Guided decoding makes the check pass by itself; a server that only claims to know schemas, or was asked in words, is found out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from core.errors import ModelUnavailable

FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
ADVICE = "serve it by an engine that guides the writing by a schema, as vLLM and llama.cpp do."


def read(text: str, schema: Mapping[str, Any]) -> Any:
    """Parse and check; raises ModelUnavailable, which tells where the value is wrong and nothing of what it holds.

    >>> read('```json\\n{"a": 1}\\n```', {"type": "object"})
    {'a': 1}
    """
    fenced = FENCED.search(text)
    try:
        value = json.loads(fenced[1] if fenced and not text.lstrip().startswith(("{", "[", '"')) else text)
    except ValueError:
        raise ModelUnavailable(f"The model wrote something else where JSON was asked for: {ADVICE}") from None
    error = next(Draft202012Validator(dict(schema)).iter_errors(value), None)
    if error is not None:
        raise ModelUnavailable(f"The model's JSON breaks its schema at {error.json_path} ({error.validator}): {ADVICE}")
    return value
