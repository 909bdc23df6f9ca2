"""URL settings: which are taken, what is shown of them, and that no refusal repeats a piece of one."""

from collections.abc import Callable
from typing import Any

import pytest

from core import urls


@pytest.mark.parametrize(
    ("read", "url", "shown"),
    [
        (urls.database_addresses, "postgresql://user:geheim@db.example:5433/name", ("db.example:5433",)),
        (urls.database_addresses, "postgres://u:ge#heim@one,two:6/x?sslmode=disable", ("one", "two:6")),
        (urls.database_addresses, "postgresql:///name?host=a,b&port=3", ("a:3", "b:3")),
        (urls.database_addresses, "postgresql://%2Fvar%2Frun/db", ("/var/run",)),
        (urls.database_addresses, "postgresql://[::1]:5/x", ("[::1]:5",)),
        (urls.broker_addresses, "redis://:geheim@cache/0", ("cache",)),
        (urls.broker_addresses, "rediss://:ge%23heim@cache:6380/0", ("cache:6380",)),
        (urls.broker_addresses, "amqp://u:geheim@one//;amqps://u:geheim@two:5671//", ("one", "two:5671")),
        (urls.http_address, "https://u:geheim@gpu.example:8000/v1", "gpu.example:8000"),
    ],
)
def test_address_tells_no_password(read: Callable[[str], Any], url: str, shown: Any) -> None:
    assert read(url) == shown


@pytest.mark.parametrize(
    ("read", "url", "word"),
    [
        (urls.database_addresses, "mysql://u:geheim@h/x", "postgresql:// or postgres://"),
        (urls.database_addresses, "host=h password=geheim", "postgresql:// or postgres://"),
        (urls.database_addresses, "postgresql://u:geheim@h:geheim/x", "a port is a number"),
        (urls.database_addresses, "postgresql://u:geheim@h:99999/x", "a port is a number"),
        (urls.database_addresses, "postgresql://u:geheim@a,b,c/x?port=1,2", "3 hosts and 2 ports"),
        (urls.database_addresses, "postgresql://u:geheim%zz@h/x", "percent-encode"),
        (urls.database_addresses, "postgresql://u:geheim@[::1/x", "percent-encode"),
        (urls.database_addresses, "postgresql://u:geheim@h/x?nonsense=1", "options"),
        (urls.broker_addresses, "http://:geheim@h", "redis://, rediss://, amqp:// or amqps://"),
        (urls.broker_addresses, "kafka://:geheim@h", "redis://"),
        (urls.broker_addresses, "sentinel://:geheim@h", "redis://"),
        (urls.broker_addresses, "redis://:geheim@h:geheim/0", "a port is a number"),
        (urls.broker_addresses, "redis://:geheim@h:0/0", "port from 1"),
        (urls.broker_addresses, "redis://:ge#heim@h/0", "percent-encode"),
        (urls.broker_addresses, "redis://:#geheim@h/0", "no host"),
        (urls.broker_addresses, "amqp://u:geheim@h;h2", "amqp://"),
        (urls.http_address, "gpu.example:8000/v1", "http:// or https://"),
        (urls.http_address, "http://[::1/v1", "cannot be read"),
        (urls.http_address, "http:///v1", "no host"),
    ],
)
def test_refusal_says_what_is_wrong_and_repeats_nothing(read: Callable[[str], Any], url: str, word: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read(url)
    assert word in str(caught.value)
    assert "geheim" not in str(caught.value) and "heim" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("scheme", urls.BROKER_SCHEMES)
def test_celery_has_a_transport_for_each_scheme(scheme: str) -> None:
    from kombu.transport import get_transport_cls

    assert get_transport_cls(scheme)
