"""What a question may be: not blank, not too long, and made of characters PostgreSQL can hold."""

from core.errors import InvalidInput
from core.settings import Settings


def checked(question: str, settings: Settings) -> str:
    """Return the question without the space around it; raises InvalidInput saying what is wrong with it."""
    limit = settings.api.max_question_chars
    if not question.strip():
        raise InvalidInput("question: it is empty; ask something.")
    if len(question) > limit:
        raise InvalidInput(f"question: it has {len(question):,} characters; at most {limit:,} are accepted.")
    if "\0" in question or any("\ud800" <= char <= "\udfff" for char in question):
        raise InvalidInput("question: it is no valid text: it contains a NUL or half of a surrogate pair.")
    return question.strip()
