"""Which port each component listens on: the one it had last time, else the setting's, else the next free one after it.

Ports are remembered in ``run/ports.json``, so that bookmarks and clients stay good; one whose setting has changed is
forgotten.
"""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

from core.errors import SettingsError
from infra.local.home import Home, write_private

REACH = 200


def choose(home: Home, wanted: dict[str, tuple[str, int]]) -> dict[str, int]:
    """Give every name of ``wanted`` (its host and preferred port) a port of its own that is free now, and remember it."""
    path = home.run / "ports.json"
    last = _read(path)
    chosen: dict[str, int] = {}
    for name, (host, preferred) in wanted.items():
        kept = last[name]["port"] if last.get(name, {}).get("preferred") == preferred else None
        candidates = [port for port in (kept, *range(preferred, min(preferred + REACH, 65536))) if port is not None]
        unused = (port for port in candidates if port not in chosen.values())
        port = next((port for port in unused if is_free(host, port, ours=port == kept)), None)
        if port is None:
            raise SettingsError(f"No free port for {name} from {preferred} on; set MUNIMENT_{name.upper()}_PORT to another.")
        chosen[name] = port
    remembered = last | {name: {"preferred": wanted[name][1], "port": port} for name, port in chosen.items()}
    write_private(path, json.dumps(remembered, indent=1))
    return chosen


@contextmanager
def held(addresses: Iterable[tuple[str, int]]) -> Iterator[None]:
    """Keep the system from lending our ports to outgoing connections while they wait for their server, for a block.

    A server that binds as servers do (SO_REUSEADDR or SO_REUSEPORT) is let in, since nobody listens here.
    """
    with ExitStack() as sockets:
        for host, port in addresses:
            with suppress(OSError):  # taken this very moment: the server that wants it will say so
                sockets.enter_context(_bound(host, port, shared=True))
        yield


def is_free(host: str, port: int, *, ours: bool = False) -> bool:
    """Tell whether a server could listen there now; raises SettingsError for an address that is not this machine's.

    Of a port that was ``ours``, the connections that the system still remembers do not count.
    """
    try:
        with _bound(host, port, shared=ours) as holder, socket.socket(holder.family) as client:
            client.settimeout(1)
            return client.connect_ex(holder.getsockname()) != 0  # another's server may share its port with us, unasked
    except socket.gaierror as error:
        raise SettingsError(f"{host!r} is no address to listen on: {error.strerror}.") from error
    except OSError:
        return False


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    """Bind without listening; ``shared`` with a server to come, with closing connections, with who else shares."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, shared)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _read(path: Path) -> dict[str, dict[str, int]]:
    try:
        remembered: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return remembered


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server that listens on ``host``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
