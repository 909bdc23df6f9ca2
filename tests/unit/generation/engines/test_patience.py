import time

import pytest

from generation.engines.patience import WAITS_S, Patience
from generation.engines.refusals import Restarting


def test_a_first_try_comes_at_once_and_the_last_error_is_raised() -> None:
    patience, started = Patience(0.2), time.monotonic()
    patience.wait(Restarting("first"))
    assert time.monotonic() - started < 0.1
    with pytest.raises(Restarting, match="second"):  # its wait would end after the time given
        patience.wait(Restarting("second"))


def test_a_person_waits_some_seconds_at_most() -> None:
    assert sum(WAITS_S) < 5
