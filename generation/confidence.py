"""How likely it is that the passages hold the answer, as one probability, from what the model says and what can be cited.

Small models say yes too readily, and of a question that is nearly answered most of all; what they then write is true of the
passages and beside the point. So a second sign is weighed: how much of what was asked the cited sentences speak of. The weights
are of a logistic regression; docs/decisions/0021 tells on what. ``muniment eval answers --fit`` finds the threshold below which
a question is best refused on your own questions.
"""

import math
import re
from collections.abc import Iterable

from generation.claims import weight_of
from generation.lexemes import is_english, read
from generation.lexicon import SYNONYMS
from generation.passages import keys_of

BIAS, OF_YES, OF_BEARING = -2.7, 1.5, 3.0
TYPICAL = 0.6  # bearing of what answers; taken where words cannot be compared, in other languages than English
BEST = 0.8  # and the most that may be hoped for before anything is written
FLOOR = 1e-4  # of a probability: nothing is certain
_ASKING = re.compile(r"\bhow (?:long|many|much|often|far|soon|fast|quickly|large|high|old)\b", re.IGNORECASE)


def confidence(said_yes: float, bearing: float = BEST) -> float:
    """Give the probability that passages hold the answer, the model having said yes with ``said_yes``, and what it then wrote
    resting on sentences of that ``bearing`` on the question.

    >>> confidence(0.75, 0.5) > 0.5 > confidence(0.75, 0.3), confidence(0.9, 0.3) > 0.5 > confidence(0.4)
    (True, True)
    """
    said = min(max(said_yes, FLOOR), 1 - FLOOR)
    return 1 / (1 + math.exp(-(BIAS + OF_YES * math.log(said / (1 - said)) + OF_BEARING * bearing)))


def bearing(question: str, quotes: Iterable[str]) -> float:
    """Tell how much of what is asked quotes (and the headings over them) speak of, from 0 to 1; names, which say of whom, are
    left out.

    >>> bearing("How much leave may Ann carry over?", ["Leave of 240 hours may be carried over."])
    1.0
    >>> bearing("What does Acme pay its chief executive?", ["Acme is organised under the laws of France."])
    0.0
    """
    said = " ".join(quotes)
    asked = [lexeme for lexeme in read(_ASKING.sub(" ", question)) if lexeme.kind in {"word", "party", "period"}]
    total = sum(map(weight_of, asked))
    if not total or not (is_english(question) and is_english(said)):
        return TYPICAL
    held = keys_of(read(said))
    return sum(weight_of(one) for one in asked if not held.isdisjoint({one.key, one.stem, *SYNONYMS.get(one.stem, ())})) / total
