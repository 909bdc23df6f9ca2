"""How far an index must look, measured on itself when it is built: the least effort that finds nearly all of the nearest.

Questions are made of random passages, moved so far off that their cosine with them is 0.6; about as far as a real question
is from its answer. What they should find is found by comparing with every vector.
"""

from typing import Any

import faiss
import numpy as np

from retrieval.embedders.base import Vectors
from retrieval.stores.shape import Kind, Look, cosines_of, nearest_exactly

NUM_QUESTIONS, K = 100, 10
CLOSE = 0.6
RECALL = 0.985
LEAST = {"hnsw": 128, "ivf": 16}
MOST = {"hnsw": 1024, "ivf": 512}


def measure(kind: Kind, index: Any, vectors: Vectors) -> int:
    """Give the nodes or lists to look at for a recall of RECALL at 10, in steps of two, or the most that is sensible."""
    if kind == "flat" or not len(vectors):
        return 0
    asked = _questions(vectors)
    wanted = [_best(cosines_of(vectors, question)) for question in asked]
    effort = LEAST[kind]
    most = min(MOST[kind], index.nlist) if isinstance(index, faiss.IndexIVF) else MOST[kind]
    while effort < most:
        found = (set(nearest_exactly(index, vectors, question, Look(K, effort))[0].tolist()) for question in asked)
        if np.mean([len(rows & best) / len(best) for rows, best in zip(found, wanted, strict=True)]) >= RECALL:
            break
        effort *= 2
    return min(effort, most)


def _questions(vectors: Vectors) -> Vectors:
    generator = np.random.default_rng(0)
    near = vectors[np.sort(generator.choice(len(vectors), min(NUM_QUESTIONS, len(vectors)), replace=False))]
    away = generator.standard_normal(near.shape, dtype=np.float32)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    moved = CLOSE * near + np.float32(1 - CLOSE**2) ** np.float32(0.5) * away
    questions: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return questions


def _best(cosines: Any) -> set[int]:
    return set(np.argsort(-cosines)[:K].tolist()) if len(cosines) <= K else set(np.argpartition(-cosines, K)[:K].tolist())
