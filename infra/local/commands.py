"""``muniment up``, ``down`` and ``status``: the commands that start, end and look at the platform on this machine."""

import contextlib
import json
import subprocess
import sys
import time
from typing import Annotated, Literal

import psutil
import typer
from rich.console import Console

from core import settings as core_settings
from core.errors import MunimentError, SettingsError
from core.settings import Settings
from infra.local import environment, processes, stack
from infra.local import run as running
from infra.local import state as states
from infra.local.home import AlreadyRunning, Home
from infra.local.screen import Screen, fetch_models, show_status
from infra.local.state import State

SUPERVISOR = "infra.local.run"
POLL_S = 0.2
DOWN_S = 25.0  # a supervisor needs at most some 15 s to stop everything
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is ready, and leave it running.")]
Engine = Annotated[
    Literal["llamacpp", "vllm"] | None, typer.Option(help="The model server to start, for this once in the place of llm.engine.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(detach: Detach = False, engine: Engine = None) -> None:
    """Start the whole platform and keep it running until Ctrl-C, or behind your back with --detach."""
    console = Console()
    settings = core_settings.load()
    settings = with_engine(settings, engine) if engine else settings
    home = Home(settings.home)
    home.make()
    if home.is_supervised():
        console.print(f"Muniment already runs in {home.root}.", highlight=False, soft_wrap=True)
        raise typer.Exit(_follow(settings, console, None))
    stack.check_settings(settings)
    fetch_models(settings, console)
    raise typer.Exit(_detached(settings, console) if detach else _attached(settings, console))


def with_engine(settings: Settings, engine: str) -> Settings:
    """Choose the model server to start; raises SettingsError if one elsewhere is to be used."""
    if settings.llm.url is not None:
        raise SettingsError(
            f"--engine starts a model server here, but MUNIMENT_LLM_URL names {settings.llm.url}: leave out one of the two."
        )
    return settings.with_values(llm={"engine": engine})


def down() -> None:
    """Stop everything that `up` started, also what a killed supervisor has left running."""
    settings = core_settings.load()
    home = Home(settings.home)
    was_running = home.is_supervised()
    ended = stop(home) if settings.home.exists() else 0
    Console().print("Muniment is stopped." if was_running or ended else "Muniment was not running.")


def status(as_json: AsJson = False) -> None:
    """Say how each component is; the exit status is 0 only when all are ready."""
    state = states.current(Home(core_settings.load().home))
    if as_json:
        typer.echo(json.dumps(state.report(), indent=2))
    else:
        show_status(Console(), state)
    raise typer.Exit(0 if state.ready else 1)


def stop(home: Home) -> int:
    """Stop a home's supervisor and whatever else of it runs; returns how many processes had to be ended here.

    Raises MunimentError if the supervisor cannot be stopped.
    """
    deadline = time.monotonic() + DOWN_S
    while home.is_supervised() and time.monotonic() < deadline:
        _ask_to_stop(home)
        _wait_unsupervised(home, deadline)
    supervisor = processes.find(states.read(home).supervisor)
    if supervisor is not None:
        if home.is_supervised():
            supervisor.kill()
        psutil.wait_procs([supervisor], timeout=5)  # it lets go of the lock shortly before it ends
    with home.locked(wait_s=5):
        ended = running.clear(home)
        states.write(home, states.stopped(states.read(home)))
    return ended


def _ask_to_stop(home: Home) -> None:
    supervisor = processes.find(states.read(home).supervisor)
    try:
        if supervisor is not None:
            supervisor.terminate()
    except psutil.AccessDenied as error:
        raise MunimentError(f"Muniment in {home.root} was started by another user, who alone can stop it.") from error


def _wait_unsupervised(home: Home, deadline: float) -> None:
    asked_again_at = time.monotonic() + 5
    while home.is_supervised() and time.monotonic() < min(deadline, asked_again_at):
        time.sleep(POLL_S)


def _attached(settings: Settings, console: Console) -> int:
    """Be the supervisor; show what happens until Ctrl-C."""
    screen, told = Screen(console), [False]

    def show(state: State) -> None:
        screen.show(state)
        if state.ready and not told[0]:
            told[0] = True
            screen.show_doors(state, settings)
            console.print("\nCtrl-C stops everything.")

    try:
        last = running.supervise(settings, show)
    except AlreadyRunning as error:
        console.print(str(error))
        return _follow(settings, console, None)
    if last.status == "failed":
        return _explain_failure(last)
    console.print("Muniment is stopped.")
    return 0


def _detached(settings: Settings, console: Console) -> int:
    """Leave a supervisor behind that outlives this terminal, and wait until it is ready."""
    home = Home(settings.home)
    with home.rotate_log("supervisor").open("ab") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", SUPERVISOR],
            env=environment.for_python(settings),
            cwd=home.run,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        return _follow(settings, console, daemon)
    except KeyboardInterrupt:
        console.print("\nStopping.")
        daemon.terminate()  # it may not hold the lock yet, by which it would be found
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(DOWN_S)
        stop(home)
        return 130


def _follow(settings: Settings, console: Console, daemon: "subprocess.Popen[bytes] | None") -> int:
    """Show what the supervisor does until everything is ready (0) or it has ended (1)."""
    home, screen = Home(settings.home), Screen(console)
    while True:
        ended = daemon is None or daemon.poll() is not None  # looked at before the lock: it may just have handed over
        if home.is_supervised():
            state = states.current(home)
            screen.show(state)
            if state.ready:
                screen.show_doors(state, settings)
                return 0
        elif ended:
            return _explain_failure(states.read(home))
        time.sleep(POLL_S)


def _explain_failure(state: State) -> int:
    sys.stderr.write(f"\n{state.message or 'Muniment was stopped before it was ready.'}\n")
    return 1
