"""Finds the files to ingest. Whatever cannot be read becomes a Found with a reason, and the rest goes on.

Folders are read recursively and in order, each real folder once, so links may loop; links to folders come last. Hidden
files and folders inside a folder are left out and counted, and so is what a folder's ``.munimentignore`` names, in the
form of a ``.gitignore``, for all below it; what is named outright is taken.
"""

import os
import stat
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".munimentignore"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to ingest, or a path that cannot be, with the reason. ``source`` is absolute, links not resolved."""

    source: str
    error: str | None = None


@dataclass(slots=True)
class Walk:
    """All that was found under some paths, each source once."""

    found: dict[str, Found] = field(default_factory=dict)
    num_hidden: int = 0
    num_ignored: int = 0
    ignored: list[tuple[str, GitIgnoreSpec]] = field(default_factory=list)  # (folder, what to leave out below it)
    seen_folders: set[tuple[int, int]] = field(default_factory=set)
    links: deque[str] = field(default_factory=deque)

    def ignores(self, path: str) -> bool:
        """Tell whether an ignore file above the path names it; a folder's path ends in a slash."""
        return any(path.startswith(root) and spec.match_file(path[len(root) :]) for root, spec in self.ignored)

    def add(self, source: str, error: str | None = None) -> None:
        """Keep a finding; the first one of a source counts."""
        self.found.setdefault(source, Found(source, error))


def find_files(paths: Iterable[Path]) -> Walk:
    """Find every file under the paths."""
    walk = Walk()
    stack = [os.path.abspath(path) for path in paths][::-1]
    while stack or walk.links:  # no recursion: folders may be nested deeper than Python's stack
        stack += reversed(_visit(walk, stack.pop() if stack else walk.links.popleft()))
    return walk


def _visit(walk: Walk, source: str) -> list[str]:
    """Look at one path; returns what a folder holds."""
    try:
        source.encode("utf-8")
        status = Path(source).stat()
        if stat.S_ISDIR(status.st_mode):
            return _open_folder(walk, source, (status.st_dev, status.st_ino))
        walk.add(source, None if stat.S_ISREG(status.st_mode) else "It is no regular file but a device, socket or pipe.")
    except UnicodeEncodeError:
        walk.add(source, "Its name is not valid UTF-8; rename it.")
    except OSError as error:
        walk.add(source, reason(error))
    return []


def _open_folder(walk: Walk, source: str, identity: tuple[int, int]) -> list[str]:
    if identity in walk.seen_folders:
        return []
    walk.seen_folders.add(identity)
    with os.scandir(source) as entries:
        names = sorted((entry.name, entry.is_symlink()) for entry in entries)
    root = f"{source.rstrip('/')}/"
    if (IGNORE_FILE, False) in names:
        lines = Path(root, IGNORE_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        walk.ignored.append((root, GitIgnoreSpec.from_lines(lines)))
    visible = [(root + name, is_link) for name, is_link in names if not name.startswith(".")]
    walk.num_hidden += len([name for name, _ in names if name.startswith(".") and name != IGNORE_FILE])
    # os.path.isdir, since Path.is_dir raises where there is no permission
    folders = {path for path, _ in visible if os.path.isdir(path)}  # noqa: PTH112
    children = [(path, link) for path, link in visible if not walk.ignores(f"{path}/" if path in folders else path)]
    walk.num_ignored += len(visible) - len(children)
    walk.links += sorted(path for path, is_link in children if is_link and path in folders)
    return [path for path, is_link in children if not (is_link and path in folders)]


def reason(error: OSError) -> str:
    """Say why the operating system refused a path."""
    match error:
        case FileNotFoundError():
            return "There is no such file or folder."
        case PermissionError():
            return "There is no permission to read it."
        case _:
            return f"It cannot be read: {error.strerror or error}."
