"""How likely it is that the passages hold the answer, as one probability, from what the model says and what can be cited.

Small models say yes too readily, and most of all of a question that is nearly answered: what they then write is true of the
passages and beside the point. So two more signs are weighed. How much of what was asked do the cited sentences speak of; and does
the model say yes again when it is given them alone? The weights are docs/decisions/0021's. ``muniment eval answers --fit`` finds
the threshold below which a question is best refused on your own questions.
"""

import math
import re
from collections.abc import Iterable

from generation.claims import weight_of
from generation.lexemes import is_english, read
from generation.passages import holds, keys_of

BIAS, OF_BEARING, OF_AGAIN = -1.2, 0.6, 0.6  # the model's first yes weighs 1.0
FLOOR = 1e-4  # of a probability: nothing is certain
TYPICAL_BEARING, TYPICAL_YES = 0.5, 0.68  # of cited sentences that answer, taken for what is not known yet
BEST_BEARING, BEST_YES = 0.7, 0.8  # and what may be hoped for before anything is written
PARTLY = 0.5  # is taken off the bearing of sentences that support only a part of what was written
NUMBERLESS = 0.4  # of the bearing is left where a number was asked for, and none stands there

_HOW = r"how (?:many|much|long|often|far|soon|fast|quickly|large|high|old)\b"
_ASKING = re.compile(rf"\b{_HOW}", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    rf"\b{_HOW}|\bwhen\b|\b(?:what|which)\b[^?]*?\b(?:price|amount|fee|rate|percentage|share|cost|number|date|days?|limit|most"
    r"|highest|longest|salary)\b",
    re.IGNORECASE,
)
_NUMBERS = frozenset({"number", "date", "period"})


def confidence(said_yes: float, bearing: float = TYPICAL_BEARING, again: float = TYPICAL_YES) -> float:
    """Give the probability that passages hold the answer, the model having said yes with ``said_yes``, and with ``again`` when
    given the cited sentences alone, which have that ``bearing`` on the question.

    >>> confidence(0.75) > 0.5 > confidence(0.7, 0.2, 0.5), confidence(0.9, 0.3) > 0.5 > confidence(0.6)
    (True, True)
    """
    return 1 / (1 + math.exp(-(BIAS + _logit(said_yes) + OF_BEARING * bearing + OF_AGAIN * _logit(again))))


def hope(said_yes: float) -> float:
    """Give the confidence that an answer may come to, if the model writes one."""
    return confidence(said_yes, BEST_BEARING, BEST_YES)


def bearing(question: str, said: Iterable[str]) -> float:
    """Tell how much of what is asked cited sentences (and the headings over them) speak of, from 0 to 1; names, which say of
    whom, are left out.

    >>> bearing("How much leave may Ann carry over?", ["Leave of 240 hours may be carried over."])
    1.0
    >>> bearing("How much leave may Ann carry over?", ["Leave may be carried over."])
    0.4
    >>> bearing("What does Acme pay its chief executive?", ["Acme is organised under the laws of France."])
    0.0
    """
    text = " ".join(said)
    asked = [lexeme for lexeme in read(_ASKING.sub(" ", question)) if lexeme.kind in {"word", "party", "period"}]
    total = sum(map(weight_of, asked))
    if not total or not (is_english(question) and is_english(text)):
        return TYPICAL_BEARING
    found = read(text)
    held = keys_of(found)
    share = sum(weight_of(one) for one in asked if holds(held, one)) / total
    return share * (NUMBERLESS if _ASKS_NUMBER.search(question) and not any(one.kind in _NUMBERS for one in found) else 1.0)


def _logit(probability: float) -> float:
    bounded = min(max(probability, FLOOR), 1 - FLOOR)
    return math.log(bounded / (1 - bounded))
