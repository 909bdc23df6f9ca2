"""What servers of the OpenAI protocol do not all understand, and what each is sent instead once it has refused.

A refusal (400 or 422) that names an option makes the client say the same without it. What holds for the server is remembered;
a schema, which one server may refuse and the next of the same call accept, is tried anew each time.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
REFUSED = {400, 422}
FEW_TOP = 5  # likeliest tokens that TGI tells at most
BY_WORD = "Reply with one JSON value that follows this JSON Schema, and with nothing else:\n"


@dataclass(frozen=True, slots=True)
class Adaptation:
    """``sign`` is how a refusal shows that this is the matter, for a body that ``concerns``; ``apply`` makes another body."""

    sign: re.Pattern[str]
    concerns: Callable[[Body], bool]
    apply: Callable[[Body], Body]
    is_kept: bool = True


class Dialect:
    """How one server wants to be spoken to, as far as it has said; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: tuple[Adaptation, ...] = ()

    def spoken(self, body: Body) -> Body:
        """Say ``body`` as this server is known to understand it."""
        for adaptation in self._kept:
            body = adaptation.apply(body) if adaptation.concerns(body) else body
        return body

    def instead(self, body: Body, status: int, said: str) -> Body | None:
        """Give the body to send in place of one that was refused so; None if there is nothing else to try."""
        if status not in REFUSED:
            return None
        fitting = (a for a in ADAPTATIONS if a.concerns(body) and a.sign.search(said))
        if (found := next(fitting, None)) is None:
            return None
        if found.is_kept and found not in self._kept:
            self._kept = (*self._kept, found)
        return found.apply(body)


def _without(name: str) -> Callable[[Body], Body]:
    return lambda body: {key: value for key, value in body.items() if key != name}


def _renamed(body: Body) -> Body:
    return _without("max_tokens")(body) | {"max_completion_tokens": body["max_tokens"]}


def _format(body: Body) -> str | None:
    wanted = body.get("response_format")
    return wanted["type"] if wanted else None


def _schema_by_word(body: Body) -> Body:
    """Ask for any JSON, and for the schema in words; whether it was followed, the client checks."""
    *before, last = body["messages"]
    schema = json.dumps(body["response_format"]["json_schema"]["schema"], ensure_ascii=False)
    asked = last | {"content": f"{last['content']}\n\n{BY_WORD}{schema}"}
    return body | {"messages": [*before, asked], "response_format": {"type": "json_object"}}


# in this order: a refusal may name more than one option, and what costs least goes first
ADAPTATIONS = (
    Adaptation(re.compile(r"stream_options"), lambda body: "stream_options" in body, _without("stream_options")),
    Adaptation(
        re.compile(r"top_logprobs|top_n_tokens|logprobs must"),
        lambda body: body.get("top_logprobs", 0) > FEW_TOP,
        lambda body: body | {"top_logprobs": FEW_TOP},
    ),
    Adaptation(re.compile(r"max_completion_tokens"), lambda body: "max_tokens" in body, _renamed),
    Adaptation(re.compile(r"temperature"), lambda body: "temperature" in body, _without("temperature")),
    Adaptation(
        re.compile(r"response_format|schema|grammar|guided|structured", re.IGNORECASE),
        lambda body: _format(body) == "json_schema",
        _schema_by_word,
        is_kept=False,
    ),
    Adaptation(
        re.compile(r"response_format|json_object|grammar|guided|structured", re.IGNORECASE),
        lambda body: _format(body) == "json_object",
        _without("response_format"),
        is_kept=False,
    ),
)
