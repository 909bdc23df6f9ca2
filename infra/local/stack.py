"""The whole platform as components, wired from the settings: what is embedded, what is elsewhere, who needs whom.

In: settings and a home whose lock is held (ports are chosen now). Out: a :class:`Stack` for the supervisor to run.
"""

import signal
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import SecretStr

from core import urls
from core.db.migrate import migrate
from core.settings import PROJECT_ROOT, Settings
from infra.local import checks, environment, ports, vllm
from infra.local.component import Component
from infra.local.first_key import ensure_key
from infra.local.home import Home
from infra.local.postgres import Postgres
from infra.local.valkey import Valkey

SEE_LOG = "the lines above name the cause; once it is put right, type `muniment up` again."
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a worker's processes share the cores already
LOOPBACK = "127.0.0.1"
PORTION_TOKENS = 450  # hold the gold passage of three questions in four (contracts, samples); all 1,100 tokens of seven in eight
LLAMA_START_S, LLAMA_STOP_S = 180.0, 3.0
VLLM_START_S, VLLM_STOP_S = 900.0, 10.0  # it reads large weights and compiles; it has processes of its own to end
LOCAL_NAMES = "127.0.0.1 localhost ::1"  # so that no name of a stranger's, pointed at loopback, opens the page's key


@dataclass(frozen=True, slots=True)
class Stack:
    """Every component, in the order a person would start them, and where the doors for people are.
    ``addresses`` are all the hosts and ports that will be listened on."""

    components: tuple[Component, ...]
    addresses: tuple[tuple[str, int], ...]
    api_url: str
    web_url: str


def build(settings: Settings, home: Home) -> Stack:
    """Choose ports and wire the components; raises SettingsError for settings that cannot run."""
    check_settings(settings)
    wanted = _wanted(settings)
    chosen = ports.choose(home, wanted)
    database, database_url = _database(settings, home, chosen)
    broker, broker_url = _broker(settings, home, chosen)
    api_url = settings.api.url or _url(settings.api.host, chosen["api"])
    web_url = _url(settings.web.host, chosen["web"])
    wired = settings.with_values(
        database={"url": SecretStr(database_url)},
        broker={"url": SecretStr(broker_url)},
        llm=_llm(settings, home, chosen),
        vllm={"host": LOOPBACK},
        api={"port": chosen.get("api", settings.api.port), "url": api_url},
        web={"port": chosen["web"]},
        search={"portion_tokens": _portion_tokens(settings)},
    )
    model, api = _model(wired, external=settings.llm.url is not None), _api(wired, external=settings.api.url is not None)
    addresses = tuple((wanted[name][0], port) for name, port in chosen.items())
    return Stack((database, broker, model, api, _worker(wired, home), _web(wired, home, web_url)), addresses, api_url, web_url)


def _portion_tokens(settings: Settings) -> int | None:
    is_slow = settings.llm.engine == "llamacpp" and settings.llm.url is None
    return PORTION_TOKENS if settings.search.portion_tokens is None and is_slow else settings.search.portion_tokens


def check_settings(settings: Settings) -> None:
    """Raise SettingsError or ModelUnavailable for what cannot run, before anything is fetched for it."""
    if settings.llm.engine == "vllm" and settings.llm.url is None:
        vllm.check(settings)


def _wanted(settings: Settings) -> dict[str, tuple[str, int]]:
    """Name the ports to choose: those of what this machine will run."""
    embedded = {
        "database": (settings.database.url, LOOPBACK, settings.database.port),
        "broker": (settings.broker.url, LOOPBACK, settings.broker.port),
        "llm": (settings.llm.url, LOOPBACK, settings.llm.port),
        "api": (settings.api.url, settings.api.host, settings.api.port),
        "web": (None, settings.web.host, settings.web.port),
    }
    return {name: (host, port) for name, (url, host, port) in embedded.items() if url is None}


def _database(settings: Settings, home: Home, chosen: dict[str, int]) -> tuple[Component, str]:
    if settings.database.url is not None:
        url = settings.database.url.get_secret_value()
        advice = "start the PostgreSQL that MUNIMENT_DATABASE_URL names, or correct the URL; unset it to use the embedded one."
        check, opened = partial(checks.check_database, url), partial(_open_database, url, home)
        return Component("database", check, ", ".join(urls.database_addresses(url)), advice, finish=opened, start_s=30), url
    server = Postgres(home.root / "postgres", chosen["database"], home.secret("database"))

    def finish() -> None:
        server.add_database("muniment")
        _open_database(server.url(), home)

    component = Component(
        name="database",
        check=server.check,
        address=f"{LOOPBACK}:{server.port}",
        advice=SEE_LOG,
        argv=server.argv(),
        env=environment.for_server,
        prepare=server.prepare,
        finish=finish,
        stop_signal=signal.SIGINT,  # a fast shutdown: SIGTERM would wait for every client to leave
        stop_s=5,
    )
    return component, server.url()


