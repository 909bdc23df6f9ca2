"""The formula of BM25, and how a word's count in a passage is read back from the score the index gave it.

``score = idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean))``, ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))``
(Robertson and Zaragoza 2009, with the idf of Lucene, which is never negative). The index computes the same with numbers of
all its passages, and with lengths rounded down to the values below; the difference is taken out here.
"""

import numpy as np
import numpy.typing as npt

K1, B = 1.2, 0.75  # term saturation and length normalisation: the usual values, and those built into the index

Floats = npt.NDArray[np.float64]


def idf(num_passages: float, frequency: float) -> float:
    """Weigh a word that ``frequency`` of ``num_passages`` hold.

    >>> round(idf(100, 1), 3), round(idf(100, 100), 3)
    (4.21, 0.005)
    """
    return float(np.log1p((num_passages - frequency + 0.5) / (frequency + 0.5)))


def saturate(counts: Floats, lengths: Floats, means: Floats) -> Floats:
    """Turn a word's counts in passages into its part of their scores, before idf."""
    return np.asarray(counts * (K1 + 1) / (counts + _norm(lengths, means)))


def counts_from(scores: Floats, lengths: Floats, mean: float, weight: float) -> Floats:
    """Read a word's counts back from the scores ``weight * saturate(...)`` that the index gave, at its rounded lengths."""
    norms = _norm(_rounded(lengths), np.float64(mean))
    most = weight * (K1 + 1)
    counts = np.rint(norms * scores / np.maximum(most - scores, 1e-9))
    return np.asarray(np.clip(counts, 1, np.maximum(lengths, 1)))


def _norm(lengths: Floats, means: Floats | np.float64) -> Floats:
    return np.asarray(K1 * (1 - B + B * lengths / means))


def _rounded(lengths: Floats) -> Floats:
    """Round lengths down as the index does, which keeps each in a byte."""
    return np.asarray(KEPT_LENGTHS[np.searchsorted(KEPT_LENGTHS, lengths, side="right") - 1])


def _kept_length(byte: int) -> int:
    """Give the length that a byte stands for: itself up to 40, then four significant bits (Lucene's SmallFloat).

    >>> [_kept_length(byte) for byte in (0, 39, 40, 41, 48, 56, 57)]
    [0, 39, 40, 42, 56, 88, 96]
    """
    if byte < 24:
        return byte
    bits, shift = (byte - 24) & 7, ((byte - 24) >> 3) - 1
    return 24 + (bits if shift < 0 else (bits | 8) << shift)


KEPT_LENGTHS = np.array([_kept_length(byte) for byte in range(256)], dtype=np.float64)
