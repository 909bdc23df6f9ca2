"""One URL into one file, going on where an earlier try broke off.

A download broken in the middle is continued with an HTTP Range request, at once as long as each try brings
something, or in a later run from what is left on disk. A server that ignores the range starts the file over.
The sha256 decides at the end; continuing a file that has changed meanwhile shows there, and is fetched anew once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from core.errors import WeightsError
from core.models.weights import check, num_bytes

log = logging.getLogger(__name__)

MAX_TRIES = 20
BROKE_OFF = (httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout)


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be fetched from ``url`` into ``part``; ``size`` and ``sha256`` are checked where they are known.

    ``on_bytes`` is told how many bytes of the file are there.
    """

    client: httpx.Client
    url: str
    part: Path
    size: int | None
    sha256: str | None
    on_bytes: Callable[[int], None]
    auth: tuple[str, str] | None = None

    def run(self) -> None:
        """Fetch and check; raises WeightsError when the server is away, refuses, keeps breaking off or sends other bytes."""
        resumed = num_bytes(self.part) > 0
        self._fetch()
        if self.sha256 is None:
            return
        try:
            self._check(self.sha256)
        except WeightsError:
            if not resumed:
                raise
            log.warning("download_resumed_onto_other_bytes", extra={"file": self.part.name})
            self._fetch()
            self._check(self.sha256)

    def _check(self, sha256: str) -> None:
        check(self.part, sha256, f"what {shown(self.url)} sent")

    def _fetch(self) -> None:
        for _ in range(MAX_TRIES):
            before = num_bytes(self.part)
            if self.size is not None and before == self.size:
                self.part.touch()  # an empty file is never asked for
                self.on_bytes(before)
                return
            broke = self._fetch_on()
            if broke is None:
                return
            log.info("download_broke_off", extra={"file": self.part.name, "bytes": num_bytes(self.part), "reason": broke})
            if num_bytes(self.part) == before:
                break
        raise WeightsError(f"{shown(self.url)}: the download keeps breaking off ({broke})")

    def _fetch_on(self) -> str | None:
        """Ask for what is missing; returns None when the server sent all it has, else why it broke off."""
        have = num_bytes(self.part)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        try:
            with self.client.stream("GET", self.url, headers=headers, auth=self.auth) as response:
                if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and have:
                    self.part.unlink()
                    return "the server has less than was already there"
                self._write(response, have)
        except BROKE_OFF as error:
            return reason(error)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WeightsError(f"{shown(self.url)}: {reason(error)}") from error
        return "the server stopped too early" if self.size is not None and num_bytes(self.part) < self.size else None

    def _write(self, response: httpx.Response, have: int) -> None:
        if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise WeightsError(f"{shown(self.url)}: the server answered HTTP {response.status_code}")
        resumed = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        done = have if resumed else 0
        left = int(response.headers.get("Content-Length", 0))
        self._refuse_unless(self.size is None or not left or done + left == self.size, f"{done + left} bytes")
        with self.part.open("ab" if resumed else "wb") as out:
            for block in response.iter_raw():
                done += len(block)
                self._refuse_unless(self.size is None or done <= self.size, "more bytes")
                out.write(block)
                self.on_bytes(done)

    def _refuse_unless(self, right: bool, what: str) -> None:
        if not right:
            self.part.unlink(missing_ok=True)
            raise WeightsError(f"{shown(self.url)}: the server offers {what} where {self.size} are expected")


def shown(url: str) -> str:
    """The URL without the password it may hold, for messages.

    >>> shown("https://me:secret@mirror.example/simple")
    'https://mirror.example/simple'
    """
    try:
        return str(httpx.URL(url).copy_with(username=None, password=None))
    except httpx.InvalidURL:
        return "the configured URL"


def reason(error: Exception) -> str:
    """What an error says, or its name where it says nothing."""
    return str(error) or type(error).__name__
