"""How often and how long a server that is restarting is asked again; a few seconds in all, since a person waits."""

import time

from generation.engines.refusals import Restarting

# at once, for a connection kept open that a restart has closed; then while a supervisor brings the server back
WAITS_S = (0.0, 0.25, 0.75, 1.5)


class Patience:
    """The tries of one call, which end after ``within_s`` at the latest."""

    def __init__(self, within_s: float) -> None:
        self._deadline = time.monotonic() + within_s
        self._waits_s = iter(WAITS_S)

    def wait(self, error: Restarting) -> None:
        """Sleep until the next try is due, or raise ``error`` if there is to be none."""
        wait_s = next(self._waits_s, None)
        if wait_s is None or time.monotonic() + wait_s > self._deadline:
            raise error
        time.sleep(wait_s)
