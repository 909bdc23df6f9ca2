"""Models of a hub that the catalogue does not know, by their name there: ORG/NAME.

Nobody vouches for their hashes, so the first pull is trusted. It records the hub's commit and each file's sha256 in
``ORG--NAME/.repository.json``; from then on the model is an entry like the catalogue's own. Files the hub keeps in LFS
are held to the hub's sha256 at once. Only what sentence-transformers and vLLM read is taken, never code, and no name a
hub gives a file leads out of the folder. The licence is what the repository's card names, and none of its files is fetched
if the policy does not allow it.
"""

import json
import logging
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from core.errors import WeightsError
from core.models import card, policy
from core.models.download import Download, reason, shown
from core.models.entries import ModelEntry, ModelFile
from core.models.licences import UNKNOWN
from core.models.order import Progress
from core.models.sources import link_or_copy, open_client
from core.models.weights import locked, num_bytes, sha256_of
from core.options import Models

log = logging.getLogger(__name__)

RECORD = ".repository.json"
STAGING = ".staging-"
MAX_CHARS = 255
MAX_WINDOW_TOKENS = 1 << 24  # what some tokenizers say where they have no bound is far more
COMMIT = re.compile(r"[0-9a-f]{40}")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
ENTRY = TypeAdapter(ModelEntry)

