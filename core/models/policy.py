"""The organisation's policy on licences: which models may be used, and what is said of one that may not.

``models.allowed_licences`` lists classes and licences; a model is allowed if each of its licences, or that licence's
class, is in the list. What ``models.licences`` says of a model counts in the place of what its makers or its files say.
"""

from pathlib import Path

from core.errors import LicenceRefused
from core.models.licences import UNKNOWN, Licence, licence_of
from core.options import Models

SETTING = "models.allowed_licences"


def licence(name: str, declared: str, models: Models) -> Licence:
    """Give the licence that counts for a model: the one the settings state for it, else the one declared."""
    return licence_of(stated(name, models) or declared)


def stated(name: str, models: Models) -> str | None:
    """Give what the settings say of a model's licence; a folder is found however its path is written."""
    if name in models.licences:
        return models.licences[name]
    path = Path(name).expanduser()
    return next((said for key, said in models.licences.items() if path.is_dir() and _is_same(Path(key), path)), None)


def check(name: str, declared: str, models: Models) -> None:
    """Raise LicenceRefused, naming the clause, unless the model may be used."""
    if reason := refusal(name, licence(name, declared, models), models):
        raise LicenceRefused(reason)


def refusal(name: str, found: Licence, models: Models) -> str | None:
    """Say why a model may not be used; None if it may.

    >>> print(refusal("org/x", licence_of("cc-by-nc-4.0"), Models(allowed_licences=("open-source",))))
    Model org/x is under CC-BY-NC-4.0, which is research-only. The policy models.allowed_licences allows open-source only.
    Choose another model, or add research-only or CC-BY-NC-4.0 to MUNIMENT_MODELS_ALLOWED_LICENCES.
    """
    allowed = {licence_of(entry).shown.lower() for entry in models.allowed_licences}
    wrong = [part for part in found.parts if not {part.shown.lower(), part.licence_class} & allowed]
    if not wrong:
        return None
    return f"{_finding(name, wrong[0])} The policy {SETTING} allows {_listed(models)} only.\n{_advice(name, wrong[0])}"


def _finding(name: str, found: Licence) -> str:
    if found.name == UNKNOWN:
        return f"Nothing states the licence of model {name}."
    if found.licence_class == "unknown":
        return f"Model {name} is under {found.shown!r}, a licence that is not known here."
    return f"Model {name} is under {found.shown}, which is {found.licence_class}."


def _advice(name: str, found: Licence) -> str:
    if found.licence_class == "unknown":
        return (
            f"Choose another model; or read its licence and state it in MUNIMENT_MODELS_LICENCES, as"
            f' {{"{name}": "Apache-2.0"}}; or add unknown to MUNIMENT_MODELS_ALLOWED_LICENCES.'
        )
    return f"Choose another model, or add {found.licence_class} or {found.shown} to MUNIMENT_MODELS_ALLOWED_LICENCES."


def _listed(models: Models) -> str:
    *others, last = models.allowed_licences
    return f"{', '.join(others)} and {last}" if others else last


def _is_same(key: Path, path: Path) -> bool:
    return key.expanduser().absolute() == path.absolute()
