"""Write the pages of docs/reference that follow from the code: ``make docs``. tests/unit/test_docs.py compares them.

Each page is a function of the code alone, so it cannot fall behind it.
"""

import json
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from core.settings import PROJECT_ROOT, TABLES, Settings, setting_names
from ui.cli import reference

REFERENCE = Path(__file__).parent / "reference"
TYPES = {
    "SecretStr": "text, never logged", "str": "text", "int": "whole number", "float": "number", "bool": "`true`, `false`",
    "Path": "path", "tuple": "list of names", "dict": "table of names",
}  # fmt: skip
BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most"}
SETTINGS_HEAD = """\
# Settings

Generated from `core/options.py` and `core/settings.py` by `make docs`; do not edit.

A setting comes from the environment, else from one TOML file, else it has its default. The file is the one that
`MUNIMENT_CONFIG` names, else `muniment.toml` in the current folder. An empty variable counts as none, except
`MUNIMENT_MODELS_HUB_URL`. There a list is separated by commas, and a table is written as JSON and added to the file's. The
file's tables are the names in brackets:

```toml
log_level = "INFO"

[llm]
url = "http://llm.example.org:8000/v1"
model = "my-model"

[privacy]
own_domains = ["example.org"]
```

Tables that repeat, `[engines.NAME]` and `[[routes]]`, are JSON in the environment, in one variable each. What `MUNIMENT_ENGINES`
says of an engine is added to what the file says of it, so that a key need not stand in the file: `{"cloud": {"api_key": "..."}}`.

An unknown or wrong setting stops every command at once and is named, together with the values it may have.

| in the environment | in the file | default | what it may be | what it is |
|---|---|---|---|---|
"""


def settings_page() -> str:
    """Render a row for each setting, in the order they stand in the code."""
    rows = "".join(_setting_row(name, field) for name, field in setting_names().items())
    return SETTINGS_HEAD + rows + "".join(_table_rows(name, table) for name, table in TABLES.items())


def _table_rows(name: str, table: type[BaseModel]) -> str:
    """Render a row for each setting of a table that repeats."""
    head = f"\n## Each of `{name}`\n\n| in the file | default | what it may be | what it is |\n|---|---|---|---|\n"
    in_file = {"engines": "[engines.NAME]", "routes": "[[routes]]"}[name]
    rows = (
        f"| `{in_file} {key}` | {default_of(field)} | {_allowed(field)} | {field.description} |\n"
        for key, field in table.model_fields.items()
    )
    return head + "".join(rows)


def default_of(field: Any) -> str:
    """Render a default as the file would hold it; paths under the project are shown relative to it."""
    value = field.default
    if value is None or value in ({}, ()):
        return "none"
    if value is PydanticUndefined:
        return "has to be said"
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT_ROOT)}/` in the project's folder"
    if isinstance(value, tuple):
        return f"`{json.dumps(value)}`"
    if value == {}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _setting_row(name: str, field: Any) -> str:
    key = name.removeprefix("MUNIMENT_").lower()
    group, _, rest = key.partition("_")
    in_file = f"[{group}] {rest}" if rest and group in Settings.model_fields else key
    return f"| `{name}` | `{in_file}` | {default_of(field)} | {_allowed(field)} | {field.description} |\n"


def _allowed(field: Any) -> str:
    if typing.get_origin(field.annotation) in {dict, tuple}:
        inner = typing.get_args(field.annotation)[0 if typing.get_origin(field.annotation) is tuple else 1]
        values = ", ".join(f"`{value}`" for value in typing.get_args(inner)) or TYPES.get(inner.__name__, "tables")
        return values if values == "tables" else f"{values}, or a list of them"
    named = [
        option for option in (field.annotation, *typing.get_args(field.annotation)) if typing.get_origin(option) is typing.Literal
    ]
    if named and typing.get_origin(field.annotation) is not tuple:
        return ", ".join(f"`{value}`" for value in typing.get_args(named[0]))
    if typing.get_origin(field.annotation) in (tuple, dict):
        return TYPES[typing.get_origin(field.annotation).__name__]
    options = [option for option in typing.get_args(field.annotation) or (field.annotation,) if option is not type(None)]
    options = [typing.get_args(option)[0] if typing.get_origin(option) is typing.Annotated else option for option in options]
    bounds = [f"{word} {getattr(m, kind):g}" for m in field.metadata for kind, word in BOUNDS.items() if hasattr(m, kind)]
    return ", ".join([*(TYPES[option.__name__] for option in options), *bounds])


PAGES = {"settings.md": settings_page, "cli.md": reference.render}

if __name__ == "__main__":
    for filename, render in PAGES.items():
        (REFERENCE / filename).write_text(render(), encoding="utf-8")
