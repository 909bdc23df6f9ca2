"""What happens while a question is answered, in the order in which it happens; the whole answer is the fold of it.

``Sources`` come first and tell the evidence before the model has read a word; a later one replaces it. ``Done`` is what
counts, also against tokens already shown.
"""

from collections import abc
from collections.abc import Iterable
from dataclasses import dataclass

from core.types import Answer, Citation, Source


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages found, best first; once ``given``, those that the model reads. The rest is as in the Answer."""

    sources: tuple[Source, ...]
    given: bool
    standalone_question: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the text to show."""

    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    """The model has written something that is not shown, or not yet: the moment to ask whether anybody still waits."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation for text that has been shown and was checked."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer, which may refuse or leave out what was shown so far; always the last event."""

    answer: Answer


AnswerEvent = Sources | Token | Pause | Cited | Done
Events = abc.Generator[AnswerEvent, None, None]


def fold(events: Iterable[AnswerEvent]) -> Answer:
    """Run the events to their end and return the whole answer."""
    for event in events:
        if isinstance(event, Done):
            return event.answer
    raise ValueError("the events ended without an answer")
