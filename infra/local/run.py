"""Runs the platform in this process: ``python -m infra.local.run`` is what ``muniment up --detach`` leaves behind.

Takes the home's lock, ends what a killed supervisor left, builds the stack and supervises it until told to stop.
"""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace

from core import settings as core_settings
from core import telemetry
from core.errors import MunimentError
from core.settings import Settings
from infra.local import ports, processes, stack
from infra.local import state as states
from infra.local.home import AlreadyRunning, Home
from infra.local.stack import Stack
from infra.local.state import State
from infra.local.supervisor import Supervisor

log = logging.getLogger(__name__)


def supervise(
    settings: Settings, on_change: Callable[[State], None], build: Callable[[Settings, Home], Stack] = stack.build
) -> State:
    """Run what ``build`` makes of the settings until told to stop; returns the last state, ``stopped`` or ``failed``.

    Raises AlreadyRunning if another supervisor holds the home, SettingsError if the settings cannot run. Whatever is raised
    once the home is held, the recorded state says so.
    """
    home = Home(settings.home)
    os.umask(0o077)  # documents, logs and weights are their owner's business
    with home.locked():
        clear(home)
        states.write(home, State("starting", supervisor=processes.this_process()))
        try:
            plan = build(settings, home)
            supervisor = Supervisor(plan.components, home, api_url=plan.api_url, web_url=plan.web_url, on_change=on_change)
            with ports.held(plan.addresses):
                return supervisor.run()
        except Exception as error:
            _record_failure(home, error)
            raise


def _record_failure(home: Home, error: Exception) -> None:
    """Say why in the state, unless the supervisor has."""
    state = states.read(home)
    if state.status != "failed":
        message = str(error) if isinstance(error, MunimentError) else f"The supervisor broke: {type(error).__name__}: {error}"
        states.write(home, replace(state, status="failed", message=message))


def clear(home: Home) -> int:
    """End what a killed supervisor left running; the caller holds the lock. Returns how many processes there were."""
    count = processes.end_leftovers(home.root, [component.process for component in states.read(home).components])
    if count:
        log.info("leftovers_ended", extra={"count": count})
    return count


def main() -> int:
    """Be the supervisor; the log is standard error."""
    try:
        settings = core_settings.load()
        telemetry.configure(settings.log_level)
        last = supervise(settings, on_change=_log_change)
    except AlreadyRunning as error:
        log.warning("already_running", extra={"reason": str(error)})
        return 0
    except MunimentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except Exception:
        log.exception("supervisor_broke")
        return 1
    return 1 if last.status == "failed" else 0


def _log_change(state: State) -> None:
    log.debug("state", extra={"status": state.status})


if __name__ == "__main__":
    sys.exit(main())
