"""What a table of settings is made of: a frozen group without unknown keys, and URLs that are read before they are used."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode

from core import urls

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Group(BaseModel):
    """A table of settings: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _read(url: str, addresses: Callable[[str], object]) -> str:
    addresses(url)
    return url


def _read_secret(url: SecretStr, addresses: Callable[[str], object]) -> SecretStr:
    addresses(url.get_secret_value())
    return url


def _split(value: Any) -> Any:
    return [entry.strip() for entry in value.split(",") if entry.strip()] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]  # in the environment separated by commas
HttpUrl = Annotated[str, AfterValidator(partial(_read, addresses=urls.http_address))]
DatabaseUrl = Annotated[SecretStr, AfterValidator(partial(_read_secret, addresses=urls.database_addresses))]
BrokerUrl = Annotated[SecretStr, AfterValidator(partial(_read_secret, addresses=urls.broker_addresses))]
