"""The settings of routing: the engines that questions may go to beside ``llm``, and the ordered rules that choose among them.

An engine outside of the walls is reached by a rule for public collections alone; settings that would have it otherwise fail at
start, by name. generation/route.py evaluates the rules, generation/engines/outside.py enforces the same once more, without them.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from core.errors import SettingsError
from core.tables import Group, HttpUrl, Names
from core.types import Sensitivity

DEFAULT = "default"  # the name that a rule gives the model server of `llm` by
# Hosts that are outside whatever a setting says. No wall, which the network has to be; but a slip is noticed.
PROVIDERS = (
    *("openai.com", "openai.azure.com", "anthropic.com", "mistral.ai", "googleapis.com", "cohere.com", "cohere.ai", "groq.com"),
    *("together.ai", "together.xyz", "deepseek.com", "openrouter.ai", "fireworks.ai", "perplexity.ai", "huggingface.co", "x.ai"),
    *("huggingface.cloud", "replicate.com", "nvidia.com", "voyageai.com", "cerebras.ai", "deepinfra.com", "novita.ai", "jina.ai"),
)
NUMBERS = re.compile(r"(?:0x[\da-f]*|\d+)(?:\.(?:0x[\da-f]*|\d+))*", re.IGNORECASE)  # 134744072 is 8.8.8.8 to a resolver
DOMAIN = re.compile(r"(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z][a-z\d-]*[a-z\d]")
INSIDE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".intranet", ".home.arpa")


class Engine(Group):
    """A model server that speaks the OpenAI protocol; written as ``[engines.NAME]``."""

    url: HttpUrl = Field(description="Base URL, ending in /v1.")
    model: str = Field(description="The name it serves the model by.")
    api_key: SecretStr | None = Field(None, description="Bearer token, if it wants one.")
    window_tokens: int = Field(4096, ge=512, description="Tokens of prompt and answer together that one question may use.")
    context_tokens: int | None = Field(
        None, ge=100, description="Tokens of passages given to this model with a question; none: `search.context_tokens`."
    )
    timeout_s: float = Field(180.0, gt=0, description="Longest wait for its next piece of an answer.")
    outside: bool | None = Field(
        None,
        description="Whether it stands outside of the organisation's walls. It has to be said, unless the address tells by"
        " itself: loopback, a private one, or a name without a dot.",
    )
    conversations: bool = Field(
        False,
        description="Outside only: whether a question that comes after others may go there, with what was asked and"
        " answered before. The server cannot tell from which collection that came.",
    )


class Route(Group):
    """A rule; every condition that it has must hold. Written as ``[[routes]]``, in the order to try."""

    name: str = Field("", description="What explanations and the egress log call it; its number if absent.")
    engine: str = Field(description="The name of an engine, or `default` for the model server of `llm`.")
    sensitivity: tuple[Sensitivity, ...] = Field(
        (), description="Labels that the most sensitive collection in reach of the question may have, one or a list."
    )
    groups: tuple[str, ...] = Field((), description="Groups one of which the asker is in, one or a list.")
    languages: tuple[str, ...] = Field(
        (), description="Languages of the question (ISO 639-1; `und` where it cannot be told), one or a list."
    )
    min_question_chars: int | None = Field(None, ge=1, description="Least length of the question.")
    max_question_chars: int | None = Field(None, ge=1, description="Greatest length of the question.")
    min_context_tokens: int | None = Field(
        None,
        ge=1,
        description="Need for a long context: least tokens of question, conversation, passages and answer, by estimate.",
    )

    @field_validator("sensitivity", "groups", "languages", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Privacy(Group):
    """What counts as inside, and what is put in the place of personal data before anything leaves."""

    own_domains: Names = Field(
        (),
        description="Domains (or addresses) of your own, whose servers stand within your walls: `llm.url` and `rerank.url` are of"
        " one of them, unless the address tells by itself (loopback, a private one, a name without a dot). For your"
        " `gpu.example.org`: `example.org`.",
    )
    dates: bool = Field(
        False, description="Whether dates that are no dates of birth are replaced too, in what goes to an engine outside."
    )

    @field_validator("own_domains")
    @classmethod
    def _are_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(_plain(entry) for entry in value)
        for entry, domain in zip(value, domains, strict=True):
            if not (DOMAIN.fullmatch(domain) or _address(domain)):
                raise ValueError(f"{entry!r} is no domain, such as example.org, and no address")
            if _is_of(domain, PROVIDERS) or any(provider.endswith(f".{domain}") for provider in PROVIDERS):
                raise ValueError(f"{entry!r} is outside, whoever says otherwise")
        return domains


def is_outside(engine: Engine) -> bool:
    """Tell whether an engine stands outside of the walls; what is not said and cannot be told counts as outside."""
    return engine.outside if engine.outside is not None else not _is_inside(engine.url)


def name_of(routes: Sequence[Route], index: int) -> str:
    """Give what a rule is called: its name, or its number, from 1."""
    return routes[index].name or f"rule {index + 1}"


def check_routes(
    engines: Mapping[str, Engine], routes: Sequence[Route], inside: Mapping[str, str | None], own_domains: Sequence[str] = ()
) -> None:
    """Refuse rules that lead nowhere, or outside from anything but public collections; ``inside`` are URLs by their settings,
    to which passages of any collection go.

    Raises SettingsError naming the setting, and what it should be.
    """
    for setting, url in inside.items():
        if url:
            _check_inside(setting, url, own_domains)
    for name, engine in engines.items():
        _check_engine(name, engine)
    names = [name_of(routes, index) for index in range(len(routes))]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"routes: two rules are named {twice!r}; give each a name of its own.")
    for name, route in zip(names, routes, strict=True):
        _check_route(name, route, engines)


def _check_inside(setting: str, url: str, own_domains: Sequence[str]) -> None:
    host = _host(url)
    by_rule = (
        "may be reached by a rule only. Write it as [engines.NAME] with outside = true, and a rule [[routes]] with"
        ' sensitivity = "public".'
    )
    if _is_provider(url):
        raise SettingsError(f"{setting} leads to {host}, which is outside, and {by_rule}")
    if not (_is_inside(url) or _is_of(_plain(host), own_domains)):
        raise SettingsError(
            f"{setting} leads to {host}, an address that does not tell whether it is inside. If it is, name your domain in"
            f" MUNIMENT_PRIVACY_OWN_DOMAINS ([privacy] own_domains); if not, it {by_rule}"
        )


def _check_engine(name: str, engine: Engine) -> None:
    host = urlsplit(engine.url).hostname
    if name == DEFAULT:
        raise SettingsError(f"engines.{name}: this name means the model server of `llm`; choose another.")
    if engine.outside is None and not _is_inside(engine.url):
        raise SettingsError(f"engines.{name}: say outside = true or outside = false: the address {host} does not tell.")
    if engine.outside is False and _is_provider(engine.url):
        raise SettingsError(f"engines.{name}: {host} is outside: set outside = true.")


def _check_route(name: str, route: Route, engines: Mapping[str, Engine]) -> None:
    if route.engine != DEFAULT and route.engine not in engines:
        known = ", ".join([DEFAULT, *engines])
        raise SettingsError(f"routes, {name}: there is no engine {route.engine!r}; it may be {known}.")
    if route.engine != DEFAULT and is_outside(engines[route.engine]) and route.sensitivity != ("public",):
        raise SettingsError(
            f"routes, {name}: the engine {route.engine!r} is outside, so the rule must hold for public collections alone:"
            ' set sensitivity = "public".'
        )


def _is_provider(url: str) -> bool:
    return _is_of(_plain(_host(url)), PROVIDERS)


def _is_of(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or (host.endswith(f".{domain}") and not _address(domain)) for domain in domains)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def _plain(host: str) -> str:
    """Write a host as a resolver reads it: in small letters of ASCII, an address in its shortest form."""
    if address := _address(host.strip("[]")):
        return str(address)
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        return host.lower()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_inside(url: str) -> bool:
    """Tell whether an address can only be inside: loopback, private, link-local, or a name that no public DNS has.

    A number written another way than with four parts is not looked into; nor are letters beyond ASCII, whose dots may be others.
    """
    host = _host(url)
    if address := _address(host):
        return address.is_private
    is_name = host.isascii() and not NUMBERS.fullmatch(host)
    return is_name and ("." not in host or host.endswith(INSIDE_SUFFIXES))
