import doctest
from pathlib import Path

import pytest

from core.errors import LicenceRefused
from core.models import policy
from core.models.licences import licence_of
from core.options import Models

OPEN_ONLY = Models(allowed_licences=("open-source",))


def test_the_examples_hold() -> None:
    assert doctest.testmod(policy, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


@pytest.mark.parametrize(
    ("declared", "is_allowed"),
    [("mit", True), ("llama3.1", True), ("unknown", True), ("house-rules", True), ("cc-by-nc-4.0", False), ("mit, mrl", False)],
)
def test_by_default_only_what_an_organisation_may_not_use_is_refused(declared: str, is_allowed: bool) -> None:
    assert (policy.refusal("x", licence_of(declared), Models()) is None) == is_allowed


@pytest.mark.parametrize(
    ("allowed", "declared", "is_allowed"),
    [
        (("open-source",), "mit, apache-2.0", True),
        (("open-source",), "gemma", False),
        (("open-source",), "unknown", False),
        (("open-source", "gemma"), "gemma", True),
        (("open-source", "gemma"), "mit, gemma", True),
        (("open-source", "gemma"), "llama3.1", False),
        (("Apache-2.0", "MIT"), "apache-2.0", True),
        (("Apache-2.0", "MIT"), "agpl-3.0", False),
        (("gpl-3.0",), "GPL-3.0-only", True),
        (("research-only",), "cc-by-nc-4.0", True),
        (("unknown",), "house-rules", True),
        (("Open-Source",), "mit", True),
    ],
)
def test_a_class_or_a_name_allows(allowed: tuple[str, ...], declared: str, is_allowed: bool) -> None:
    assert (policy.refusal("x", licence_of(declared), Models(allowed_licences=allowed)) is None) == is_allowed


def test_a_refusal_names_model_licence_class_clause_and_the_way_out() -> None:
    with pytest.raises(LicenceRefused) as caught:
        policy.check("org/x", "llama3.1", Models(allowed_licences=("open-source", "gemma")))
    assert str(caught.value) == (
        "Model org/x is under llama3.1, which is source-available. The policy models.allowed_licences allows open-source and"
        " gemma only.\nChoose another model, or add source-available or llama3.1 to MUNIMENT_MODELS_ALLOWED_LICENCES."
    )


def test_of_several_licences_the_one_refused_is_named() -> None:
    assert "under CC-BY-NC-4.0, which is research-only" in (policy.refusal("x", licence_of("mit, cc-by-nc-4.0"), Models()) or "")


@pytest.mark.parametrize(("declared", "words"), [("unknown", "Nothing states the licence"), ("house-rules", "'house-rules'")])
def test_an_unknown_licence_can_be_stated_and_the_refusal_says_how(declared: str, words: str) -> None:
    reason = policy.refusal("/srv/mine", licence_of(declared), OPEN_ONLY)
    assert reason and words in reason and 'MUNIMENT_MODELS_LICENCES, as {"/srv/mine": "Apache-2.0"}' in reason


def test_what_the_settings_state_of_a_model_counts_before_what_is_declared() -> None:
    bought = Models(licences={"org/x": "our-contract"}, allowed_licences=("open-source", "our-contract"))
    policy.check("org/x", "cc-by-nc-4.0", bought)
    with pytest.raises(LicenceRefused, match="research-only"):
        policy.check("org/y", "cc-by-nc-4.0", bought)
    with pytest.raises(LicenceRefused, match=r"org/x is under CC-BY-NC-4.0"):
        policy.check("org/x", "mit", Models(licences={"org/x": "cc-by-nc-4.0"}))


def test_a_folder_is_found_however_its_path_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    for key in ("mine", "./mine", str(tmp_path / "mine")):
        models = Models(licences={key: "mit"})
        assert [policy.stated(name, models) for name in ("mine", "./mine", str(tmp_path / "mine"))] == ["mit"] * 3
        assert policy.stated("other", models) is None
