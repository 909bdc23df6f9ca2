"""What stands between a client and a server of flesh and blood: a front on a port of its own that loses connections."""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset, as a killed server's kernel does
PIECE = 65536


class LossyFront:
    """Passes bytes on to 127.0.0.1:``port``, after it has reset the first ``num_reset`` connections it was offered.

    ``break_after`` ends each connection once that many bytes of answer have passed. ``num_connections`` counts all.
    """

    def __init__(self, port: int, *, num_reset: int = 0, break_after: int | None = None) -> None:
        self.num_connections = 0
        self._target, self._num_reset, self._break_after = port, num_reset, break_after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for each in self._open:
            _end(each)
        for thread in self._threads:
            thread.join()
        for each in self._open:
            each.close()

    def _start(self, target: object, *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments))  # type: ignore[arg-type]
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.num_connections += 1
            if self.num_connections <= self._num_reset:
                _reset(client)
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            self._start(self._pass_on, client, server, None)
            self._start(self._pass_on, server, client, self._break_after)

    def _pass_on(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                if limit is not None and passed + len(piece) > limit:
                    target.sendall(piece[: limit - passed])
                    break
                passed += len(piece)
                target.sendall(piece)
        _end(source)
        _end(target)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is over already
        connection.shutdown(socket.SHUT_RDWR)
