"""What the router asks of the settings, the database and the policy before it lets a question go anywhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.lifespan import Services
from api.routing import Router
from core.access import Principal, scope_for
from core.db.pool import transaction
from core.errors import Forbidden, LicenceRefused, SettingsError
from core.routes import Engine, Route
from core.settings import PROJECT_ROOT, Settings, load
from core.types import Turn
from generation.engines.outside import Outside
from tests.unit.generation.privacy.test_placeholders import ByList

CLOUD = Engine(url="https://llm.example.org/v1", model="theirs", outside=True, conversations=True)
LARGE = Engine(url="http://gpu:8000/v1", model="large", window_tokens=32_000, context_tokens=6000)
PUBLIC = Route(name="press", engine="cloud", sensitivity=("public",))


def never() -> ByList:
    raise AssertionError("nothing leaves, so nothing is to be found")


@pytest.fixture
def alice(services: Services, keys: dict[str, str]) -> Principal:
    with transaction(services.pool) as connection:
        row = connection.execute("SELECT owner_id, key_id, is_admin FROM api_keys WHERE owner_id = 'alice'").fetchone()
        for name in ("news", "hr"):
            query = "INSERT INTO collections (owner_id, name, embedding_model, dimension) VALUES ('alice', %s, 'm', 3)"
            connection.execute(query, (name,))
        connection.execute("UPDATE collections SET sensitivity = 'public' WHERE name = 'news'")
    assert row
    return Principal(**row)


def configured(services: Services, *routes: Route) -> Settings:
    return services.settings.model_copy(update={"engines": {"cloud": CLOUD, "large": LARGE}, "routes": routes})


def scoped(services: Services, principal: Principal, collection: str | None = None):
    with transaction(services.pool) as connection:
        return scope_for(connection, principal, collection)


def test_an_engine_inside_brings_its_own_window_and_loads_nothing_else(services: Services, alice: Principal) -> None:
    settings = configured(services, Route(engine="large", min_context_tokens=3000))
    router, scope = Router(settings, services.pool, services.generator, never), scoped(services, alice)
    routed = router.route(alice, scope, "Why? " * 1000)
    assert (routed.generator.model, routed.window_tokens, routed.context_tokens) == ("large", 32_000, 6000)
    assert routed.packing(never) is never  # type: ignore[arg-type]
    short = router.route(alice, scope, "Why?")
    assert short.generator is services.generator
    assert short.window_tokens == services.settings.llm.window_tokens
    said = [Turn("How many days of leave are there?", "Thirty. " * 800)]
    assert router.route(alice, scope, "Why?", said).generator.model == "large"


def test_only_the_default_engine_reads_in_portions(services: Services) -> None:
    settings = configured(services, Route(engine="large", min_context_tokens=3000))
    router = Router(settings.with_values(search={"portion_tokens": 300}), services.pool, services.generator, never)
    assert (router.portion_tokens_of("default"), router.portion_tokens_of("large")) == (300, None)
    assert Router(settings, services.pool, services.generator, never).portion_tokens_of("default") is None


def test_an_engine_outside_is_an_outside(services: Services, alice: Principal) -> None:
    router = Router(configured(services, PUBLIC), services.pool, services.generator, ByList)
    routed = router.route(alice, scoped(services, alice, "news"), "Who chairs the board?", collection="news")
    assert isinstance(routed.generator, Outside)
    assert (routed.generator.model, routed.decision.rule) == ("theirs", "press")
    assert router.route(alice, scoped(services, alice), "Who chairs the board?").generator is services.generator
    router.close()


def test_a_label_that_changes_between_the_rule_and_the_clearance_is_noticed(
    services: Services, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = Router(configured(services, PUBLIC), services.pool, services.generator, ByList)
    scope = scoped(services, alice, "news")
    asked = router.asked(scope, "Who chairs the board?")
    with transaction(services.pool) as connection:
        connection.execute("UPDATE collections SET sensitivity = 'internal'")
    monkeypatch.setattr(router, "asked", lambda *_: asked)
    routed = router.route(alice, scope, "Who chairs the board?")
    assert routed.generator is services.generator
    assert (routed.window_tokens, routed.decision.engine, routed.decision.rule) == (
        services.settings.llm.window_tokens,
        "default",
        None,
    )
    router.close()


def test_a_conversation_that_was_not_in_english_stays_inside(services: Services, alice: Principal) -> None:
    router, scope = (
        Router(configured(services, PUBLIC), services.pool, services.generator, ByList),
        scoped(services, alice, "news"),
    )
    english = Turn("Who chairs the board of the company?", "The board is chaired by a member whom the owners choose.")
    german = Turn(
        "Who chairs the board of the company?", "Den Vorsitz im Aufsichtsrat hat ein Mitglied, das die Eigentümer wählen."
    )
    assert isinstance(router.route(alice, scope, "Since when has that been so?", [english]).generator, Outside)
    for history in ([german], [german, english], [english, german]):
        assert router.route(alice, scope, "Since when has that been so?", history).generator is services.generator
    assert router.asked(scope, "Since when?", [english, german]).languages_before == ("de", "en")
    router.close()


def test_the_rule_of_the_page_for_long_questions_meets_one_and_a_long_conversation(
    services: Services, alice: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (PROJECT_ROOT / "docs" / "howto" / "routing.md").read_text(encoding="utf-8")
    (tmp_path / "muniment.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    monkeypatch.setenv("MUNIMENT_CONFIG", str(tmp_path / "muniment.toml"))
    settings = load()
    router, scope = Router(settings, services.pool, services.generator, ByList), scoped(services, alice)
    long = "Why? " * (settings.api.max_question_chars // 5)
    said = [Turn("How many days of leave are there?", "Thirty days. " * 160)]
    assert router.route(alice, scope, "Why is that so?").decision.rule is None
    assert router.route(alice, scope, long).decision.rule == "long"
    assert router.route(alice, scope, "Why is that so?", said).decision.rule == "long"
    router.close()


def test_settings_that_nobody_checked_are_checked_here(services: Services) -> None:
    with pytest.raises(SettingsError, match="press"):
        Router(configured(services, replace_sensitivity(PUBLIC)), services.pool, services.generator, ByList)


def replace_sensitivity(route: Route) -> Route:
    return route.model_copy(update={"sensitivity": ("public", "internal")})


@pytest.mark.parametrize("engine", ["cloud", "large"])
def test_the_policy_on_licences_holds_for_every_engine_that_a_rule_names(services: Services, engine: str) -> None:
    route = PUBLIC.model_copy(update={"engine": engine})
    settings = configured(services, route)
    models = {"licences": {"theirs": "cc-by-nc-4.0", "large": "cc-by-nc-4.0"}}
    with pytest.raises(LicenceRefused, match="research-only"):
        Router(settings.with_values(models=models), services.pool, services.generator, ByList)
    Router(settings.model_copy(update={"routes": ()}).with_values(models=models), services.pool, services.generator, never)


def test_without_an_engine_outside_there_is_nothing_to_redact(services: Services) -> None:
    router = replace(services, router=Router(services.settings, services.pool, services.generator, never)).router
    with pytest.raises(Forbidden):
        router.redaction()
