"""Negations of an English text, counted: an even number of them affirms what the text speaks of, an odd one denies it.

They are the lexicon's, what forbids or undoes in contracts ("void", "waives"), and those inside the word that is asked for
("nonrefundable", "uncapped"), which deny no other. What only sounds like one ("not only", "no later than") is none; "nor" goes
on with one that came before.
"""

import re
from collections.abc import Collection, Iterable

from generation.lexicon import CLASSES
from generation.words import tokens

_LEAST_ALIKE = 3  # letters that two forms of a word begin with: cap, capped
_GOES_ON = {"nor"}
_BEYOND = re.compile(r".*\b(?:not|cannot|no)\b.*\bexceed")  # a bound in the lexicon, and a denial of what exceeds it
_WORDS = [
    phrase
    for phrase, (family, name) in CLASSES.items()
    if (family == "negation" or name == "none" or (family == "bounds" and _BEYOND.match(phrase))) and phrase not in _GOES_ON
]
_IDIOMS = [phrase for phrase, (family, _) in CLASSES.items() if family == "mute"]
_BOUNDS = [phrase for phrase, (family, _) in CLASSES.items() if family == "bounds" and not _BEYOND.match(phrase)]
_SOUNDS_LIKE_ONE = (
    r"if not|not only|no doubt|(?:but )?not the (?:duty|obligation)|(?:no|not) (?:more|less|fewer|later|earlier)(?: \w+)? than"
    r"|without (?:regard|reference|giving effect) to|except for the|no\.?\s*\d|non-?profit\w*"
)
_SELDOM = r"hardly(?: ever)?|barely|scarcely|rarely|seldom"
_INSIDE = (
    r"(?P<inside>non-?(?!e\b|etheless\b|sense\b)(?P<non>\w{3,})|anti-?(?!cipat|que|dote)(?P<anti>\w{3,})"
    r"|un(?!der|ited\b|ified\b)(?P<un>\w+(?:ed|able)))"
)
_FORBIDS = (
    r"prohibit\w*|forbid\w*|bar(?:red|s)|ban(?:s|ned)?|restrict\w*|prevent\w*|preclud\w*|void|invalid|waive[sd]?|exclud\w+"
    r"|disclaim\w*|lack(?:s|ed)?|fail(?:s|ed)?|refus(?:e[sd]?|ing)|un(?:authori[sz]ed|enforceable|lawful|permitted)"
)
_BARS_OF_A_NAME = re.compile(r"\b((?:non|anti)-?\w{3,})\s+(?:restriction|prohibition|covenant)s?\b", re.IGNORECASE)


def _any_of(phrases: list[str]) -> str:
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in sorted(phrases, key=len, reverse=True))


_SCANNER = re.compile(
    rf"\b(?P<none>{_SOUNDS_LIKE_ONE}|{_any_of(_IDIOMS)}|{_any_of(_BOUNDS)})(?!\w)"
    rf"|\b(?:{_SELDOM}|{_any_of(_WORDS)}|{_FORBIDS}|{_INSIDE})(?!\w)|n't\b",
    re.IGNORECASE,
)


def count(text: str, asked: Collection[str]) -> int:
    """Count the negations of a text; those inside words only if they deny what is asked, given as tokens.

    >>> asked = tokens("Is it refundable?")
    >>> count("It is not refundable.", asked), count("It is nonrefundable, and not only here.", asked)
    (1, 1)
    >>> count("A nonexclusive fee, not refundable.", asked)
    1
    """
    plain = _BARS_OF_A_NAME.sub(r"\1", text.replace("’", "'"))
    found = [match for match in _SCANNER.finditer(plain) if match["none"] is None]
    return sum(not match["inside"] or alike(match["non"] or match["anti"] or match["un"], asked) for match in found)


def alike(word: str, asked: Iterable[str]) -> bool:
    """Tell whether a word is a form of one that is asked for, given as tokens.

    >>> alike("capped", ["cap"]), alike("exclusive", ["refund"])
    (True, False)
    """
    pairs = [(one, other) for one in tokens(word) for other in asked if min(len(one), len(other)) >= _LEAST_ALIKE]
    return any(one.startswith(other) or other.startswith(one) for one, other in pairs)
