"""``muniment eval harness``: tasks of lm-evaluation-harness, from a local folder, against the model that is served.

The harness is a program of its own in an environment of its own, since its packages (763 MB) are no business of the platform;
here its command line and environment are made. Hub, downloads and what it would send home are off: a task brings its data.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from core import settings as core_settings
from core.errors import InvalidInput, NotFound
from core.settings import PROJECT_ROOT, Settings
from ui.cli import output

PROGRAM = "lm_eval"
ENVIRONMENT = PROJECT_ROOT / ".venv-lm-eval"
INSTALL = f'python3 -m venv {ENVIRONMENT.name} && {ENVIRONMENT.name}/bin/pip install "lm-eval[api]"'
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_EVALUATE_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "disabled",
}
TasksFolderOption = Annotated[Path, typer.Option(metavar="DIR", help="The tasks: YAML files with their data beside them.")]
TaskOption = Annotated[list[str], typer.Option(metavar="NAME", help="A task of the folder; repeatable.")]
ModelOption = Annotated[str | None, typer.Option(metavar="NAME", help="A model that is served; llm.model if absent.")]
TokenizerOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="A tokenizer's folder: score given answers by /completions, as multiple-choice tasks need it."
    ),
]
ProgramOption = Annotated[Path | None, typer.Option("--lm-eval", metavar="FILE", help="The program, where it is not found.")]


def harness(
    *,
    tasks_folder: TasksFolderOption,
    task: TaskOption,
    model: ModelOption = None,
    tokenizer: TokenizerOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Questions of each task.")] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")] = 1,
    lm_eval: ProgramOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Run tasks of lm-evaluation-harness on the model server, with nothing fetched from anywhere.

    The harness must be installed: docs/howto/measure-answers.md tells how.
    """
    settings = core_settings.load()
    program = find_program(lm_eval)
    if not tasks_folder.is_dir():
        raise InvalidInput(f"{tasks_folder} is no folder: name the one that holds the tasks' YAML files.")
    url, key = model_server(settings)
    job = Job(url, model or settings.llm.model, tasks_folder, tuple(task), tokenizer, limit, parallel)
    results = _run(program, job, key)
    if as_json:
        output.write_json(results)
    else:
        _show(results)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run: tasks of a folder, on a model of an OpenAI-compatible server.

    With a tokenizer's folder the tasks may score answers that are given; without one the model writes them.
    """

    url: str
    model: str
    folder: Path
    tasks: tuple[str, ...]
    tokenizer: Path | None = None
    limit: int | None = None
    parallel: int = 1

    @property
    def arguments(self) -> list[str]:
        """The harness's arguments, all but where its results go.

        >>> Job("http://h/v1", "m", Path("/t"), ("a", "b")).arguments[:6]
        ['run', '--model', 'local-chat-completions', '--apply_chat_template', '--model_args',
         'model=m,base_url=http://h/v1/chat/completions,num_concurrent=1,max_retries=3']
        """
        path = "/chat/completions" if self.tokenizer is None else "/completions"
        values = {"model": self.model, "base_url": self.url + path, "num_concurrent": self.parallel, "max_retries": 3}
        kind = ["local-chat-completions", "--apply_chat_template"]
        if self.tokenizer is not None:
            kind = ["local-completions"]
            values |= {"tokenizer_backend": "huggingface", "tokenizer": str(self.tokenizer.resolve())}
        written = ",".join(f"{name}={value}" for name, value in values.items())
        what = ["--include_path", str(self.folder.resolve()), "--tasks", ",".join(self.tasks)]
        return ["run", "--model", *kind, "--model_args", written, *what, *(["--limit", str(self.limit)] if self.limit else [])]


def find_program(named: Path | None) -> str:
    """Find the program that was named, that of ENVIRONMENT, or one on the path; raises NotFound saying how to install it."""
    candidates = [str(named)] if named else [str(ENVIRONMENT / "bin" / PROGRAM), shutil.which(PROGRAM)]
    for candidate in filter(None, candidates):
        if os.access(candidate, os.X_OK):
            return os.path.abspath(candidate)
    raise NotFound(f"lm-evaluation-harness is not installed. In the project's folder: {INSTALL}")


def model_server(settings: Settings) -> tuple[str, str]:
    """Tell the model server's base URL and key: your own, or the one that `muniment up` started."""
    if settings.llm.url:
        return settings.llm.url.rstrip("/"), settings.llm.api_key.get_secret_value() if settings.llm.api_key else ""
    try:
        port = json.loads((settings.home / "run" / "ports.json").read_text(encoding="utf-8"))["llm"]["port"]
        key = (settings.home / "secrets" / "llm").read_text(encoding="ascii").strip()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound("No model server is known: start Muniment with `muniment up`, or set MUNIMENT_LLM_URL.") from error
    return f"http://127.0.0.1:{port}/v1", key


def environment(given: Mapping[str, str], key: str, cache: Path) -> dict[str, str]:
    """Make the harness's environment: ours without our settings, everything offline, and a cache that goes with the run.

    >>> environment({"MUNIMENT_HOME": "/h", "PATH": "/bin"}, "k", Path("/s"))["HF_HUB_OFFLINE"]
    '1'
    """
    kept = {name: value for name, value in given.items() if not name.startswith("MUNIMENT_")}
    return kept | OFFLINE | {"OPENAI_API_KEY": key or "none", "HF_HOME": str(cache / "cache")}


def _run(program: str, job: Job, key: str) -> dict[str, Any]:
    """Run the harness in the tasks' folder, where their data is found by relative paths; a failure ends the command."""
    with TemporaryDirectory(prefix="muniment-harness-") as scratch:
        command = [program, *job.arguments, "--output_path", scratch]
        variables = environment(os.environ, key, Path(scratch))
        try:
            done = subprocess.run(command, cwd=job.folder, env=variables, stdout=subprocess.DEVNULL, check=False)
        except KeyboardInterrupt as error:
            raise typer.Exit(130) from error
        results = _results(Path(scratch))
    if done.returncode or results is None:
        typer.echo(f"The harness ended with exit status {done.returncode}; what it said stands above.", err=True)
        raise typer.Exit(1)
    return results


def _results(folder: Path) -> dict[str, Any] | None:
    """Read the measures out of the file that the harness wrote; None if it wrote none."""
    written = sorted(folder.rglob("results_*.json"))
    if not written:
        return None
    found = json.loads(written[-1].read_text(encoding="utf-8"))
    tasks = {
        name: {
            "measures": {key: value for key, value in values.items() if isinstance(value, int | float) and key != "sample_len"},
            "num_questions": found.get("n-samples", {}).get(name, {}).get("effective"),
        }
        for name, values in found["results"].items()
    }
    return {"tasks": tasks, "harness_version": found.get("lm_eval_version"), "model": found.get("model_name")}


def _show(results: dict[str, Any]) -> None:
    rows = [
        (name, measure, f"{value:.4f}", task["num_questions"])
        for name, task in results["tasks"].items()
        for measure, value in task["measures"].items()
    ]
    output.write_table(("task", "measure", "value", "questions"), rows)
