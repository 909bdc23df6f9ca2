"""What the verifier knows of a language, read once from ``english.toml``: words by their stem, phrases as patterns.

It holds facts of the language alone. A text in another language is judged by its numbers, names, the words it shares, and
by the commonest words that deny in some languages, which ``abroad.toml`` holds.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any

import Stemmer

_DATA: dict[str, Any] = tomllib.loads(files(__name__).joinpath("english.toml").read_text(encoding="utf-8"))
_ABROAD: dict[str, str] = tomllib.loads(files(__name__).joinpath("abroad.toml").read_text(encoding="utf-8"))
_STEMMER = Stemmer.Stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Reduce a lower-case word to its stem.

    >>> stem("governed") == stem("governing")
    True
    """
    return str(_STEMMER.stemWord(word))


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """Take a plural's or a possessor's ending off a lower-case word.

    >>> singular("parties"), singular("licensor's"), singular("business")
    ('party', 'licensor', 'business')
    """
    word = re.sub(r"'s?$", "", word)
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def one_of(phrases: Iterable[str]) -> str:
    """Give a pattern of which the longest of some phrases matches; told apart by their first letter, which is quick.

    >>> one_of(["at most", "no", "at"])
    'a(?:t\\\\s+most|t)|n(?:o)'
    """
    groups = defaultdict[str, list[str]](list)
    for phrase in sorted(phrases, key=len, reverse=True):
        groups[phrase[0]].append(re.escape(phrase[1:]).replace(r"\ ", r"\s+"))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in groups.items())


def _relations(groups: Iterable[Iterable[str]]) -> dict[str, frozenset[str]]:
    related = defaultdict[str, set[str]](set)
    for words in groups:
        stems = {stem(singular(word)) for word in words}
        for one in stems:
            related[one] |= stems - {one}
    return {one: frozenset(others) for one, others in related.items()}


STOP = frozenset(_DATA["stop"].split())
LIGHT = frozenset(stem(word) for word in _DATA["light"].split())
PARTIES = frozenset(_DATA["parties"].split())
GENERIC_PARTIES = frozenset(_DATA["generic_parties"].split())
PERMITTING = frozenset(stem(word) for word in _DATA["permitting"].split())
DOCUMENTS = frozenset(stem(word) for word in _DATA["documents"].split())
DEFINED = frozenset(stem(word) for word in _DATA["defined"].split())
OFFICES = frozenset(_DATA["offices"].split())
ORDINALS = frozenset(_DATA["ordinals"].split())
ENGLISH = frozenset(_DATA["english"].split())
SURE_ABROAD, UNSURE_ABROAD, WITHOUT_ABROAD, ONLY_ABROAD = (
    frozenset(_ABROAD[name].split()) for name in ("sure", "unsure", "without", "only")
)
DENYING_ABROAD = SURE_ABROAD | UNSURE_ABROAD
SYNONYMS = _relations(line.split() for line in _DATA["synonyms"].splitlines())
OPPOSITES = _relations(pair.split() for pair in _DATA["opposites"].replace("\n", ";").split(";"))
CLASSES: dict[str, tuple[str, str]] = {  # phrase -> family and class
    **dict.fromkeys(_DATA["negations"]["words"], ("negation", "not")),
    **{p: (family, name) for family in ("modals", "bounds", "quantifiers") for name, ps in _DATA[family].items() for p in ps},
    **dict.fromkeys(_DATA["negations"]["mute"], ("mute", "")),
}
SWEEPING = frozenset(_DATA["negations"]["sweeping"])
PHRASES = one_of(CLASSES)
FRAMES = re.compile("|".join(_DATA["frames"]["patterns"]), re.IGNORECASE)
