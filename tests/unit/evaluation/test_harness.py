"""The harness's command line and environment, with a program in its place that writes down how it was called."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NotFound
from core.settings import Settings
from evaluation import harness
from evaluation.harness import Job, environment, find_program, model_server
from ui.cli import main as cli

Command = Callable[..., tuple[int, str, str]]
STAND_IN = """#!{python}
import json, os, sys
from pathlib import Path
told = {{"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
Path({told!r}).write_text(json.dumps(told))
out = Path(sys.argv[sys.argv.index("--output_path") + 1]) / "m"
if "--fail" not in {told!r}:
    out.mkdir()
    results = {{"house": {{"alias": "house", "sample_len": 2, "exact_match,none": 0.5, "exact_match_stderr,none": "N/A"}}}}
    body = {{"results": results, "n-samples": {{"house": {{"effective": 2}}}}, "lm_eval_version": "0.4", "model_name": "m"}}
    (out / "results_x.json").write_text(json.dumps(body))
sys.exit(3 if "--fail" in {told!r} else 0)
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    return tmp_path / "tasks"


@pytest.fixture
def run(tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_LLM_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("MUNIMENT_LLM_API_KEY", "our-key")
    monkeypatch.setenv("OPENAI_API_KEY", "a key for somebody else")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        command = ["muniment", "eval", "harness", "--tasks-folder", tasks, "--task", "house", *arguments]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def stand_in(folder: Path, told: Path) -> Path:
    path = folder / "lm_eval"
    path.write_text(STAND_IN.format(python=sys.executable, told=str(told)))
    path.chmod(0o755)
    return path


def test_the_harness_is_run_offline_on_our_server_and_its_measures_are_printed(run: Command, tasks: Path, tmp_path: Path) -> None:
    status, out, _ = run("--lm-eval", stand_in(tmp_path, tmp_path / "told.json"), "--limit", "7", "--parallel", "4")
    assert (status, out) == (0, "house\texact_match,none\t0.5000\t2\n")
    told = json.loads((tmp_path / "told.json").read_text())
    given = told["arguments"]
    assert given[:2] == ["run", "--model"]
    assert given[given.index("--model_args") + 1] == (
        "model=qwen2.5-coder-1.5b-instruct-q4_k_m,base_url=http://127.0.0.1:9/v1/chat/completions,num_concurrent=4,max_retries=3"
    )
    assert given[given.index("--include_path") + 1] == told["folder"] == str(tasks)
    assert given[given.index("--tasks") + 1] == "house"
    assert given[given.index("--limit") + 1] == "7"
    assert told["environment"]["OPENAI_API_KEY"] == "our-key"
    assert told["environment"].items() >= harness.OFFLINE.items()
    assert not [name for name in told["environment"] if name.startswith("MUNIMENT_")]
    assert not Path(told["environment"]["HF_HOME"]).exists()


def test_json(run: Command, tmp_path: Path) -> None:
    status, out, _ = run("--lm-eval", stand_in(tmp_path, tmp_path / "told.json"), "--json")
    assert status == 0
    assert json.loads(out) == {
        "tasks": {"house": {"measures": {"exact_match,none": 0.5}, "num_questions": 2}}, "harness_version": "0.4", "model": "m"
    }  # fmt: skip


def test_a_harness_that_fails_is_told(run: Command, tmp_path: Path) -> None:
    status, out, err = run("--lm-eval", stand_in(tmp_path, tmp_path / "--fail"))
    assert (status, out) == (1, "")
    assert "ended with exit status 3" in err


def test_without_the_harness_one_line_says_how_to_install_it(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "ENVIRONMENT", tmp_path / ".venv-lm-eval")
    monkeypatch.setenv("PATH", str(tmp_path))
    status, out, err = run()
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert '.venv-lm-eval/bin/pip install "lm-eval[api]"' in err
    assert run("--lm-eval", tmp_path / "absent")[0] == 1
    (tmp_path / ".venv-lm-eval" / "bin").mkdir(parents=True)
    path = stand_in(tmp_path / ".venv-lm-eval" / "bin", tmp_path / "told.json")
    assert find_program(None) == str(path)


def test_tasks_that_are_not_there_are_named(run: Command, tmp_path: Path) -> None:
    status, _, err = run("--lm-eval", stand_in(tmp_path, tmp_path / "told.json"), "--tasks-folder", tmp_path / "absent")
    assert status == 1
    assert "absent is no folder" in err


def test_with_a_tokenizer_given_answers_are_scored_by_completions(tmp_path: Path) -> None:
    given = Job("http://h/v1", "m", Path("/t"), ("a", "b"), tokenizer=tmp_path).arguments
    assert given[2] == "local-completions"
    assert "--apply_chat_template" not in given
    values = given[given.index("--model_args") + 1]
    assert "base_url=http://h/v1/completions" in values
    assert f"tokenizer_backend=huggingface,tokenizer={tmp_path}" in values
    assert given[given.index("--tasks") + 1] == "a,b"


def test_the_model_server_is_your_own_or_the_one_that_up_started(tmp_path: Path) -> None:
    own = Settings(home=tmp_path).with_values(llm={"url": "http://gpu:8000/v1/"})
    assert model_server(own) == ("http://gpu:8000/v1", "")
    with pytest.raises(NotFound, match="muniment up"):
        model_server(Settings(home=tmp_path))
    (tmp_path / "run").mkdir()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "run" / "ports.json").write_text('{"llm": {"preferred": 18090, "port": 18091}}')
    (tmp_path / "secrets" / "llm").write_text("k\n")
    assert model_server(Settings(home=tmp_path)) == ("http://127.0.0.1:18091/v1", "k")


def test_a_server_without_a_key_is_sent_none_of_ours(tmp_path: Path) -> None:
    assert environment({"OPENAI_API_KEY": "sk-ours"}, "", tmp_path)["OPENAI_API_KEY"] == "none"
