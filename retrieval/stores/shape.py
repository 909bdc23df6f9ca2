"""The shapes of a FAISS index: which one suits how many vectors, how it is built, and how hard it looks.

``flat`` compares with every vector; ``hnsw`` walks a graph of near neighbours; ``ivf`` looks into the nearest of many
lists, and takes next to no memory beside the vectors. Vectors are normalised, so the inner product is the cosine.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any, Literal

import faiss
import numpy as np
import numpy.typing as npt

from retrieval.embedders.base import Vector, Vectors

Kind = Literal["flat", "hnsw", "ivf"]
FLAT_UP_TO, HNSW_UP_TO = 50_000, 4_000_000
M, EF_CONSTRUCTION = 32, 80
MIN_EF, MAX_EF = 128, 4096
BATCH = 20_000
PROBED, MIN_PROBED = 1 / 32, 16  # of the lists of an IVF index
TRAINED_ON, ROUNDS = 40, 8  # vectors a list, and how often the lists' centres are moved


def kind_for(num: int) -> Kind:
    """Choose the shape for so many vectors.

    >>> kind_for(1000), kind_for(1_000_000), kind_for(10_000_000)
    ('flat', 'hnsw', 'ivf')
    """
    if num <= FLAT_UP_TO:
        return "flat"
    return "hnsw" if num <= HNSW_UP_TO else "ivf"


def build(kind: Kind, vectors: Vectors, progress: Callable[[int], None] = lambda num: None) -> Any:
    """Build an index whose row i is ``vectors[i]``; ``progress`` hears how many are in."""
    num, dimension = vectors.shape
    match kind:
        case "flat":
            index = faiss.IndexFlatIP(dimension)
        case "hnsw":
            index = faiss.IndexHNSWFlat(dimension, M, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = EF_CONSTRUCTION
        case "ivf":
            index = _trained(vectors)
    for start in range(0, num, BATCH):
        index.add(np.ascontiguousarray(vectors[start : start + BATCH]))
        progress(index.ntotal)
    return index


def vectors_of(index: Any) -> Vectors | None:
    """Give the vectors that a flat or HNSW index holds, without copying them; valid as long as the index is."""
    inner = faiss.downcast_index(getattr(index, "storage", index))
    if not isinstance(inner, faiss.IndexFlat) or not inner.ntotal:
        return None
    view: Vectors = faiss.rev_swig_ptr(inner.get_xb(), inner.ntotal * inner.d).reshape(inner.ntotal, inner.d)
    return view


def cosines_of(vectors: Vectors, vector: Vector) -> npt.NDArray[np.float32]:
    """Compare a vector with each row of an array, on this thread alone.

    numpy would share the work out among threads, which takes longest just when others want the cores.

    >>> cosines_of(np.eye(2, dtype=np.float32), np.float32([0.5, 0.25])).tolist()
    [0.5, 0.25]
    """
    cosines = np.empty(len(vectors), np.float32)
    if len(vectors):
        target, query, rows = (faiss.swig_ptr(array) for array in (cosines, np.ascontiguousarray(vector), vectors))
        faiss.fvec_inner_products_ny(target, query, rows, vectors.shape[1], len(vectors))
    return cosines


def nearest(
    index: Any, vector: Vector, k: int, mask: npt.NDArray[np.uint8] | None, share: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Search an HNSW or IVF index: rows and cosines, best first, at most ``k``.

    ``mask`` has a bit for each row that counts (the lowest first), a ``share`` of all; None means all rows.
    The rarer they are, the further it looks: only that share of what it meets can be among the results.
    """
    selector = None if mask is None else faiss.IDSelectorBitmap(mask)
    if isinstance(index, faiss.IndexIVF):
        probed = index.nlist * min(1.0, PROBED / sqrt(share))
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=min(index.nlist, max(MIN_PROBED, round(probed))))
    else:
        parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=round(min(max(MIN_EF, 2 * k) / share, MAX_EF)))
    cosines, rows = index.search(vector[np.newaxis], k, params=parameters)
    found = rows[0] >= 0
    return rows[0][found], cosines[0][found]


def all_of(
    index: Any, vector: Vector, mask: npt.NDArray[np.uint8], k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Compare with every row of ``mask`` in an IVF index, whose vectors do not lie in the order of their rows."""
    parameters = faiss.SearchParametersIVF(sel=faiss.IDSelectorBitmap(mask), nprobe=index.nlist)
    cosines, rows = index.search(vector[np.newaxis], k, params=parameters)
    found = rows[0] >= 0
    return rows[0][found], cosines[0][found]


def _trained(vectors: Vectors) -> Any:
    num, dimension = vectors.shape
    num_lists = max(1, min(round(2 * sqrt(num)), num // TRAINED_ON))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimension), dimension, num_lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = ROUNDS
    chosen = np.random.default_rng(0).permutation(num)[: TRAINED_ON * num_lists]
    index.train(np.ascontiguousarray(vectors[np.sort(chosen)]) if num else np.zeros((1, dimension), np.float32))
    return index
