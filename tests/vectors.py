"""Made-up vectors that cluster as real ones do: passages of a document have a cosine of 0.7, those of a topic 0.5."""

from collections.abc import Iterator
from math import sqrt

import numpy as np

from retrieval.embedders.base import Vectors

PER_DOCUMENT, DOCUMENTS_PER_TOPIC = 20, 50
TOPIC, DOCUMENT, PASSAGE = 0.5, 0.2, 0.3  # shares of a vector's squared length


def clustered(num: int, dimension: int, seed: int = 0) -> Vectors:
    """Make ``num`` unit vectors, those of one document side by side."""
    return np.concatenate([*blocks(num, dimension, seed), np.empty((0, dimension), np.float32)])


def blocks(num: int, dimension: int, seed: int = 0) -> Iterator[Vectors]:
    """Make the vectors of :func:`clustered` a topic at a time, each topic the same whatever ``num`` is."""
    for start in range(0, num, PER_DOCUMENT * DOCUMENTS_PER_TOPIC):
        generator = np.random.default_rng((seed, start))
        yield _topic(generator, dimension)[: num - start]


def questions(vectors: Vectors, num: int, seed: int = 1) -> Vectors:
    """Make unit vectors that have a cosine of about 0.8 with a random one of ``vectors`` each."""
    generator = np.random.default_rng(seed)
    chosen = np.asarray(vectors[np.sort(generator.choice(len(vectors), num))])
    return _normalised(0.8 * chosen + 0.6 * _directions(generator, num, vectors.shape[1]))


def _topic(generator: np.random.Generator, dimension: int) -> Vectors:
    topic = _directions(generator, 1, dimension)
    documents = np.repeat(_directions(generator, DOCUMENTS_PER_TOPIC, dimension), PER_DOCUMENT, axis=0)
    passages = _directions(generator, PER_DOCUMENT * DOCUMENTS_PER_TOPIC, dimension)
    return _normalised(sqrt(TOPIC) * topic + sqrt(DOCUMENT) * documents + sqrt(PASSAGE) * passages)


def _directions(generator: np.random.Generator, num: int, dimension: int) -> Vectors:
    return _normalised(generator.standard_normal((num, dimension), dtype=np.float32))


def _normalised(vectors: Vectors) -> Vectors:
    normalised: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normalised
