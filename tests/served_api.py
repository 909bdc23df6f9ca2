"""The real API on a free port of 127.0.0.1, in a thread, and the command line as a process of its own against it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from api.app import create_app
from api.lifespan import Services
from core.settings import PROJECT_ROOT


@contextmanager
def serve(services: Services) -> Iterator[str]:
    """Serve while the block lasts; gives the URL."""
    app = create_app(services.settings, services)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


def command(url: str, key: str, home: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
    """Run the command line with these settings and no others."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
    environment |= {"MUNIMENT_HOME": str(home), "MUNIMENT_API_URL": url, "MUNIMENT_API_KEY": key}
    argv = [sys.executable, "-m", "ui.cli.main", *map(str, arguments)]
    return subprocess.run(argv, cwd=PROJECT_ROOT, env=environment, capture_output=True, check=False, timeout=180)
