"""What the supervisor tells the world: ``run/state.json``, written whole or not at all, read by ``status`` and ``down``.

A state outlives the supervisor that wrote it, so :func:`current` believes it only while that supervisor lives.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from infra.local import processes
from infra.local.home import Home, write_private
from infra.local.processes import ProcessId

ComponentStatus = Literal["waiting", "starting", "ready", "unhealthy", "restarting", "failed", "stopped"]
Status = Literal["starting", "ready", "degraded", "stopping", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class ComponentState:
    """One component; ``process`` is None where it does not run or is not ours."""

    name: str
    state: ComponentStatus
    detail: str
    process: ProcessId | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The whole stack; ``message`` explains a failure to the person who will read it."""

    status: Status
    components: tuple[ComponentState, ...] = ()
    api_url: str | None = None
    web_url: str | None = None
    supervisor: ProcessId | None = None
    message: str = ""

    @property
    def ready(self) -> bool:
        """Whether every component is ready."""
        return self.status == "ready"

    def report(self) -> dict[str, Any]:
        """Give what ``muniment status --json`` prints."""
        components = [{"name": c.name, "state": c.state, "detail": c.detail} for c in self.components]
        return {"ready": self.ready, "api_url": self.api_url, "web_url": self.web_url, "components": components}


def write(home: Home, state: State) -> None:
    """Record a state, readable by the owner only."""
    write_private(home.state, json.dumps({"ready": state.ready} | asdict(state), indent=1))


def read(home: Home) -> State:
    """Read the last recorded state, whoever wrote it; a file that is missing or damaged says nothing runs."""
    try:
        fields = json.loads(home.state.read_text(encoding="utf-8"))
        fields.pop("ready")
        components = tuple(ComponentState(**c | {"process": _process(c["process"])}) for c in fields.pop("components"))
        return State(**fields | {"components": components, "supervisor": _process(fields["supervisor"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return State("stopped")


def current(home: Home) -> State:
    """Tell how things stand now: the recorded state if its supervisor lives, else that nothing is looked after."""
    supervised = home.is_supervised()
    state = read(home)
    if supervised:  # by a new one, maybe, that has not written yet
        return state if processes.find(state.supervisor) else State("starting")
    was_killed = state.status not in ("stopped", "failed")
    return stopped(state, "its supervisor was killed" if was_killed else "")


def stopped(state: State, detail: str = "") -> State:
    """Turn a recorded state into that of a platform at rest; what had failed still says so."""
    components = (c if c.state == "failed" else replace(c, state="stopped", detail=detail) for c in state.components)
    return replace(state, status="failed" if state.status == "failed" else "stopped", components=tuple(components))


def _process(fields: dict[str, Any] | None) -> ProcessId | None:
    return ProcessId(**fields) if fields else None
