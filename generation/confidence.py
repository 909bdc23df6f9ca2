"""How likely it is that the passages hold the answer: one number from what was found and from what the model says of it.

A logistic regression over three signals, none of which knows a corpus: the model's own probability of Yes, how much of the
question's weight the best sentence covers, and how near the nearest passage is by its vector, where search has compared
that. docs/decisions/0005 tells what it was fitted on and what it reached; ``muniment eval answers --fit`` fits the threshold
below which a question is refused.
"""

import math
from collections.abc import Collection, Iterable

from core.types import Hit
from generation.sources import Decisive

BIAS, SAID_YES, COVERAGE, SIMILARITY = -0.4, 1.0, 0.0, 0.0
FLOOR = 1e-4  # of a probability: no single signal may decide alone
NOT_COMPARED = 0.5  # the similarity that says nothing either way


def confidence(said_yes: float, found: Collection[Decisive], hits: Iterable[Hit] = ()) -> float:
    """Give the probability that passages hold the answer, the model having said yes with ``said_yes``.

    >>> confidence(0.99, []) > 0.9 > 0.1 > confidence(0.01, [])
    True
    """
    said = min(max(said_yes, FLOOR), 1 - FLOOR)
    coverage = max((one.coverage for one in found), default=0.0)
    similarity = max((stage.score for hit in hits for stage in hit.stages if stage.name == "dense"), default=NOT_COMPARED)
    logit = BIAS + SAID_YES * math.log(said / (1 - said)) + COVERAGE * coverage + SIMILARITY * similarity
    return 1 / (1 + math.exp(-logit))
