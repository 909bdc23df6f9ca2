"""Cut a parsed document into chunks that follow its structure and fit the embedder's window.

A chunk is a range of the text to the letter; chunks are in order, do not overlap, and together hold every visible character
of all elements but headers and footers. What gets embedded is :func:`embedding_text`: title and heading path before the text;
it never exceeds the window, measured with the embedder's own tokenizer, so nothing is cut off silently. Linear in the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from uuid import UUID

from core.errors import ModelError
from core.types import Chunk, ParsedDocument, chunk_id, pages_of
from ingest.packing import Weighed, pack
from ingest.pieces import WORD, Piece, halves, pieces_of
from retrieval.embedders.base import Embedder

MAX_TITLE_CHARS = 80
MAX_PATH_CHARS = 120
_BATCH = 4096  # texts tokenised at once, to bound memory

Path = tuple[str, ...]


def embedding_text(title: str, heading_path: Sequence[str], text: str) -> str:
    """Put what a passage belongs to before it: title, then the innermost headings, each cut to a bounded length.

    >>> embedding_text("Lease", ["ARTICLE 5", "5.2 Term"], "Two years.")
    'Lease\\nARTICLE 5 > 5.2 Term\\nTwo years.'
    """
    kept: list[str] = []
    for heading in reversed(heading_path):
        if kept and sum(map(len, kept)) + len(heading) > MAX_PATH_CHARS:
            break
        kept.insert(0, heading[:MAX_PATH_CHARS])
    return "\n".join(filter(None, (title[:MAX_TITLE_CHARS].strip(), " > ".join(kept), text)))


def chunk(parsed: ParsedDocument, document_id: UUID, content_hash: str, embedder: Embedder) -> list[Chunk]:
    """Cut ``parsed`` into chunks in text order.

    Raises ModelError where the embedder's window cannot hold even one character beside the title.
    """
    cut = _Cut(parsed, embedder)
    passages = [_passage(run) for run in pack(cut.weigh(list(pieces_of(parsed))))]
    return [
        Chunk(
            chunk_id(document_id, content_hash, p.start, p.end),
            document_id,
            p.start,
            p.end,
            parsed.text[p.start : p.end],
            *pages_of(p.start, p.end, parsed.pages),
            p.path,
        )
        for p in cut.verified(passages)
    ]


@dataclass(frozen=True, slots=True)
class _Passage:
    start: int
    end: int
    path: Path


def _passage(run: Sequence[Weighed]) -> _Passage:
    """Make a passage of a run of pieces; its path is the headings that enclose all of its body."""
    paths = [part.piece.path for part in run if not part.piece.is_heading] or [run[0].piece.path]
    depths = takewhile(lambda same: len(set(same)) == 1, zip(*paths, strict=False))
    return _Passage(run[0].piece.start, run[-1].piece.end, tuple(same[0] for same in depths))


class _Cut:
    """Measures ranges of one document with the embedder's tokenizer and halves what does not fit."""

    def __init__(self, parsed: ParsedDocument, embedder: Embedder) -> None:
        self._title, self._text, self._embedder = parsed.title, parsed.text, embedder
        self._special_tokens = embedder.count_tokens([""])[0]
        self._budgets: dict[Path, int] = {}

    def weigh(self, pieces: Sequence[Piece]) -> list[Weighed]:
        """Count every piece and the gap before it; a piece too long for a chunk of its own is halved until it fits."""
        tokens = self._tokens([self._text[p.start : p.end] for p in pieces])
        with_room = (replace(piece, path=self._with_room(piece.path)) for piece in pieces)
        fitting = [half for piece, n in zip(with_room, tokens, strict=True) for half in self._halved(piece, n)]
        starts = [0, *(piece.end for piece, _ in fitting)]
        gaps = [self._text[end : piece.start].strip() for end, (piece, _) in zip(starts, fitting, strict=False)]
        counted = iter(self._tokens([gap for gap in gaps if gap]))
        return [
            Weighed(piece, n, next(counted) if gap else 0, self._budget(piece.path))
            for (piece, n), gap in zip(fitting, gaps, strict=True)
        ]

    def verified(self, passages: Sequence[_Passage]) -> list[_Passage]:
        """Count whole passages as they will be embedded; a tokenizer for which parts do not add up may need more cuts."""
        counts = self._count([embedding_text(self._title, p.path, self._text[p.start : p.end]) for p in passages])
        if all(n <= self._embedder.window_tokens for n in counts):
            return list(passages)
        halved = (self._in_two(p) if n > self._embedder.window_tokens else [p] for p, n in zip(passages, counts, strict=True))
        return self.verified([p for halves_ in halved for p in halves_])

    def _in_two(self, passage: _Passage) -> list[_Passage]:
        self._refuse_single(passage.start, passage.end)
        return [replace(passage, start=a, end=b) for a, b in halves(self._text, passage.start, passage.end)]

    def _halved(self, piece: Piece, num_tokens: int) -> Iterator[tuple[Piece, int]]:
        if num_tokens <= self._budget(piece.path):
            yield piece, num_tokens
            return
        self._refuse_single(piece.start, piece.end)
        for i, (start, end) in enumerate(halves(self._text, piece.start, piece.end)):
            half = replace(piece, start=start, end=end, strength=WORD if i else piece.strength)
            yield from self._halved(half, self._tokens([self._text[start:end]])[0])

    def _refuse_single(self, start: int, end: int) -> None:
        if end - start < 2:
            window = self._embedder.window_tokens
            raise ModelError(
                f"The embedding model's window of {window} tokens cannot hold a title and a character: use another model."
            )

    def _budget(self, path: Path) -> int:
        """Tokens left for text under a heading path or any beginning of it, which a chunk may end up with."""
        if path not in self._budgets:
            context = self._count([embedding_text(self._title, path, "")])[0]
            own = self._embedder.window_tokens - context
            self._budgets[path] = min(own, self._budget(path[:-1])) if path else own
        return self._budgets[path]

    def _with_room(self, path: Path) -> Path:
        """Drop outer headings until at least half of the window is left for text."""
        while path and 2 * self._budget(path) < self._embedder.window_tokens:
            path = path[1:]
        return path

    def _tokens(self, texts: Sequence[str]) -> list[int]:
        return [n - self._special_tokens for n in self._count(texts)]

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [n for i in range(0, len(texts), _BATCH) for n in self._embedder.count_tokens(texts[i : i + _BATCH])]
