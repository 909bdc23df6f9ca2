"""The locks name the same versions: an environment of one kind has everything that another of the same platform has."""

import re
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT

LOCKS = PROJECT_ROOT / "requirements"
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return {name.replace("_", "-"): version for name, version in PINNED.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", ["dev.txt", "torch.txt"])
def test_a_larger_environment_holds_what_the_default_one_does(name: str) -> None:
    base, larger = pins(LOCKS / "base.txt"), pins(LOCKS / name)
    ours = set(re.findall(r'^\s+"([A-Za-z0-9._-]+)', dependencies(), re.MULTILINE))
    wanted = {one.lower() for one in ours} & base.keys()
    assert len(wanted) > 30
    assert {one: larger.get(one) for one in wanted} == {one: base[one] for one in wanted}


def dependencies() -> str:
    text = (PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return text.partition("\ndependencies = [")[2].partition("\n]")[0]
