"""What a question and those before it may be: not blank, not too long, and made of characters PostgreSQL can hold."""

from collections.abc import Sequence

from api import bodies
from core.errors import InvalidInput
from core.settings import Settings
from core.types import Turn

MAX_ANSWER_CHARS = 20_000  # of an answer in a conversation, of which the model is shown the beginning


def checked(question: str, max_chars: int, field: str = "question") -> str:
    """Return the question without the space around it; raises InvalidInput saying what is wrong with the ``field``."""
    return _question(field, question, max_chars)


def conversation(history: Sequence[bodies.Turn], settings: Settings) -> tuple[Turn, ...]:
    """Return the turns before a question, none where rewriting is off; raises InvalidInput saying which is wrong with what."""
    turns = tuple(
        Turn(
            _question(f"history.{i}.question", turn.question, settings.api.max_question_chars),
            _text(f"history.{i}.answer", turn.answer, MAX_ANSWER_CHARS),
        )
        for i, turn in enumerate(history)
    )
    return turns if settings.llm.rewrite else ()


def _question(field: str, text: str, max_chars: int) -> str:
    if not text.strip():
        raise InvalidInput(f"{field}: it is empty; ask something.")
    return _text(field, text, max_chars)


def _text(field: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise InvalidInput(f"{field}: it has {len(text):,} characters; at most {limit:,} are accepted.")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidInput(f"{field}: it is no valid text: it contains a NUL or half of a surrogate pair.")
    return text.strip()
