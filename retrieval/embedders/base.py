"""What an embedder is, and what all embedders share: one query vector from many windows, and a name for the weights.

Every vector is float32 and L2-normalised, so a dot product is a cosine. Nothing is ever cut off silently: a document
text longer than the window is refused, and a long query is embedded piece by piece.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, WeightsError

Vectors = npt.NDArray[np.float32]  # shape (n, dimension)
Vector = npt.NDArray[np.float32]  # shape (dimension,)
HASH_CHARS = 12


class Embedder(Protocol):
    """Texts to vectors. ``model_id`` names the weights: vectors of different ids must never meet in one index."""

    model_id: str
    dimension: int
    window_tokens: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens as :meth:`embed_documents` will see it, special tokens included."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n, dimension), rows L2-normalised, in the order given.

        Raises InvalidInput for a text of more than ``window_tokens`` tokens.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n, dimension), L2-normalised, in order; a query longer than the window is the mean of its pieces."""
        ...


def check_lengths(lengths: Sequence[int], window_tokens: int) -> None:
    """Raise InvalidInput if a text is longer than the window, rather than let a model cut it off."""
    for i, length in enumerate(lengths):
        if length > window_tokens:
            raise InvalidInput(
                f"Text {i + 1} of {len(lengths)} has {length} tokens, but the embedding model reads {window_tokens}:"
                " split it into smaller chunks."
            )


def embed_pieces(texts: Sequence[str], fits: Callable[[str], bool], embed: Callable[[list[str]], Vectors]) -> Vectors:
    """Embed texts of any length, all their pieces at once: (n, dimension), each row the mean of its text's pieces."""
    pieces = [split_to_fit(text, fits) for text in texts]
    vectors = embed([piece for of_text in pieces for piece in of_text])
    ends = np.cumsum([len(of_text) for of_text in pieces], dtype=np.intp)
    rows = [mean_direction(vectors[end - len(of_text) : end]) for of_text, end in zip(pieces, ends, strict=True)]
    return np.array(rows, dtype=np.float32).reshape(len(texts), vectors.shape[1])


def split_to_fit(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Halve a text, at the space nearest to its middle, until each piece fits; no character but that space is lost.

    >>> split_to_fit("one two three four", lambda piece: len(piece) <= 8)
    ['one two', 'three', 'four']
    """
    if len(text) <= 1 or fits(text):
        return [text]
    middle = len(text) // 2
    left, right = text.rfind(" ", 1, middle), text.find(" ", middle, len(text) - 1)
    spaces = [space for space in (left, right) if space > 0]
    cut = min(spaces, key=lambda space: abs(space - middle), default=middle)
    after = cut + 1 if spaces else cut
    return split_to_fit(text[:cut], fits) + split_to_fit(text[after:], fits)


def mean_direction(vectors: Vectors) -> Vector:
    """Average unit vectors and normalise again; the first vector where they cancel out.

    >>> mean_direction(np.array([[1, 0], [0, 1]], np.float32)).round(3).tolist()
    [0.7070000171661377, 0.7070000171661377]
    """
    mean = vectors.mean(axis=0)
    norm = float(np.linalg.norm(mean))
    return np.asarray(mean / norm if norm > 1e-6 else vectors[0], dtype=np.float32)


def weights_id(name: str, folder: Path) -> str:
    """Name weights as ``NAME@`` and the first hex digits of their sha256, the same whichever engine runs them.

    Raises WeightsError if the folder holds no weights.
    """
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise WeightsError(
            f"There is no .safetensors or pytorch_model.bin file in {folder}; give the folder of a sentence-transformers model."
        )
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return f"{name}@{digest.hexdigest()[:HASH_CHARS]}"
