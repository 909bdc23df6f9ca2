import os
from pathlib import Path

import pytest

from infra.local.cards import Card, find_cards, read, visible

L4 = Card("NVIDIA L4", 23034, (8, 9))
H200 = Card("NVIDIA H200", 143771, (9, 0))


def driver(folder: Path, said: str, status: int = 0) -> None:
    """Put something in the place of NVIDIA's program."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {status}\n")
    program.chmod(0o755)


def test_the_driver_tells_the_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    driver(tmp_path, "0, NVIDIA L4, 23034, 8.9\n1, NVIDIA H200, 143771, 9.0")
    assert find_cards({}) == (L4, H200)
    assert find_cards({"CUDA_VISIBLE_DEVICES": "1"}) == (H200,)


def test_a_driver_that_fails_or_is_not_there_means_no_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    driver(tmp_path, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", status=9)
    assert find_cards({}) == ()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert find_cards({}) == ()


def test_what_is_no_card_is_passed_over() -> None:
    assert read("No devices were found\n\n0, NVIDIA L4, [N/A], 8.9\n1, NVIDIA L4, 23034, 8.9\n") == (L4,)


@pytest.mark.parametrize(
    ("named", "seen"),
    [(None, (L4, H200)), ("", ()), ("1", (H200,)), ("1,0", (H200, L4)), ("0,7", (L4,)), ("GPU-8932f937", (L4,))],
)
def test_cuda_may_be_shown_fewer(named: str | None, seen: tuple[Card, ...]) -> None:
    assert visible((L4, H200), named) == seen
