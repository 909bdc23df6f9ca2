import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SettingsError
from infra.local.home import Home
from infra.local.ports import choose, held, is_free
from tests.embedded import free_port

HOST = "127.0.0.1"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.make()
    return home


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_preferred_port_is_taken_when_free(home: Home) -> None:
    port = free_port()
    assert choose(home, {"api": (HOST, port)}) == {"api": port}


def test_moves_aside_when_taken_and_stays_there(home: Home, taken: int) -> None:
    moved = choose(home, {"api": (HOST, taken)})["api"]
    assert taken < moved <= taken + 200
    assert is_free(HOST, moved)
    with socket.socket() as lower:  # though a lower one may be free by now, clients know this one
        lower.bind((HOST, 0))
        assert choose(home, {"api": (HOST, taken)}) == {"api": moved}


def test_last_port_is_kept_though_the_preferred_one_is_free_again(home: Home) -> None:
    with socket.create_server((HOST, 0)) as server:
        preferred = server.getsockname()[1]
        moved = choose(home, {"api": (HOST, preferred)})["api"]
    assert is_free(HOST, preferred)
    assert choose(home, {"api": (HOST, preferred)}) == {"api": moved}


def test_changed_setting_beats_the_last_port(home: Home, taken: int) -> None:
    choose(home, {"api": (HOST, taken)})
    wanted = free_port()
    assert choose(home, {"api": (HOST, wanted)}) == {"api": wanted}


def test_no_two_components_share_a_port(home: Home) -> None:
    port = free_port()
    chosen = choose(home, {"api": (HOST, port), "web": (HOST, port), "llm": (HOST, port)})
    assert len(set(chosen.values())) == 3


def test_listener_on_all_addresses_counts(home: Home) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(HOST, server.getsockname()[1])


def test_damaged_memory_is_forgotten(home: Home) -> None:
    (home.run / "ports.json").write_text("{")
    port = free_port()
    assert choose(home, {"api": (HOST, port)}) == {"api": port}


def test_foreign_host_is_named(home: Home) -> None:
    with pytest.raises(SettingsError, match="is no address to listen on"):
        is_free("no.such.host.invalid", 80)


@pytest.mark.parametrize("option", [socket.SO_REUSEADDR, socket.SO_REUSEPORT])
def test_held_port_is_kept_from_clients_and_given_to_its_server(option: int) -> None:
    port = free_port()
    with held([(HOST, port)]), socket.socket() as client, socket.socket() as server:
        with pytest.raises(OSError, match="in use"):
            client.bind((HOST, port))
        server.setsockopt(socket.SOL_SOCKET, option, 1)
        server.bind((HOST, port))
        server.listen()
        with socket.create_connection((HOST, port)) as visitor, server.accept()[0] as answered:
            answered.sendall(b"served")
            assert visitor.recv(6) == b"served"
        assert not is_free(HOST, port, ours=True)
    assert is_free(HOST, port, ours=True)  # though the system remembers the connection for a minute


def test_port_that_another_home_holds_is_not_free_though_nobody_listens_yet(home: Home) -> None:
    port = free_port()
    with held([(HOST, port)]):
        assert choose(home, {"api": (HOST, port)}) != {"api": port}
