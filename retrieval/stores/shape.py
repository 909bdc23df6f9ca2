"""The shapes of a FAISS index: which one suits how many vectors, how it is built, and how it is searched.

``flat`` compares with every vector. ``hnsw`` walks a graph of near neighbours. ``ivf`` looks into the nearest of many lists,
of vectors in a byte a dimension, and compares what it finds with the vectors themselves, which lie beside it. How far to
look is measured when an index is built (retrieval/stores/effort.py). Vectors are normalised, so the inner product is the
cosine.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, Literal

import faiss
import numpy as np
import numpy.typing as npt

from retrieval.embedders.base import Vector, Vectors

Kind = Literal["flat", "hnsw", "ivf"]
Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]  # rows and their cosines
# In a million clustered vectors the walk does not find its way from topic to topic: recall 0.87 in 0.34 ms, 0.95 in 1.1 ms,
# after 220 s of building; the lists have 1.00 in 0.5 ms after 33 s. In 200,000 both find all.
FLAT_UP_TO, HNSW_UP_TO = 50_000, 200_000
M, EF_CONSTRUCTION = 32, 80
MAX_EF = 4096
NEAREST_LISTS = 8  # that tell whether a scope is about what the question is about
BATCH = 20_000
TRAINED_ON, ROUNDS = 40, 8  # vectors a list, and how often the lists' centres are moved
AGAIN = 4  # times as many as wanted are compared with the vectors themselves


@dataclass(frozen=True, slots=True)
class Look:
    """How to search: for at most ``k`` rows, looking at ``effort`` nodes of a graph, or lists.

    ``mask`` has a bit for each of the ``num`` rows that count (the lowest first); None means all rows. The rarer they are,
    the further an index looks: only that share of what it meets can be among the results.
    """

    k: int
    effort: int
    mask: npt.NDArray[np.uint8] | None = None
    num: int = 0


def kind_for(num: int) -> Kind:
    """Choose the shape for so many vectors.

    >>> kind_for(1000), kind_for(100_000), kind_for(1_000_000)
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


def nearest(index: Any, vector: Vector, look: Look) -> Found:
    """Search an index by what it holds: rows and cosines (nearly, for ``ivf``), best first."""
    faiss.omp_set_num_threads(1)  # of this thread: where others want the cores, sharing out one search takes ten times as long
    if isinstance(index, faiss.IndexHNSW):
        return _walked(index, vector, look)
    selector = None if look.mask is None else faiss.IDSelectorBitmap(look.mask)
    if isinstance(index, faiss.IndexIVF):
        share = 1.0 if look.mask is None else look.num / index.ntotal
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=min(index.nlist, round(look.effort / share**0.75)))
    else:
        parameters = faiss.SearchParameters(sel=selector)
    cosines, rows = index.search(vector[np.newaxis], look.k, params=parameters)
    found = rows[0] >= 0
    return rows[0][found], cosines[0][found]


def finds_its_way(index: Any, vector: Vector, look: Look) -> bool:
    """Tell whether a search under the mask would meet the nearest of the rows that count; else compare with all of these.

    Lists follow what the vectors are about: where the nearest hold far fewer rows that count than their share, the scope is
    about something else, and nothing tells in which of the other lists, all about as far, its nearest rows are. A graph
    tells by giving fewer rows than are wanted.
    """
    if look.mask is None or not isinstance(index, faiss.IndexIVF):
        return True
    _, lists = index.quantizer.search(vector[np.newaxis], min(look.effort, NEAREST_LISTS, index.nlist))
    rows = np.concatenate([_rows_in(index, int(number)) for number in lists[0] if number >= 0])
    num_held = np.count_nonzero(_counted(look.mask, rows))
    return bool(num_held >= 0.75 * look.num / index.ntotal * len(rows))


def nearest_exactly(index: Any, vectors: Vectors, vector: Vector, look: Look) -> Found:
    """Search as :func:`nearest` does, and give the true cosines with ``vectors``, and the order they make."""
    if not isinstance(index, faiss.IndexIVF):
        return nearest(index, vector, look)
    rows, _ = nearest(index, vector, replace(look, k=min(AGAIN * look.k, index.ntotal)))
    cosines = cosines_of(vectors[rows], vector)
    order = np.argsort(-cosines, kind="stable")[: look.k]
    return rows[order], cosines[order]


def _walked(index: Any, vector: Vector, look: Look) -> Found:
    """Walk a graph as if all rows counted, and leave out those that do not; fewer than wanted where few that count are near.

    A walk whose results may only be rows that count would end at some of them that are far, or at none.
    """
    share = 1.0 if look.mask is None else look.num / index.ntotal
    num_nodes = round(min(max(look.effort, 2 * look.k) / share, MAX_EF))
    num_asked = look.k if look.mask is None else max(look.k, num_nodes * 3 // 4)  # the last that a walk meets it meets by chance
    cosines, rows = index.search(vector[np.newaxis], num_asked, params=faiss.SearchParametersHNSW(efSearch=num_nodes))
    counts = rows[0] >= 0
    if look.mask is not None:
        counts &= _counted(look.mask, rows[0])
    return rows[0][counts][: look.k], cosines[0][counts][: look.k]


def _counted(mask: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    counted: npt.NDArray[np.bool_] = mask[rows >> 3] >> (rows & 7).astype(np.uint8) & 1 == 1
    return counted


def _rows_in(index: Any, number: int) -> npt.NDArray[np.int64]:
    num = index.invlists.list_size(number)
    rows: npt.NDArray[np.int64] = faiss.rev_swig_ptr(index.invlists.get_ids(number), num) if num else np.empty(0, np.int64)
    return rows


def _trained(vectors: Vectors) -> Any:
    num, dimension = vectors.shape
    num_lists = max(1, min(round(2 * sqrt(num)), num // TRAINED_ON))
    centres = faiss.IndexFlatIP(dimension)
    by_residual = False
    index = faiss.IndexIVFScalarQuantizer(
        centres, dimension, num_lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, by_residual
    )
    index.cp.niter, index.cp.spherical = ROUNDS, True
    chosen = np.random.default_rng(0).permutation(num)[: TRAINED_ON * num_lists]
    index.train(np.ascontiguousarray(vectors[np.sort(chosen)]) if num else np.zeros((1, dimension), np.float32))
    return index
