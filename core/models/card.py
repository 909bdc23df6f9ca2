"""What a model's card states about it: the licence and the languages, from a hub's answer or from files in a folder.

A card is the metadata between two lines of dashes that a README.md begins with. Beside it a licence may be named in
``config.json`` or in a GGUF file. Nothing is guessed: a licence's text, or a base model that is named, is no statement.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from core.models import gguf
from core.models.licences import UNKNOWN

NAME = re.compile(r"[A-Za-z0-9][\w.+ -]{0,79}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
PROGRAMS = "code"  # stands among the languages of models that also write programs
FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
# a card may hold a hundred kilobytes of test results, which YAML takes a second to read
STATEMENT = re.compile(r"^license(?:_name)?:.*(?:\r?\n[ \t-].*)*", re.MULTILINE)
MAX_BYTES = 1 << 20
MAX_CHARS = 4096


def licence(card: Mapping[str, Any]) -> str:
    """Give the licence a card names, several separated by commas; ``unknown`` if it names none.

    >>> licence({"license": "other", "license_name": "qwen-research"}), licence({"license": ["mit", "gemma"]}), licence({})
    ('qwen-research', 'mit, gemma', 'unknown')
    """
    named = card.get("license")
    names = [name.strip() for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)]
    other = card.get("license_name")
    if names == ["other"] and isinstance(other, str):
        names = [other.strip()]
    return ", ".join(names) if names and all(NAME.fullmatch(name) for name in names) else UNKNOWN


def languages(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the ISO 639 codes a card names; none if one of them is no code, such as ``multilingual``, or none is named.

    >>> languages({"language": "en"}), languages({"language": ["en", "code"]}), languages({"language": ["multilingual", "en"]})
    (('en',), ('en',), ())
    """
    named = card.get("language")
    codes = [code for code in (named if isinstance(named, list) else [named]) if code not in (None, PROGRAMS)]
    return tuple(codes) if all(isinstance(code, str) and LANGUAGE.fullmatch(code) for code in codes) else ()


def stated_in(folder: Path) -> str:
    """Give the licence that the files of a folder state, in the order README.md, config.json, GGUF; ``unknown`` if none does."""
    found = licence(_readme(folder / "README.md"))
    if found == UNKNOWN:
        found = licence(_config(folder / "config.json"))
    for path in sorted(folder.glob("*.gguf")) if found == UNKNOWN else ():
        texts = gguf.stated(path)
        found = licence({"license": texts.get("license"), "license_name": texts.get("license.name")})
    return found


def _readme(path: Path) -> dict[str, Any]:
    front = FRONT.match(_read(path))
    statements = "\n".join(STATEMENT.findall(front[1] if front else ""))
    try:
        card = yaml.safe_load(statements) if len(statements) <= MAX_CHARS else None
    except (yaml.YAMLError, RecursionError, ValueError):  # ValueError: a date that is none
        return {}
    return card if isinstance(card, dict) else {}


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(_read(path))
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
