"""What the name of a licence means for an organisation that wants to use a model at work: its class, and its SPDX id.

Names are those of SPDX and those that a hub's model cards use (``license``, or ``license_name`` where that is ``other``).
The class follows from the terms, not from whether the weights can be downloaded; docs/reference/models.md gives the
criterion of each class and what the licences outside the first forbid. A name that is not in the table is of the class
unknown: nothing is guessed from parts of names.
"""

from dataclasses import dataclass
from typing import Literal, get_args

LicenceClass = Literal["open-source", "source-available", "research-only", "unknown"]
CLASSES: tuple[LicenceClass, ...] = get_args(LicenceClass)
"""From the freest to the one that nothing is known of."""
UNKNOWN = "unknown"

# SPDX ids of licences under which anybody may use, change and pass on the work for any purpose
OPEN = """
0BSD AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSL-1.0
CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0
CDLA-Sharing-1.0 ECL-2.0 EPL-1.0 EPL-2.0 etalab-2.0 EUPL-1.1 EUPL-1.2 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only
GPL-3.0-or-later ISC LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later LPPL-1.3c MIT MIT-0 MPL-2.0 MS-PL NCSA
ODbL-1.0 ODC-By-1.0 OFL-1.1 OpenMDW-1.0 OSL-3.0 PDDL-1.0 PostgreSQL Unlicense WTFPL Zlib
"""

# of licences that let an organisation use the work, but not in every way, or not every organisation
RESTRICTED = "CC-BY-ND-4.0 C-UDA-1.0"

# of licences that let nobody use the work for a commercial purpose
NON_COMMERCIAL = """
CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0
"""

# what model cards say for some of these
ALIASES = {
    "agpl-3.0": "AGPL-3.0-only",
    "c-uda": "C-UDA-1.0",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
}

# licences, and families of them, that SPDX has no id for
UNLISTED: dict[str, LicenceClass] = {
    **dict.fromkeys(("bsd", "gpl", "lgpl"), "open-source"),  # families, each member of which is
    **dict.fromkeys(("llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"), "source-available"),
    **dict.fromkeys(("gemma", "deepseek", "nvidia-open-model-license", "falcon-llm-license"), "source-available"),
    **dict.fromkeys(("tongyi-qianwen", "qwen", "stabilityai-ai-community", "lfm1.0"), "source-available"),
    **dict.fromkeys(("openrail", "openrail++", "bigscience-openrail-m", "creativeml-openrail-m"), "source-available"),
    **dict.fromkeys(("bigscience-bloom-rail-1.0", "bigcode-openrail-m"), "source-available"),
    **dict.fromkeys(("qwen-research", "mrl", "mnpl", "exaone", "apple-amlr", "intel-research", "h-research"), "research-only"),
    **dict.fromkeys(("deepfloyd-if-license", "fair-noncommercial-research-license"), "research-only"),
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by the name it was declared with; ``spdx`` is its id on SPDX's list, where it has one."""

    name: str
    spdx: str | None
    licence_class: LicenceClass

    @property
    def shown(self) -> str:
        """The name for people: the SPDX id where there is one."""
        return self.spdx or self.name

    @property
    def parts(self) -> "list[Licence]":
        """The licences it consists of; of one, itself."""
        return [licence_of(name) for name in each(self.name)]


def licence_of(declared: str) -> Licence:
    """Look a licence up; of several, separated by commas, the strictest class counts, since they may all apply.

    >>> licence_of("apache-2.0")
    Licence(name='apache-2.0', spdx='Apache-2.0', licence_class='open-source')
    >>> licence_of("mit, llama3.1").licence_class, licence_of("apache-3").licence_class
    ('source-available', 'unknown')
    """
    names = each(declared)
    if len(names) == 1:
        return _TABLE.get(names[0].lower()) or Licence(names[0], None, "unknown")
    strictest = max((licence_of(name).licence_class for name in names), key=CLASSES.index)
    return Licence(", ".join(names), None, strictest)


def each(declared: str) -> list[str]:
    """Take apart what was declared; at least one name.

    >>> each("mit, Apache-2.0"), each(" ")
    (['mit', 'Apache-2.0'], ['unknown'])
    """
    return [name.strip() for name in declared.split(",") if name.strip()] or [UNKNOWN]


def names() -> list[str]:
    """Name every licence of the table as it may be declared."""
    return list(_TABLE)


def _table() -> dict[str, Licence]:
    listed: list[tuple[LicenceClass, str]] = [
        ("open-source", OPEN),
        ("source-available", RESTRICTED),
        ("research-only", NON_COMMERCIAL),
    ]
    table = {spdx.lower(): Licence(spdx.lower(), spdx, named) for named, ids in listed for spdx in ids.split()}
    table |= {alias: Licence(alias, spdx, table[spdx.lower()].licence_class) for alias, spdx in ALIASES.items()}
    return table | {name: Licence(name, None, named) for name, named in UNLISTED.items()}


_TABLE = _table()
