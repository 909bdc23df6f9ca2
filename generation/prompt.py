"""What the model is told: the prompts of prompts/*.md, filled with a question and its passages.

Both messages of one question begin alike (rules, passages, question) and differ only in their last line, so that a
server which keeps the prefix reads the passages once. A passage can neither close its fence nor open another's, and
no text can speak the control tokens of the usual chat templates (ChatML, Llama, Mistral, Gemma, DeepSeek, Phi).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Literal, NamedTuple

from core.types import Context, Hit, Turn
from generation.engines.base import Message
from generation.fence import fenced
from generation.hostile import withhold
from generation.typed.question import Question

_FOLDER = Path(__file__).parent / "prompts"
TEXTS = {path.stem: path.read_text(encoding="utf-8").strip() for path in sorted(_FOLDER.glob("*.md"))}
PROMPT_VERSION = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in TEXTS.items()).encode()).hexdigest()[:12]
_WHETHER = re.compile(
    r"(?:and |but |so )?(?:is|are|am|was|were|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had)"
    r"(?:n['’]t)?\s",
    re.IGNORECASE,
)
MAX_TURNS = 3
MAX_TURN_CHARS = 400  # of a question or an answer in it


class Choice(NamedTuple):
    """Two words of which a model is to say one, the first if the passages hold the answer."""

    word: str
    against: str
    messages: list[Message]


def check(context: Context, portion: range | None = None) -> Choice:
    """Ask whether the passages, or those of a portion, hold the answer.

    Of a question that is itself answered by yes or no it is asked in other words: a small model says the answer's no.
    """
    if asks_whether(context.question):
        return Choice("stated", "missing", _messages("check_whether", context, portion))
    return Choice("yes", "no", _messages("check", context, portion))


def asks_whether(question: str) -> bool:
    """Tell whether a question, its last sentence if there are several, is to be answered by yes or no; of English ones alone.

    >>> asks_whether("I work from home. Can supplies be sent to me?"), asks_whether("Can you say who repairs laptops?")
    (True, True)
    >>> asks_whether("Who repairs laptops?"), asks_whether("Do we get 20 or 30 days of leave?")
    (False, False)
    """
    last = re.split(r"(?<=[.!?])\s+", question.strip())[-1]
    return bool(_WHETHER.match(last)) and " or " not in last


def write(context: Context, portion: range | None = None) -> list[Message]:
    """Ask for the answer in a few sentences, from the passages or those of a portion."""
    return _messages("write", context, portion)


def holds(question: Question, context: Context) -> Choice:
    """Ask whether the passages hold what a typed question asks for."""
    return Choice("yes", "no", _messages("check_clause" if question.kind == "clause" else "check", context))


def extract(question: Question, context: Context) -> list[Message]:
    """Ask for words of the passages and the typed value they state, as JSON."""
    name = "choice" if question.options else question.kind
    return _messages(f"extract_{name}", context, options=fenced("; ".join(question.options)))


def rewrite(question: str, history: Sequence[Turn]) -> list[Message]:
    """Ask for the question as it would be put without the last few turns before it; examples come first, as turns of a chat."""
    system, *examples, asked = TEXTS["rewrite"].split("\n---\n")
    turns = "\n".join(f"Question: {_short(turn.question)}\nAnswer: {_short(turn.answer)}" for turn in history[-MAX_TURNS:])
    roles: Iterator[Literal["user", "assistant"]] = cycle(("user", "assistant"))
    chat = [*examples, asked.format(turns=turns, question=_short(question))]
    return [Message("system", system), *(Message(role, text) for role, text in zip(roles, chat, strict=False))]


def _short(text: str) -> str:
    """Make one line of a text's beginning, enough to tell what it is about."""
    return fenced(" ".join(text.split())[:MAX_TURN_CHARS])


def _messages(name: str, context: Context, portion: range | None = None, **fields: str) -> list[Message]:
    chosen = range(len(context.hits)) if portion is None else portion
    passages = [_passage(number + 1, context.hits[number]) for number in chosen]
    last = TEXTS[name].format(question=fenced(context.question), **fields)
    return [Message("system", TEXTS["system"]), Message("user", "\n\n".join([*passages, last]))]


def _passage(number: int, hit: Hit) -> str:
    page = (f"page {hit.page_first}",) if hit.page_first is not None else ()
    dated = (f"dated {hit.dated}",) if hit.dated is not None else ()
    label = " | ".join((hit.title, *hit.heading_path, *page, *dated))
    return TEXTS["passage"].format(number=number, label=fenced(withhold.named(label)), text=fenced(withhold.given(hit).strip()))
