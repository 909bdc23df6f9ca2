"""The documentation says what is so: links, commands, make targets, settings, formats, paths and test names exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand

from core.settings import PROJECT_ROOT, setting_names
from docs.generate import PAGES, REFERENCE, default_of
from ingest.parse.detect import MEDIA_TYPES
from ui.cli.main import app

PAGE_PATHS = [
    *(PROJECT_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md")),
    *sorted((PROJECT_ROOT / "docs").rglob("*.md")),
]
MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
REPOSITORY_PATH = re.compile(
    r"(?:core|ingest|retrieval|generation|api|ui|evaluation|infra|tests|docs|samples|requirements)/[\w./-]*\w"
)

each_page = pytest.mark.parametrize("page", PAGE_PATHS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))


def command_lines(page: Path) -> Iterator[str]:
    """Yield the lines of the page's code blocks, fenced or indented."""
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip()


def code(page: Path) -> str:
    """All code of a page, one piece a line."""
    spans = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    return "\n".join([*command_lines(page), *spans])


def find_command(words: list[str]) -> tuple[TyperCommand, list[str]]:
    """Follow the words down the tree of commands; returns the last command and the words that are left."""
    command = typer.main.get_command(app)
    while hasattr(command, "get_command") and words and not words[0].startswith("-"):  # Typer's click is its own copy
        found = command.get_command(None, words[0])
        assert found is not None, f"there is no command {words[0]!r}"
        command, words = found, words[1:]
    return command, words


@pytest.mark.parametrize("line", ["nosuch", "keys nosuch", "search --nosuch question"])
def test_a_wrong_command_line_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match="nosuch"):
        command, arguments = find_command(line.split())
        command.make_context(line, arguments)


@each_page
def test_every_relative_link_resolves(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    relative = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in relative if not (page.parent / target).exists()] == []


@each_page
def test_no_placeholder_is_left(page: Path) -> None:
    assert re.findall(r"@[A-Z_]+@", page.read_text(encoding="utf-8")) == []


@each_page
def test_no_mark_of_a_merge_is_left(page: Path) -> None:
    assert not re.search(r"^(<{7} |>{7} |={7}$)", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_page_is_linked_from_the_index() -> None:
    docs = PROJECT_ROOT / "docs"
    linked = {
        (docs / target).resolve() for target in re.findall(r"\]\(([^)\s#]+)\)", (docs / "index.md").read_text(encoding="utf-8"))
    }
    assert [page.name for page in docs.rglob("*.md") if page not in linked | {docs / "index.md"}] == []


@each_page
def test_every_command_line_is_understood_by_the_command_line(page: Path) -> None:
    for line in command_lines(page):
        if re.match(r"([\w./-]+/)?muniment( |$)", line):
            command, arguments = find_command(shlex.split(line, comments=True)[1:])
            command.make_context(line, arguments)  # raises UsageError for an option or argument that is not there


@each_page
def test_every_command_named_in_passing_exists(page: Path) -> None:
    for words in re.findall(r"^(?:\S*/)?muniment ([a-z]+(?: [a-z]+)?)", code(page), re.MULTILINE):
        find_command(words.split()[:1])


@each_page
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"^make ([a-z-]+)", code(page), re.MULTILINE))
    assert named <= targets


@each_page
def test_every_setting_named_exists(page: Path) -> None:
    named = set(re.findall(r"MUNIMENT_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8")))
    assert named <= {*setting_names(), "MUNIMENT_CONFIG"}


@each_page
def test_every_path_and_test_named_exists(page: Path) -> None:
    for span in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
        path, _, test = span.partition("::")
        if REPOSITORY_PATH.fullmatch(path) and "NAME" not in path:
            assert (PROJECT_ROOT / path).exists(), span
            assert not test or f"def {test}(" in (PROJECT_ROOT / path).read_text(encoding="utf-8"), span


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "type `make docs`"


def test_every_setting_has_a_row_with_its_default() -> None:
    rows = [row for row in (REFERENCE / "settings.md").read_text(encoding="utf-8").splitlines() if row.startswith("| `MUNIMENT")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert {row[0]: row[2] for row in cells} == {f"`{name}`": default_of(field) for name, field in setting_names().items()}
    assert all(row[-1].rstrip("| ").endswith(".") for row in cells), "each row ends with a sentence"


def test_formats_page_names_exactly_the_endings_that_are_read() -> None:
    table = (REFERENCE / "formats.md").read_text(encoding="utf-8").partition("## ")[0]
    assert set(re.findall(r"`(\.\w+)`", table)) == set(MEDIA_TYPES)


@pytest.mark.parametrize("page", sorted((PROJECT_ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_decisions_are_short_and_name_what_keeps_them(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", page.stem)
    assert text.startswith(f"# {page.stem[:4]} ")
    assert len(text.splitlines()) <= 25
    assert re.search(r"\*\*Kept by\*\*.*(`tests/|import-linter)", text)


@pytest.mark.parametrize("lock", sorted((PROJECT_ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_locks_name_hashes_and_no_index(lock: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert [r.partition(" ")[0] for r in requirements if not re.match(r"[\w.-]+==\S+.*--hash=sha256:", r, re.DOTALL)] == []
    assert "://" not in text
