"""The GPUs of this machine, as NVIDIA's driver tells them; none where there is no driver."""

import csv
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

QUERY = ("nvidia-smi", "--query-gpu=index,name,memory.total,compute_cap", "--format=csv,noheader,nounits")
TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU: its memory in MiB, and its compute capability, as (9, 0) for Hopper."""

    name: str
    memory_mib: int
    capability: tuple[int, int]


def find_cards(environment: Mapping[str, str] = os.environ) -> tuple[Card, ...]:
    """Ask the driver; ``CUDA_VISIBLE_DEVICES`` counts, where it names cards by number."""
    try:
        said = subprocess.run(QUERY, capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return visible(read(said), environment.get("CUDA_VISIBLE_DEVICES"))


def read(said: str) -> tuple[Card, ...]:
    """Read what nvidia-smi printed; a line it cannot tell all of (a card in a bad state) is left out.

    >>> read("0, NVIDIA L4, 23034, 8.9\\n1, NVIDIA L4, [N/A], 8.9\\n")
    (Card(name='NVIDIA L4', memory_mib=23034, capability=(8, 9)),)
    """
    rows = [[cell.strip() for cell in row] for row in csv.reader(said.splitlines())]
    return tuple(card for row in rows if (card := _card(row)))


def visible(cards: tuple[Card, ...], named: str | None) -> tuple[Card, ...]:
    """Choose the cards that CUDA will see; names other than numbers are left to CUDA, which then sees as many as they are."""
    if named is None:
        return cards
    names = [name.strip() for name in named.split(",") if name.strip()]
    if all(name.isdigit() for name in names):
        return tuple(cards[int(name)] for name in names if int(name) < len(cards))
    return cards[: len(names)]


def _card(row: list[str]) -> Card | None:
    try:
        _, name, memory, capability = row
        major, minor = capability.split(".")
        return Card(name, int(memory), (int(major), int(minor)))
    except ValueError:
        return None
