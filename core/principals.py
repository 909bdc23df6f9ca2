"""The names that permissions are given to: `user:NAME`, `group:NAME` and `everyone`.

What comes in from outside is checked here, so that a list holds no name that can never match, and no name twice.
"""

import unicodedata
from collections.abc import Iterable

from core.access import EVERYONE
from core.errors import InvalidInput

KINDS = ("user", "group")
MAX_NAME_CHARS = 200
MAX_LIST = 1000


def checked_name(value: str, what: str) -> str:
    """Return the name of a user, a group or a source if it can be one; raises InvalidInput saying what is wrong with it.

    >>> checked_name("human resources", "group")
    'human resources'
    """
    if not 0 < len(value) <= MAX_NAME_CHARS or value != value.strip() or value in {".", ".."} or "/" in value or _steers(value):
        raise InvalidInput(
            f"{what}: a name has 1 to {MAX_NAME_CHARS} characters, no '/', no control characters and no space at its ends."
        )
    return value


def checked_principal(value: str) -> str:
    """Return a principal if it is one; raises InvalidInput.

    >>> checked_principal("group:hr")
    'group:hr'
    """
    kind, colon, name = value.partition(":")
    if value == EVERYONE:
        return value
    if not colon or kind not in KINDS or "," in name:
        raise InvalidInput("allowed: who may read is said as `user:NAME`, `group:NAME` or `everyone`, without a comma.")
    return f"{kind}:{checked_name(name, f'allowed: {kind}')}"


def checked_list(values: Iterable[str]) -> list[str]:
    """Return the principals each once, in order; raises InvalidInput for one that is none, and for more than a thousand.

    >>> checked_list(["user:bob", "everyone", "user:bob"])
    ['everyone', 'user:bob']
    """
    principals = sorted({checked_principal(value) for value in values})
    if len(principals) > MAX_LIST:
        raise InvalidInput(f"allowed: {len(principals):,} principals are more than {MAX_LIST:,}; put them into a group.")
    return principals


def _steers(value: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in value)
