"""What a source is asked for: the files of one model that are still missing, and where they belong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.models.entries import ModelEntry, ModelFile

Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all, and what is being fetched; never by two threads at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """The files to fetch into ``target``; sources tell ``progress`` as they go."""

    entry: ModelEntry
    files: Sequence[ModelFile]
    target: Path
    progress: Progress

    @property
    def num_bytes(self) -> int:
        """Bytes of the files ordered."""
        return sum(file.size for file in self.files)
