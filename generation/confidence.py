"""How likely it is that the passages hold the answer, as one probability, from what the model says of it.

Small models say yes too readily, so the odds they give are lowered by a constant; docs/decisions/0005 tells on what it was
chosen. ``muniment eval answers --fit`` finds the threshold below which a question is best refused on your own questions.
"""

import math

BIAS = -0.6  # on the logit of the yes: at even odds after it the model has said yes with 0.65
FLOOR = 1e-4  # of a probability: nothing is certain


def confidence(said_yes: float) -> float:
    """Give the probability that passages hold the answer, the model having said yes with ``said_yes``.

    >>> round(confidence(0.6), 2), confidence(0.99) > 0.9 > 0.1 > confidence(0.01)
    (0.5, True)
    """
    said = min(max(said_yes, FLOOR), 1 - FLOOR)
    return 1 / (1 + math.exp(-(BIAS + math.log(said / (1 - said)))))