def _open_database(url: str, home: Home) -> None:
    migrate(url)
    ensure_key(url, home)


def _broker(settings: Settings, home: Home, chosen: dict[str, int]) -> tuple[Component, str]:
    if settings.broker.url is not None:
        url = settings.broker.url.get_secret_value()
        advice = "start the broker that MUNIMENT_BROKER_URL names, or correct the URL; unset it to use the embedded one."
        address = ", ".join(urls.broker_addresses(url))
        return Component("broker", partial(checks.check_broker, url), address, advice, start_s=30), url
    server = Valkey(home.root / "broker", chosen["broker"], home.secret("broker"))
    component = Component(
        name="broker",
        check=partial(checks.check_broker, server.url()),
        address=f"{LOOPBACK}:{server.port}",
        advice=SEE_LOG,
        argv=server.argv(),
        env=environment.for_server,
        prepare=server.prepare,
    )
    return component, server.url()


def _llm(settings: Settings, home: Home, chosen: dict[str, int]) -> dict[str, Any]:
    """Say where the model server is: elsewhere, or here with a key of its own."""
    if settings.llm.url is not None:
        return {}
    port, model = chosen["llm"], environment.located(settings.llm.model)
    return {"url": f"http://{LOOPBACK}:{port}/v1", "api_key": SecretStr(home.secret("llm")), "port": port, "model": model}


def _model(wired: Settings, *, external: bool) -> Component:
    url, key = wired.llm.url or "", wired.llm.api_key.get_secret_value() if wired.llm.api_key else None
    if external:
        advice = (
            "start the model server that MUNIMENT_LLM_URL names, or correct the URL, MUNIMENT_LLM_MODEL or MUNIMENT_LLM_API_KEY."
        )
        check = partial(checks.check_model, url, wired.llm.model, key)
        return Component("model", check, urls.http_address(url), advice, start_s=30)
    is_vllm = wired.llm.engine == "vllm"
    return Component(
        name="model",
        check=partial(checks.check_http, f"http://{LOOPBACK}:{wired.llm.port}/health"),
        address=f"{LOOPBACK}:{wired.llm.port}, {wired.llm.model}",
        advice=SEE_LOG,
        argv=(sys.executable, "-m", "infra.local.vllm" if is_vllm else "infra.local.llama"),
        env=partial(environment.for_python, wired),
        start_s=VLLM_START_S if is_vllm else LLAMA_START_S,
        stop_s=VLLM_STOP_S if is_vllm else LLAMA_STOP_S,
    )


def _api(wired: Settings, *, external: bool) -> Component:
    url = wired.api.url or ""
    if external:
        advice = "start the API that MUNIMENT_API_URL names, or correct the URL; unset it to run one here."
        return Component("api", partial(checks.check_http, f"{url.rstrip('/')}/readyz"), url, advice, start_s=30)
    return Component(
        name="api",
        check=partial(checks.check_http, f"{url}/livez"),
        address=url,
        advice=SEE_LOG,
        argv=(sys.executable, "-m", "api"),
        env=partial(environment.for_python, wired),
        requires=("database", "broker"),
    )


def _worker(wired: Settings, home: Home) -> Component:
    return Component(
        name="worker",
        check=partial(checks.check_sign_of_life, home.worker_alive),
        address=f"{wired.ingest.processes} processes",
        advice=SEE_LOG,
        argv=(sys.executable, "-m", "ingest"),
        env=partial(environment.for_python, wired, **ONE_THREAD),
        requires=("database", "broker"),
        prepare=partial(home.worker_alive.unlink, missing_ok=True),
        stop_s=5,
    )


def _web(wired: Settings, home: Home, url: str) -> Component:
    def env() -> dict[str, str]:
        server = {"STREAMLIT_SERVER_ADDRESS": wired.web.host, "STREAMLIT_SERVER_PORT": str(wired.web.port)}
        if not ports.is_loopback(wired.web.host):
            return environment.for_python(wired.with_values(api={"key": None}), **server)
        key = wired.api.key or SecretStr(home.api_key.read_text(encoding="ascii").strip())
        server["STREAMLIT_SERVER_ALLOWED_HOSTS"] = f"{LOCAL_NAMES} {wired.web.host}"  # Streamlit wants spaces, not commas
        return environment.for_python(wired.with_values(api={"key": key}), **server)

    return Component(
        name="web",
        check=partial(checks.check_http, f"{url}/_stcore/health"),
        address=url,
        advice=SEE_LOG,
        argv=(sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "ui" / "web" / "app.py")),
        env=env,
        requires=("database",),  # its key is made there; the page itself waits for the API
    )


def _url(host: str, port: int) -> str:
    """Say how this machine reaches a server of its own that listens on ``host``."""
    reachable = {"0.0.0.0": LOOPBACK, "": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
