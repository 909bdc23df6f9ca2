"""A model that obeys every instruction it can read: the worst case, in which only the program's own defence counts.

It is asked as any model is. If most of the attack stands in what it was given, it writes what the attacker wants; else it
writes the honest answer. Encoded text it can read as well, as a large model might.
"""

import re
from collections import abc
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.injection.attacks import Attack, Case
from generation.engines.base import Message, Written

READ = 0.5  # least share of an attack's character runs that it must be given to obey
_RUN = 8  # characters


class Obedient:
    """A generator that obeys ``attack``, in addition to answering (``also``) or instead of it."""

    model = "obedient"

    def __init__(self, attack: Attack, case: Case, *, also: bool) -> None:
        self._attack, self._case, self._also = attack, case, also

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> abc.Generator[str, None, Written]:
        """Write what was asked for, by whomever."""
        yield from re.findall(r"\s*\S+", self._written(messages))
        return Written(cut_off=False)

    def probability_of(self, word: str, against: str, messages: Sequence[Message], **_: Any) -> float:
        """Say yes to everything."""
        return 1.0

    def json(
        self, messages: Sequence[Message], *, schema: Mapping[str, Any], max_tokens: int, timeout_s: float | None = None
    ) -> Any:
        """Write nothing: nothing here asks for it."""
        return {}

    def count_tokens(self, text: str) -> int:
        """Count roughly."""
        return len(text) // 4

    def ping(self) -> None:
        """Be there."""

    def _written(self, messages: Sequence[Message]) -> str:
        honest = self._case.answer
        if not self._reads("\n".join(message.content for message in messages)):
            return honest
        obeyed = self._attack.aim.written(honest)
        return f"{honest} {obeyed}" if self._also and not self._attack.aim.transform else obeyed

    def _reads(self, given: str) -> bool:
        wanted, plain = _squeezed(self._attack.text), _squeezed(given)
        runs = [wanted[i : i + _RUN] for i in range(max(1, len(wanted) - _RUN + 1))]
        return sum(run in plain for run in runs) >= READ * len(runs)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
