"""All settings, read once at start from the environment (``MUNIMENT_*``) over one TOML file over the defaults here.

The file is ``MUNIMENT_CONFIG`` if set, else ``muniment.toml`` in the current folder if there is one. A setting
``[group] name`` of the file is ``MUNIMENT_GROUP_NAME`` in the environment; an empty variable counts as none. Tables that repeat
(``[engines.NAME]``, ``[[routes]]``) are JSON there. A wrong or unknown key fails at start, by name, with the values it may have.
docs/reference/settings.md has a row for each (a test compares).
"""

import difflib
import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.errors import SettingsError
from core.options import Answers, Api, Broker, Database, Embedding, Ingest, Llm, Models, Rerank, Search, Vector, Vllm, Web
from core.routes import Engine, Privacy, Route, check_routes
from core.tables import PROJECT_ROOT, Group

__all__ = ["PREFIX", "PROJECT_ROOT", "TABLES", "Settings", "config_file", "load", "setting_names"]

PREFIX = "MUNIMENT_"
DEFAULT_CONFIG = "muniment.toml"
TABLES: dict[str, type[Group]] = {"engines": Engine, "routes": Route}  # those that repeat


class Settings(BaseSettings):
    """Every setting; build it with :func:`load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
        validate_default=True,
    )

    home: Path = Field(PROJECT_ROOT / "var", description="The one folder that holds all data, logs and model weights.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much the logs say.")
    database: Database = Database()
    broker: Broker = Broker()
    llm: Llm = Llm()
    vllm: Vllm = Vllm()
    embedding: Embedding = Embedding()
    rerank: Rerank = Rerank()
    models: Models = Models()
    api: Api = Api()
    web: Web = Web()
    ingest: Ingest = Ingest()
    search: Search = Search()
    vector: Vector = Vector()
    answers: Answers = Answers()
    privacy: Privacy = Privacy()
    engines: dict[str, Engine] = Field(
        {}, description="Model servers beside `llm`, by name; what each may have stands below. In the environment JSON, by name."
    )
    routes: tuple[Route, ...] = Field(
        (),
        description="Rules that choose the engine of a question, the first that matches; none: always `llm`. In the environment"
        " JSON, a list.",
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return Path(os.path.abspath(value.expanduser()))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults; no dotenv, no secrets folder."""
        no_hub = InitSettingsSource(settings_cls, _hub_left_out())
        return init_settings, env_settings, no_hub, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def models_dir(self) -> Path:
        """Where verified weights live, one folder a model."""
        return self.home / "models"

    @property
    def blobs_dir(self) -> Path:
        """Where uploaded bytes live, named by their sha256."""
        return self.home / "blobs"

    @property
    def words_dir(self) -> Path:
        """Where the index of words lives; derived from the database, so it may be removed at any time."""
        return self.home / "index" / "words"

    @property
    def vectors_dir(self) -> Path:
        """Where indexes derived from the vectors in PostgreSQL live, one folder a model."""
        return self.home / "index" / "vectors"

    def check_routes(self) -> None:
        """Refuse rules and addresses that lead where they may not; raises SettingsError naming the setting."""
        inside = {"llm.url": self.llm.url, "rerank.url": self.rerank.url}
        check_routes(self.engines, self.routes, inside, self.privacy.own_domains)

    def with_values(self, **groups: dict[str, Any]) -> Self:
        """Return a copy with some values of some groups replaced, for tests and for wiring."""
        return self.model_copy(update={name: getattr(self, name).model_copy(update=values) for name, values in groups.items()})


def _hub_left_out() -> dict[str, Any]:
    """Give the one setting that has a meaning when its variable is empty: no hub, where leaving it out means the default."""
    return {"models": {"hub_url": None}} if os.environ.get(f"{PREFIX}MODELS_HUB_URL") == "" else {}


def config_file() -> Path | None:
    """Find the TOML file; one that ``MUNIMENT_CONFIG`` names must be there."""
    named = os.environ.get(f"{PREFIX}CONFIG")
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"{PREFIX}CONFIG names {named!r}, which is no file: correct the path or unset it.")
        return Path(named)
    return Path(DEFAULT_CONFIG) if Path(DEFAULT_CONFIG).is_file() else None


def setting_names() -> dict[str, Any]:
    """Map every environment name to its pydantic field, in the order they stand here."""
    names: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            names |= {f"{PREFIX}{name}_{sub}".upper(): f for sub, f in field.annotation.model_fields.items()}
        else:
            names[f"{PREFIX}{name}".upper()] = field
    return names


def load() -> Settings:
    """Read and check the settings.

    Raises SettingsError naming each wrong key, what it held and what it may hold.
    """
    _refuse_unknown_variables()
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(e) for e in error.errors())) from None
    except ValueError as error:  # TOML that does not parse, or a variable that is no JSON where a table is wanted
        raise SettingsError(f"{config_file() or 'environment'}: {error}") from None
    settings.check_routes()
    return settings


def _refuse_unknown_variables() -> None:
    known = {*setting_names(), f"{PREFIX}CONFIG"}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else " docs/reference/settings.md lists all."
            raise SettingsError(f"{name} is no setting.{hint}")


def _explain(error: Any) -> str:
    path = [str(part) for part in error["loc"]]
    key = f"{PREFIX}{path[0] if path[0] in TABLES else '_'.join(path)}".upper()
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, setting_names(), n=1)
        return f"{'.'.join(path)} is no setting.{f' Did you mean {near[0]}?' if near else ''}"
    is_secret = any("key" in part or "url" in part for part in path) or not isinstance(error["input"], str | int | float)
    shown = "" if is_secret else f" (it is {error['input']!r})"
    return f"{key} ({'.'.join(path)} in the file){shown}: {error['msg'].removeprefix('Value error, ')}."
