"""What models there are: those that the settings use, here or elsewhere, and those whose files lie on this machine.

Files are looked at as when a process starts: one unchanged since it was last hashed is not read again. Those of the
user's own folders, whose hashes nothing knows, are read whole. What the policy does not allow is listed all the same.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import WeightsError
from core.models import catalogue, policy
from core.models.entries import ModelEntry
from core.models.licences import Licence
from core.models.weights import sha256_of
from core.settings import Settings

Place = Literal["verified", "own-folder", "unavailable", "elsewhere"]


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file and the sha256 it should have, or in a folder of the user's own has now."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model with what is known of it; ``entry`` is None of a folder of one's own and of a name nobody knows."""

    name: str
    role: str
    entry: ModelEntry | None
    files: tuple[HashedFile, ...]
    licence: Licence
    is_licence_stated: bool
    refusal: str | None
    place: Place
    is_used: bool


def take(settings: Settings) -> list[ListedModel]:
    """List the models that the settings use, in the order of the settings, then the others whose files are here, all of them.

    Raises WeightsError if a folder of the user's own cannot be read.
    """
    used = catalogue.selected(settings)
    idle = [name for name in catalogue.known(settings) if name not in used and _place(name, settings, set()) == "verified"]
    return [_listed(name, settings, is_used=name in used) for name in (*used, *idle)]


def _listed(name: str, settings: Settings, *, is_used: bool) -> ListedModel:
    entry, licence = catalogue.find(name, settings), catalogue.licence(name, settings)
    place = _place(name, settings, _elsewhere(settings) if is_used else set())
    return ListedModel(
        name=name,
        role=_role(name, entry, settings),
        entry=entry,
        files=_files(name, entry, place),
        licence=licence,
        is_licence_stated=policy.stated(name, settings.models) is not None,
        refusal=policy.refusal(name, licence, settings.models),
        place=place,
        is_used=is_used,
    )


def _elsewhere(settings: Settings) -> set[str]:
    """Name the models that only servers elsewhere hold."""
    reranker = settings.rerank.model or catalogue.UNNAMED_RERANKER
    away = {settings.llm.model if settings.llm.url else "", reranker if settings.rerank.url else "", *catalogue.routed(settings)}
    here = {settings.embedding.model, "" if settings.llm.url else settings.llm.model}
    return away - here


def _place(name: str, settings: Settings, elsewhere: set[str]) -> Place:
    if name in elsewhere:
        return "elsewhere"
    if catalogue.own_folder(name):
        return "own-folder"
    try:
        catalogue.verify(name, settings, rehash=False)
    except WeightsError:
        return "unavailable"
    return "verified"


def _role(name: str, entry: ModelEntry | None, settings: Settings) -> str:
    roles = dict.fromkeys(catalogue.adapters(settings), "adapter") | dict.fromkeys(catalogue.routed(settings), "generator")
    roles |= {catalogue.UNNAMED_RERANKER: "reranker", settings.llm.model: "generator", settings.embedding.model: "embedder"}
    roles |= {settings.rerank.model: "reranker"} if settings.rerank.model else {}
    return roles.get(name) or (entry.role if entry else "embedder")


def _files(name: str, entry: ModelEntry | None, place: Place) -> tuple[HashedFile, ...]:
    if place == "elsewhere":  # the server may serve other files by the same name
        return ()
    if entry:
        return tuple(HashedFile(file.name, file.size, file.sha256) for file in entry.files)
    return _read(Path(name).expanduser()) if place == "own-folder" else ()


def _read(folder: Path) -> tuple[HashedFile, ...]:
    visible = [path for path in sorted(folder.rglob("*")) if not any(p.startswith(".") for p in path.relative_to(folder).parts)]
    try:
        return tuple(
            HashedFile(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path))
            for path in visible
            if path.is_file()
        )
    except OSError as error:
        raise WeightsError(f"Cannot read the files of model {folder}: {error}. Correct its permissions.") from error
