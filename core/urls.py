"""What the URL settings may be, and which servers they name.

Each function takes a URL as it was written and gives ``host:port`` (or ``host``) of each server in it: what may be shown,
where user and password may not. Raises ValueError, in words that repeat nothing of the URL.
"""

from urllib.parse import urlsplit

DATABASE_SCHEMES = ("postgresql", "postgres")
BROKER_SCHEMES = ("redis", "rediss", "amqp", "amqps")  # of Celery's, those that need nothing that a URL cannot say
HTTP_SCHEMES = ("http", "https")
MAX_PORT = 65535
ENCODE = "percent-encode every sign in user and password that is neither letter nor digit"


def database_addresses(url: str) -> tuple[str, ...]:
    """Read a URL as libpq does; it may name several hosts.

    >>> database_addresses("postgresql://u:p#w@one:5433,two/db"), database_addresses("postgresql:///db")
    (('one:5433', 'two'), ('localhost',))
    """
    _check_scheme(url, DATABASE_SCHEMES)
    from psycopg import ProgrammingError  # takes a while, and commands that talk to an API alone need none of it
    from psycopg.conninfo import conninfo_to_dict

    try:
        named = conninfo_to_dict(url)
    except ProgrammingError:  # whose message may hold the whole URL
        raise ValueError(f"it is no URL that PostgreSQL's client can read; {ENCODE}, and check its options") from None
    hosts = str(named.get("host") or named.get("hostaddr") or "localhost").split(",")
    ports = str(named.get("port") or "").split(",")
    if not all(port == "" or (port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT) for port in ports):
        raise ValueError(f"a port is a number from 1 to {MAX_PORT}; {ENCODE}")
    if len(ports) not in (1, len(hosts)):
        raise ValueError(f"it names {len(hosts)} hosts and {len(ports)} ports")
    return tuple(_shown(host, port) for host, port in zip(hosts, ports * (len(hosts) // len(ports)), strict=True))


def broker_addresses(url: str) -> tuple[str, ...]:
    """Read a URL as Celery does, or several of them with ``;`` between, of which the next is tried when one fails.

    >>> broker_addresses("redis://:p%23w@cache/0"), broker_addresses("amqp://one:1//;amqp://two:2//")
    (('cache',), ('one:1', 'two:2'))
    """
    return tuple(_address(one, BROKER_SCHEMES) for one in url.split(";"))


def http_address(url: str) -> str:
    """Read the URL of a web server.

    >>> http_address("http://[::1]:8000/v1")
    '[::1]:8000'
    """
    return _address(url, HTTP_SCHEMES)


def _address(url: str, schemes: tuple[str, ...]) -> str:
    _check_scheme(url, schemes)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"its host or port cannot be read: a port is a number from 1 to {MAX_PORT}; {ENCODE}") from None
    if not host or port == 0:
        raise ValueError(f"it names no {'port from 1 to ' + str(MAX_PORT) if host else 'host'}; {ENCODE}")
    return _shown(host, str(port or ""))


def _check_scheme(url: str, schemes: tuple[str, ...]) -> None:
    if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        *most, last = (f"{scheme}://" for scheme in schemes)
        raise ValueError(f"it must begin with {', '.join(most)} or {last}")


def _shown(host: str, port: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}" if port else name
