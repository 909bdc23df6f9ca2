"""PostgreSQL refuses to run as root: how to start it all the same, without opening any folder to others.

In: nothing but who we are. Out: a :class:`Disguise`, the words to put before a command, and the owner its files need.
A user namespace comes first (no file changes hands); where those are forbidden, as in most containers, an unprivileged
account that keeps the one capability of reaching its files. A plain user needs neither.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import SettingsError

ACCOUNTS = ("postgres", "nobody")
NAMESPACE = ("unshare", "-U", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True)
class Disguise:
    """``prefix`` goes before a command; ``owner`` is the (uid, gid) its files must belong to, None for ours."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def hand_over(self, path: Path) -> None:
        """Give a file or folder to the account the command will run as."""
        if self.owner is not None:
            os.chown(path, *self.owner)


@cache
def disguise() -> Disguise:
    """Find the way to not be root that this machine allows; raises SettingsError if there is none."""
    if os.geteuid() != 0:
        return Disguise()
    candidates = [Disguise(NAMESPACE), *(_account(name) for name in ACCOUNTS if _exists(name))]
    for candidate in candidates:
        if _works(candidate):
            return candidate
    raise SettingsError(
        "PostgreSQL refuses to run as root, and this machine allows neither user namespaces (`unshare -U true`) nor another"
        " account (`setpriv`). Run Muniment as a plain user, or give a PostgreSQL of your own in MUNIMENT_DATABASE_URL."
    )


def _account(name: str) -> Disguise:
    entry = pwd.getpwnam(name)
    keep_reaching_files = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    ids = (f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups")
    return Disguise(("setpriv", *ids, *keep_reaching_files), (entry.pw_uid, entry.pw_gid))


def _exists(name: str) -> bool:
    return any(entry.pw_name == name and entry.pw_uid != 0 for entry in pwd.getpwall())


def _works(candidate: Disguise) -> bool:
    if shutil.which(candidate.prefix[0]) is None:
        return False
    told = subprocess.run([*candidate.prefix, "id", "-u"], capture_output=True, text=True, timeout=10, check=False)
    return told.returncode == 0 and told.stdout.strip() != "0"