NAME = re.compile(r"(?=.{3,96}$)[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
# what sentence-transformers reads: files at the root, and those of its modules, in folders such as 1_Pooling
MODULE = re.compile(r"(\w+_)?\d+_\w+", re.ASCII)
WINDOWS = (
    ("sentence_bert_config.json", "max_seq_length"),
    ("tokenizer_config.json", "model_max_length"),
    ("config.json", "max_position_embeddings"),
)
SAFETENSORS = re.compile(r"model(-\d+-of-\d+)?\.safetensors", re.ASCII)
PICKLED = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin", re.ASCII)
WORDS = re.compile(r"[A-Za-z0-9][\w.-]*\.(json|txt|model|jinja)", re.ASCII)


class Lfs(BaseModel):
    """How a hub's answer describes a large file."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Sibling(BaseModel):
    """A file in a hub's answer; a mirror may tell no size."""

    rfilename: str
    size: int | None = Field(None, ge=0)
    lfs: Lfs | None = None


class Listing(BaseModel):
    """A hub's answer about a repository: the commit its main branch is at, and the files of that commit."""

    sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    siblings: list[Sibling]
    tags: list[str] = []
    card: dict[str, Any] | None = Field(None, alias="cardData")
    modified: str = Field("", alias="lastModified")

    @property
    def licence(self) -> str:
        """The licence the repository's card names; a mirror may tell the tags made of the card only."""
        tagged = [tag.removeprefix("license:") for tag in self.tags if tag.startswith("license:")]
        told = card.licence(self.card or {})
        return told if told != UNKNOWN else card.licence({"license": tagged})

    @property
    def day(self) -> str:
        """The day of the commit, empty if the hub does not tell it."""
        return self.modified[:10] if DAY.match(self.modified) else ""


@dataclass(frozen=True, slots=True)
class _Staged:
    """Files of one revision, complete but not yet in their place."""

    folder: Path
    names: Sequence[str]
    revision: str
    licence: str
    origin: str
    languages: tuple[str, ...] = ()
    released: str = ""


def is_name(name: str) -> bool:
    """Tell whether this could be a repository's name on a hub.

    >>> [is_name(name) for name in ("intfloat/multilingual-e5-small", "all-minilm-l6-v2", "../x", "/srv/model", "a/b--c")]
    [True, False, False, False, False]
    """
    return NAME.fullmatch(name) is not None and "--" not in name and ".." not in name


def folder_name(name: str) -> str:
    """What a model's folder is called: ``ORG--NAME``."""
    return name.replace("/", "--")


def recorded(target: Path) -> ModelEntry | None:
    """Read what the first pull recorded; None if there was none, or its record is damaged and it must be pulled again."""
    try:
        return ENTRY.validate_json((target / RECORD).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("model_record_unreadable", extra={"folder": str(target), "reason": reason(error)})
        return None


def first_pull(name: str, target: Path, models: Models, progress: Progress) -> ModelEntry:
    """Take a repository from the folder, else from the hub, and record it; waits while another process does.

    Raises WeightsError naming what each source said.
    """
    try:
        with locked(target):
            return recorded(target) or _pull(name, target, models, progress)
    except OSError as error:
        raise WeightsError(
            f"Cannot write the files of model {name} to {target}: {error}. Free space there, or correct its permissions."
        ) from error


def needed(names: Sequence[str]) -> list[str]:
    """Choose the files sentence-transformers and vLLM read: of two forms of the same weights, the one that cannot hold code.

    Raises WeightsError for a name that leads out of the folder, and when there are no weights.

    >>> needed(["README.md", "config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx", "1_Pooling/config.json"])
    ['config.json', 'model.safetensors', '1_Pooling/config.json']
    """
    paths = [path for name in dict.fromkeys(names) if str(path := _inside(name)) == name and len(name) <= MAX_CHARS]
    places = [path for path in paths if all(MODULE.fullmatch(part) for part in path.parts[:-1])]
    safe = {path.parent for path in places if SAFETENSORS.fullmatch(path.name)}
    weights = {p for p in places if SAFETENSORS.fullmatch(p.name) or (p.parent not in safe and PICKLED.fullmatch(p.name))}
    if PurePosixPath() not in {path.parent for path in weights}:
        raise WeightsError("there is no model.safetensors or pytorch_model.bin, which sentence-transformers and vLLM need")
    return [str(path) for path in places if path in weights or WORDS.fullmatch(path.name)]


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise WeightsError(f"a file is named {name!r}, which leads out of the model's folder: nothing was taken")
    return path


def _pull(name: str, target: Path, models: Models, progress: Progress) -> ModelEntry:
    tried: list[str] = []
    with open_client(models) as client:
        sources: list[tuple[str, Callable[[], _Staged]]] = []
        if models.folder:
            sources.append((f"folder {models.folder}", partial(_from_folder, models, models.folder.expanduser(), name, target)))
        if models.hub_url:
            hub = partial(_from_hub, models, client, name, target, progress)
            sources.append((f"hub {shown(models.hub_url)}", hub))
        for source, stage in sources:
            try:
                return _settle(name, stage(), target)
            except WeightsError as error:
                log.warning("model_source_failed", extra={"model": name, "source": source, "reason": str(error)})
                tried.append(f"{source}: {error}")
    raise WeightsError(_explain(name, tried))


def _from_folder(models: Models, folder: Path, name: str, target: Path) -> _Staged:
    """Take FOLDER/ORG/NAME or FOLDER/ORG--NAME: linked where the file system can, else copied."""
    found = next((place for place in (folder / name, folder / folder_name(name)) if place.is_dir()), None)
    if found is None:
        raise WeightsError(f"there is neither {folder / name} nor {folder / folder_name(name)}")
    licence = card.stated_in(found)
    policy.check(name, licence, models)
    names = needed(sorted(path.relative_to(found).as_posix() for path in found.rglob("*") if path.is_file()))
    staging = target / f"{STAGING}folder"
    for file in names:
        link_or_copy(found / file, _made(staging / file))
    return _Staged(staging, names, "main", licence, str(found))


def _from_hub(models: Models, client: httpx.Client, name: str, target: Path, progress: Progress) -> _Staged:
    """Fetch the commit that is the hub's newest; what an interrupted pull has of the same commit is kept."""
    hub_url = (models.hub_url or "").rstrip("/")
    listing = _listing(client, f"{hub_url}/api/models/{name}")
    policy.check(name, listing.licence, models)
    names = needed([sibling.rfilename for sibling in listing.siblings])
    told = {sibling.rfilename: sibling for sibling in listing.siblings}
    staging = target / f"{STAGING}{listing.sha}"
    for file in names:
        done = _made(staging / file)
        if done.is_file():  # whole, by an interrupted pull
            continue
        part = done.with_name(f"{done.name}.part")
        sha256 = lfs.sha256 if (lfs := told[file].lfs) else None
        url = f"{hub_url}/{name}/resolve/{listing.sha}/{file}"
        Download(client, url, part, told[file].size, sha256, partial(_report, progress, file, told[file].size)).run()
        part.replace(done)
    origin, languages = f"{shown(hub_url).rstrip('/')}/{name}", card.languages(listing.card or {})
    return _Staged(staging, names, listing.sha, listing.licence, origin, languages, listing.day)


def _listing(client: httpx.Client, url: str) -> Listing:
    try:
        response = client.get(url, params={"blobs": "true"})
        response.raise_for_status()
        return Listing.model_validate_json(response.content)
    except httpx.HTTPStatusError as error:
        raise WeightsError(f"{shown(url)}: the hub answered HTTP {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WeightsError(f"{shown(url)}: {reason(error)}") from error
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) or e["type"] for e in error.errors()[:3])
        raise WeightsError(f"{shown(url)}: not a hub this program can read ({wrong})") from error


def _settle(name: str, staged: _Staged, target: Path) -> ModelEntry:
    """Hash the staged files, move them to their places, and record them last: without a record there is no model."""
    files = []
    for file in staged.names:
        path = staged.folder / file
        files.append(ModelFile(file, num_bytes(path), sha256_of(path), parts=()))
        path.replace(_made(target / file))
    entry = ModelEntry(
        name=name,
        role="embedder",
        version=staged.revision[:12],
        licence=staged.licence,
        origin=staged.origin,
        repo=name,
        revision=staged.revision,
        window_tokens=_window_tokens(target),
        dimension=None,
        files=tuple(files),
        languages=staged.languages,
        released=staged.released,
    )
    part = target / f"{RECORD}.part"
    part.write_bytes(ENTRY.dump_json(entry, indent=1))
    part.replace(target / RECORD)
    for staging in target.glob(f"{STAGING}*"):  # of other commits, too
        shutil.rmtree(staging)
    log.info("model_recorded", extra={"model": name, "revision": staged.revision, "num_files": len(files)})
    return entry


def _window_tokens(folder: Path) -> int | None:
    """Find how many tokens the model reads at once, in the first of its files that tells."""
    for file, key in WINDOWS:
        try:
            told = json.loads((folder / file).read_bytes())
        except (OSError, ValueError):
            continue
        tokens = told.get(key) if isinstance(told, dict) else None
        if isinstance(tokens, int) and 0 < tokens < MAX_WINDOW_TOKENS:
            return tokens
    return None


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _report(progress: Progress, file: str, size: int | None, num_bytes: int) -> None:
    progress(num_bytes, size or num_bytes, file)


def _explain(name: str, tried: Sequence[str]) -> str:
    lines = [f"Could not get model {name}. Tried:", *(f"  {said}" for said in tried or ["nothing: no folder and no hub is set"])]
    lines += ["Without internet: put the files of the model's repository into a folder", f"  FOLDER/{name}/"]
    return "\n".join([*lines, f"then set MUNIMENT_MODELS_FOLDER=FOLDER and type `muniment models pull {name}`."])
