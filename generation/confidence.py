"""How likely it is that the passages hold the answer: one number from what was found and from what the model says of it.

A logistic regression over three signals, none of which knows a corpus: the model's own probability of Yes, how much of the
question's weight the best sentence covers, and how near it is in meaning. docs/decisions/0005 tells what it was fitted on
and what it reached; ``muniment eval answers --fit`` fits the threshold below which a question is refused.
"""

import math
from collections.abc import Collection

from generation.sources import Decisive

BIAS, SAID_YES, COVERAGE, SIMILARITY = -0.4, 1.0, 0.0, 0.0
FLOOR = 1e-4  # of a probability: no single signal may decide alone
NO_EMBEDDER = 0.5  # the similarity that says nothing either way


def confidence(said_yes: float, findings: Collection[Decisive]) -> float:
    """Give the probability that passages with these findings hold the answer, the model having said yes with ``said_yes``.

    >>> confidence(0.99, []) > 0.9 > 0.1 > confidence(0.01, [])
    True
    """
    said = min(max(said_yes, FLOOR), 1 - FLOOR)
    coverage = max((finding.coverage for finding in findings), default=0.0)
    known = [finding.similarity for finding in findings if finding.similarity is not None]
    similarity = max(known, default=NO_EMBEDDER)
    logit = BIAS + SAID_YES * math.log(said / (1 - said)) + COVERAGE * coverage + SIMILARITY * similarity
    return 1 / (1 + math.exp(-logit))
