"""Negations of an English text, counted: an even number of them affirms what the text speaks of, an odd one denies it.

They are the lexicon's, those that stand inside a word ("nonrefundable", "uncapped"), and what forbids or undoes in contracts
("void", "waives"). What only sounds like one ("not only", "no later than") is none; "nor" goes on with one that came before.
"""

import re

from generation.lexicon import CLASSES

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
    r"if not|not only|no doubt|without (?:regard|reference|giving effect) to|except for the|no\.?\s*\d|non-?profit\w*"
)
_SELDOM = r"hardly(?: ever)?|barely|scarcely|rarely|seldom"
_INSIDE = (
    r"non-?(?!e\b|etheless\b|sense\b)\w{3,}|anti-?(?!cipat|que|dote)\w{3,}"
    r"|un(?!der|ited\b|ified\b)\w+ed|un(?:enforceable|lawful|permitted|available|able)"
)
_FORBIDS = (
    r"prohibit\w*|forbid\w*|bar(?:red|s)|ban(?:s|ned)?|restrict\w*|prevent\w*|preclud\w*|void|invalid|waive[sd]?|exclud\w+"
    r"|disclaim\w*|lack(?:s|ed)?|fail(?:s|ed)?|refus\w+"
)
_BARS_OF_A_NAME = re.compile(r"\b((?:non|anti)-?\w{3,})\s+(?:restriction|prohibition|covenant)s?\b", re.IGNORECASE)


def _any_of(phrases: list[str]) -> str:
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in sorted(phrases, key=len, reverse=True))


_SCANNER = re.compile(
    rf"\b(?P<none>{_SOUNDS_LIKE_ONE}|{_any_of(_IDIOMS)}|{_any_of(_BOUNDS)})(?!\w)"
    rf"|\b(?:{_INSIDE}|{_SELDOM}|{_any_of(_WORDS)}|{_FORBIDS})(?!\w)|n't\b",
    re.IGNORECASE,
)


def count(text: str) -> int:
    """Count the negations of a text.

    >>> count("It is not refundable."), count("It is nonrefundable, and not only here."), count("United States")
    (1, 1, 0)
    """
    plain = _BARS_OF_A_NAME.sub(r"\1", text.replace("’", "'"))
    return sum(match["none"] is None for match in _SCANNER.finditer(plain))
