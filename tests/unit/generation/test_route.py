"""Rules: the first that matches decides, each condition for itself, and nothing but the default where none does."""

from dataclasses import replace

import pytest

from core.routes import Engine, Route
from generation.route import Asked, decide

ENGINES = {
    "large": Engine(url="http://10.0.0.1/v1", model="l"),
    "cloud": Engine(url="https://llm.example.org/v1", model="c", outside=True),
    "talking": Engine(url="https://llm.example.org/v1", model="c", outside=True, conversations=True),
}
ASKED = Asked("internal", frozenset({"hr"}), "en", 50, 1500, follows=False)
PUBLIC = replace(ASKED, sensitivity="public")


def chosen(asked: Asked, *routes: Route) -> str:
    return decide(routes, ENGINES, asked).engine


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        ({"sensitivity": "internal"}, ASKED, PUBLIC),
        ({"sensitivity": ["public", "internal"]}, PUBLIC, replace(ASKED, sensitivity="confidential")),
        ({"groups": ["law", "hr"]}, ASKED, replace(ASKED, groups=frozenset({"it"}))),
        ({"groups": "hr"}, ASKED, replace(ASKED, groups=frozenset())),
        ({"languages": "en"}, ASKED, replace(ASKED, language="de")),
        ({"min_question_chars": 50}, ASKED, replace(ASKED, num_chars=49)),
        ({"max_question_chars": 50}, ASKED, replace(ASKED, num_chars=51)),
        ({"min_context_tokens": 1500}, ASKED, replace(ASKED, num_tokens=1499)),
    ],
)
def test_each_condition(condition: dict[str, object], matching: Asked, other: Asked) -> None:
    route = Route.model_validate({"engine": "large", **condition})
    assert (chosen(matching, route), chosen(other, route)) == ("large", "default")
    (considered,) = decide([route], ENGINES, other).considered
    assert [condition.holds for condition in considered.conditions] == [False]
    assert "but wanted" in considered.conditions[0].reason


def test_all_conditions_of_a_rule_must_hold_and_one_without_any_always_does() -> None:
    assert chosen(ASKED, Route(engine="large", sensitivity=("internal",), groups=("law",))) == "default"
    assert chosen(ASKED, Route(engine="large")) == "large"


def test_the_first_match_wins_and_later_rules_are_not_looked_at() -> None:
    routes = [Route(engine="large", groups=("law",)), Route(name="mine", engine="default"), Route(engine="large")]
    decision = decide(routes, ENGINES, ASKED)
    assert (decision.engine, decision.rule) == ("default", "mine")
    assert [(c.rule, c.matches) for c in decision.considered] == [("rule 1", False), ("mine", True)]


def test_without_rules_the_default_and_nothing_to_tell() -> None:
    assert decide([], ENGINES, ASKED) == decide((), {}, PUBLIC)
    assert decide([], ENGINES, ASKED).engine == "default"


@pytest.mark.parametrize(
    ("asked", "engine"),
    [
        (PUBLIC, "cloud"),
        (replace(PUBLIC, language="und"), "cloud"),
        (replace(PUBLIC, language="de"), "default"),
        (replace(PUBLIC, follows=True), "default"),
        (ASKED, "default"),  # the rule is wrong: settings refuse it, and so does this
    ],
)
def test_what_leaves_is_public_english_and_no_conversation_whatever_the_rule_says(asked: Asked, engine: str) -> None:
    assert chosen(asked, Route(engine="cloud")) == engine


def test_conversations_leave_only_where_the_engine_may_have_them() -> None:
    assert chosen(replace(PUBLIC, follows=True), Route(engine="talking")) == "talking"


@pytest.mark.parametrize(("before", "engine"), [(("en", "und"), "talking"), (("en", "de"), "default"), (("zh",), "default")])
def test_a_conversation_leaves_only_where_all_of_it_is_in_a_language_that_is_read(before: tuple[str, ...], engine: str) -> None:
    asked = replace(PUBLIC, follows=True, languages_before=before)
    route = Route(engine="talking", languages=("en",))
    assert chosen(asked, route) == engine
    (considered,) = decide([route], ENGINES, asked).considered
    assert any("said before" in c.reason and not c.holds for c in considered.conditions) is (engine == "default")
    assert chosen(asked, Route(engine="large", languages=("en",))) == "large", "inside, the question's own language counts"
