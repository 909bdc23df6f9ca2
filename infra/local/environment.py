"""What a component finds in its environment: all settings, spelled out, and nothing that depends on where it starts.

Children read no TOML file: whatever the file said is in the variables, with relative paths made absolute.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.settings import PREFIX, PROJECT_ROOT, Settings
from core.tables import Group
from core.telemetry import PHONE_HOME_OFF

PLAIN = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")


def export(settings: Settings) -> dict[str, str]:
    """Give the variables from which :func:`core.settings.load` makes equal settings."""
    exported: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if not isinstance(value, Group):
            exported[f"{PREFIX}{name}".upper()] = _text(value)
            continue
        for sub, field in type(value).model_fields.items():
            inner = getattr(value, sub)
            if inner is not None or field.default is not None:
                exported[f"{PREFIX}{name}_{sub}".upper()] = _text(inner)
    return exported


def for_python(settings: Settings, **more: str) -> dict[str, str]:
    """Give the environment of one of our own processes: the settings, and ``more``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    search = os.pathsep.join(filter(None, (str(PROJECT_ROOT), inherited.get("PYTHONPATH"))))
    ours = {"PYTHONPATH": search, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"}
    return {**inherited, **ours, **PHONE_HOME_OFF, **export(absolute(settings)), **more}


def for_server() -> Mapping[str, str]:
    """Give the environment of a foreign server: nothing of ours, no password above all."""
    return {name: os.environ[name] for name in PLAIN if name in os.environ}


def absolute(settings: Settings) -> Settings:
    """Make the paths independent of the current folder."""
    folder = settings.models.folder
    licences = {located(name): licence for name, licence in settings.models.licences.items()}
    adapters = ",".join(f"{name}={path.absolute()}" for name, path in settings.vllm.adapter_folders.items()) or None
    changes: dict[str, dict[str, Any]] = {
        "models": {"folder": folder and folder.expanduser().absolute(), "licences": licences},
        "vllm": {"environment": settings.vllm.environment.expanduser().absolute(), "adapters": adapters},
    }
    for group, model in (("embedding", settings.embedding.model), ("rerank", settings.rerank.model)):
        if model:
            changes[group] = {"model": located(model)}
    return settings.with_values(**changes)


def located(name: str) -> str:
    """Write a model's folder so that it's found from anywhere; any other name stays."""
    path = Path(name).expanduser()
    return str(path.absolute()) if path.is_dir() else name


def _text(value: Any) -> str:
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, dict | tuple):
        return json.dumps(_plain(value))
    plain = _plain(value)
    return "" if plain is None else str(plain)


def _plain(value: Any) -> Any:
    """Take a setting apart into what JSON can say, secrets too."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Group():
            return {name: _plain(getattr(value, name)) for name in type(value).model_fields if getattr(value, name) is not None}
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value
