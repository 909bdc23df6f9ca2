"""Which engine a question goes to: ordered rules, of which the first that matches decides; without one the default, on-premises.

Pure: facts of the question and rules go in, a decision and the reasons for it come out. What the facts are is found out
elsewhere (api/routing.py); that nothing leaves but from public collections is enforced once more, without the rules, by
engines/outside.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.routes import DEFAULT, Engine, Route, is_outside, name_of
from core.types import Sensitivity

READ_OUTSIDE = ("en", "und")  # languages of questions in which personal data is found, and what is too short to tell


@dataclass(frozen=True, slots=True)
class Asked:
    """What rules can tell of a question. ``num_tokens`` estimates prompt and answer; languages are ISO 639-1 or und.

    ``languages_before`` are those of what was asked and answered before it, which goes where the question goes.
    """

    sensitivity: Sensitivity
    groups: frozenset[str]
    language: str
    num_chars: int
    num_tokens: int
    follows: bool
    languages_before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a rule: whether it holds for this question, and that in words."""

    holds: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule that was looked at, and each of its conditions."""

    rule: str
    engine: str
    conditions: tuple[Condition, ...]

    @property
    def matches(self) -> bool:
        """Whether all conditions hold."""
        return all(condition.holds for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Decision:
    """The engine that answers, the rule that chose it (None: no rule did), and all rules looked at on the way."""

    engine: str
    rule: str | None
    considered: tuple[Considered, ...]


def decide(routes: Sequence[Route], engines: Mapping[str, Engine], asked: Asked) -> Decision:
    """Choose the engine by the first rule that matches; the default where none does."""
    considered: list[Considered] = []
    for index, route in enumerate(routes):
        conditions = tuple(_conditions(route, engines.get(route.engine), asked))
        considered.append(Considered(name_of(routes, index), route.engine, conditions))
        if considered[-1].matches:
            return Decision(route.engine, considered[-1].rule, tuple(considered))
    return Decision(DEFAULT, None, tuple(considered))


def _conditions(route: Route, engine: Engine | None, asked: Asked) -> Iterator[Condition]:
    if route.sensitivity:
        yield _one_of("the most sensitive collection in reach", (asked.sensitivity,), route.sensitivity)
    if route.groups:
        yield _one_of("the asker's groups", sorted(asked.groups), route.groups)
    if route.languages:
        yield _one_of("the question's language", (asked.language,), route.languages)
    yield from _bounds("characters of the question", asked.num_chars, route.min_question_chars, route.max_question_chars)
    yield from _bounds("tokens of context, by estimate", asked.num_tokens, route.min_context_tokens, None)
    if engine is not None and is_outside(engine):
        yield from _to_leave(engine, asked)


def _to_leave(engine: Engine, asked: Asked) -> Iterator[Condition]:
    """Give what must hold for any rule that leads outside, whatever it says."""
    yield _one_of("what may leave: the most sensitive collection in reach", (asked.sensitivity,), ("public",))
    yield _one_of("what personal data is found in: the question's language", (asked.language,), READ_OUTSIDE)
    if unread := [language for language in asked.languages_before if language not in READ_OUTSIDE]:
        yield _one_of("what personal data is found in: the languages of what was said before", unread, READ_OUTSIDE)
    if not engine.conversations:
        said = "comes after others, and nobody can tell where those came from" if asked.follows else "comes after no other"
        yield Condition(not asked.follows, f"the question {said} (conversations = false)")


def _one_of(what: str, values: Sequence[str], wanted: Sequence[str]) -> Condition:
    holds = not set(values).isdisjoint(wanted)
    return Condition(
        holds, f"{what}: {', '.join(values) or 'none'}; {'wanted' if holds else 'but wanted'}: {' or '.join(wanted)}"
    )


def _bounds(what: str, number: int, least: int | None, most: int | None) -> Iterator[Condition]:
    if least is not None:
        yield Condition(number >= least, f"{number:,} {what}; {'wanted' if number >= least else 'but wanted'}: {least:,} or more")
    if most is not None:
        yield Condition(number <= most, f"{number:,} {what}; {'wanted' if number <= most else 'but wanted'}: {most:,} or fewer")
