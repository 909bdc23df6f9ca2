"""The folder of the index of words: opened, locked by its one writer, and thrown away when it is damaged or of the past.

``ROOT/VERSION/`` is named by all that its contents depend on, so a newer program builds its own and removes the others.
``ROOT/VERSION.lock`` is locked by the process that writes; the kernel lets go of it whenever that process ends.
"""

import fcntl
import logging
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import tantivy

from retrieval.lexical import analysis, schema

log = logging.getLogger(__name__)
VERSION = f"{schema.VERSION}.{analysis.VERSION}-tantivy-{version('tantivy')}-snowball-{version('PyStemmer')}"


class Folder:
    """One version's folder under ``root``; what is there is an index or is replaced by an empty one."""

    def __init__(self, root: Path) -> None:
        self.path = root / VERSION
        self.schema = schema.make_schema()
        self._lock: int | None = None
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open(self) -> tantivy.Index | None:
        """Open the index that is there, None if there is none; raises ValueError or OSError if it is damaged."""
        if not (self.path / "meta.json").exists():
            return None
        return self._set_up(tantivy.Index.open(str(self.path)))

    def replace(self) -> tantivy.Index:
        """Begin an empty index in place of what is there; for the holder of the lock alone."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(mode=0o700, parents=True)
        return self._set_up(tantivy.Index(self.schema, str(self.path)))

    @property
    def is_locked(self) -> bool:
        """Whether this process is the one that writes."""
        return self._lock is not None

    def stamp(self) -> tuple[int, int] | None:
        """Tell one state of the folder from another, without opening it."""
        try:
            found = (self.path / "meta.json").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def lock(self) -> bool:
        """Become the one process that writes, if none is; whoever is stays it."""
        if self._lock is not None:  # a second lock of the same file would wait for the first
            return True
        descriptor = os.open(self.path.with_name(f"{VERSION}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def unlock(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove_others(self) -> None:
        """Remove the folders of other versions of the program; for the holder of the lock alone."""
        for other in self.path.parent.iterdir():
            if other.is_dir() and other != self.path:
                log.info("old_word_index_removed", extra={"folder": other.name})
                shutil.rmtree(other, ignore_errors=True)

    def _set_up(self, index: tantivy.Index) -> tantivy.Index:
        index.register_tokenizer(schema.SPACES, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        index.config_reader("manual")
        return index
