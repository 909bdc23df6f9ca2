import doctest
from pathlib import Path
from typing import Any

import pytest

from core.models import card
from tests.unit.core.test_gguf import gguf_file


def test_the_examples_hold() -> None:
    assert doctest.testmod(card).failed == 0


@pytest.mark.parametrize(
    ("front", "licence"),
    [
        ("license: apache-2.0\nlanguage: en", "apache-2.0"),
        ("license:\n- mit\n- gemma", "mit, gemma"),
        ("license: 'other'\nlicense_name: qwen-research\nlicense_link: x", "qwen-research"),
        ("license: other", "other"),
        ("license: other\nlicense_name: [a, b]", "other"),
        ("license: mit\nlicense_name: qwen-research", "mit"),
        ("base_model: meta-llama/Llama-3.1-8B", "unknown"),  # no statement, though it hints at one
        ("license: 3", "unknown"),
        ("license: ''", "unknown"),
        ("license: [mit, '']", "unknown"),
        ("license: ['mit, gemma']", "unknown"),
        ('license: "a\\x1b[31m"', "unknown"),
        ("license: mit\nlicense: [", "unknown"),
        ("- license: mit", "unknown"),
        ("license: !!python/object/apply:os.system ['true']", "unknown"),
        ("license: " + "[" * 1000, "unknown"),
        ("license: " + "[" * 100_000, "unknown"),
        ("model-index:\n" + "- name: x\n  license: gemma\n" * 9000 + "license:\n  - mit\n  - gemma\nlanguage: en", "mit, gemma"),
        ("license: mit\nlicense_link: https://example.org\nlicense_other: x", "mit"),
    ],
)
def test_the_licence_a_readme_states(tmp_path: Path, front: str, licence: str) -> None:
    (tmp_path / "README.md").write_text(f"---\n{front}\n---\n# A model\nlicense: mit\n")
    assert card.stated_in(tmp_path) == licence


@pytest.mark.parametrize("readme", ["license: mit", "# Model\n---\nlicense: mit\n---\n", "---\nlicense: mit\n", ""])
def test_only_the_head_of_a_readme_is_metadata(tmp_path: Path, readme: str) -> None:
    (tmp_path / "README.md").write_text(readme)
    (tmp_path / "LICENSE").write_text("Apache License, Version 2.0")
    assert card.stated_in(tmp_path) == "unknown"


def test_line_ends_of_windows_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"\xef\xbb\xbf---\r\nlicense: mit\r\n---\r\ntext\r\n")
    assert card.stated_in(tmp_path) == "mit"


def test_what_the_readme_does_not_say_the_config_may_and_then_a_gguf_file(tmp_path: Path) -> None:
    assert card.stated_in(tmp_path) == "unknown"
    metadata = {"general.license": "other", "general.license.name": "llama3.1"}
    (tmp_path / "model.gguf").write_bytes(gguf_file(metadata))
    assert card.stated_in(tmp_path) == "llama3.1"
    (tmp_path / "config.json").write_text('{"license": "gemma"}')
    assert card.stated_in(tmp_path) == "gemma"
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    assert card.stated_in(tmp_path) == "mit"


@pytest.mark.parametrize("config", ["[]", "{", "[" * 100_000, '{"license": null}'])
def test_a_config_without_a_licence_states_none(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert card.stated_in(tmp_path) == "unknown"


@pytest.mark.parametrize(
    ("named", "languages"),
    [(["en", "de"], ("en", "de")), ("en", ("en",)), (None, ()), (["en", 3], ()), (["en", "English"], ()), ({"en": 1}, ())],
)
def test_languages_are_codes_or_none(named: Any, languages: tuple[str, ...]) -> None:
    assert card.languages({"language": named}) == languages
