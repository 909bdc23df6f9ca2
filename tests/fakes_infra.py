"""A platform with a real database and broker, whose other components are tiny programs: ``python -m tests.fakes_infra``.

The tiny worker leaves a child of its own in its process group, as Celery's pool does. Prints its state as lines of JSON.
"""

import json
import sys
from dataclasses import replace

from core import settings as core_settings
from core.options import Llm
from core.settings import Settings
from infra.local import stack
from infra.local.component import Component
from infra.local.home import Home
from infra.local.run import supervise
from infra.local.stack import Stack
from infra.local.state import State

SERVER = """
import http.server, os, sys
if sys.argv[1] == "MUNIMENT_API_PORT" and "API_DIES" in os.environ:
    sys.exit("the reason is written here")
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": [{"id": "MODEL"}]}')
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ[sys.argv[1]])), Answer).serve_forever()
""".replace("MODEL", Llm().model)
WORKER = """
import os, pathlib, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
alive = pathlib.Path(os.environ["MUNIMENT_HOME"], "run", "worker.alive")
while True:
    alive.touch()
    time.sleep(1)
"""


def python(program: str, *arguments: str) -> tuple[str, ...]:
    """Give the command that runs a program."""
    return (sys.executable, "-c", program, *arguments)


TINY = {
    "model": python(SERVER, "MUNIMENT_LLM_PORT"),
    "api": python(SERVER, "MUNIMENT_API_PORT"),
    "worker": python(WORKER),
    "web": python(SERVER, "MUNIMENT_WEB_PORT"),
}


def build(settings: Settings, home: Home) -> Stack:
    """Build the real stack, and put tiny programs in place of ours."""
    plan = stack.build(settings, home)
    return replace(plan, components=tuple(_tiny(component) for component in plan.components))


def _tiny(component: Component) -> Component:
    return replace(component, argv=TINY.get(component.name, component.argv)) if component.argv else component


def _print(state: State) -> None:
    sys.stdout.write(json.dumps(state.report() | {"status": state.status}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(1 if supervise(core_settings.load(), _print, build).status == "failed" else 0)
