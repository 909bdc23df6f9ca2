"""Which documents a question names, and what it asks once they are named.

Contracts look alike, and the right clause of the wrong contract is the worst answer: a question that names the parties
first chooses documents, then passages inside them. The names were drawn from each document when it came in
(ingest/describe.py) and stand in ``document_names``, one row a word. Read inside the asker's scope, like everything else.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from uuid import UUID

from core.access import AccessScope
from core.db.pool import Connection
from retrieval import mentions
from retrieval.stores import documents

COVERED = 0.75  # least share of a name's weight that must be in the question
RIVAL = 0.9  # a document whose score comes so near to the best one's is meant as well
KIND_WEIGHT = 0.3  # of a word of a document's kind, title or year: it tells two contracts of the same parties apart
MAX_DOCUMENTS = 5
MAX_COUNTED = 10_000  # documents; how rare a name is among more makes no difference
MAX_GAP_WORDS = 2  # unknown words, written large, that may stand between two words of a name
KNOWN = 0.5  # of a mentioned name's words a document that bears it holds at least this share: names are misspelt
COMMON = 0.1  # a name of whose words each is borne by more than this share of the documents tells nothing apart

# Words of company names that name no company, and words that join names.
FORMS = frozenset(
    """inc incorporated llc ltd limited corp corporation company co gmbh ag kg se sa sl sas plc llp lp nv bv pty trust fund
    aktiengesellschaft dba form""".split()  # noqa: SIM905
)
# Words that stand beside names in the head of a contract, and in every other contract.
USUAL = frozenset(
    """agreement contract lease amendment whereas exhibit effective date execution copy version now therefore witnesseth recitals
    section article parties party this that which is services consultant distributor licensor licensee supplier seller buyer
    customer reseller investor sponsor delaware nevada new york california state states united america january february march
    april may june july august september october november december""".split()  # noqa: SIM905
)
JOINING = frozenset("the of and a an between among by with for to in as at d b und der die das zwischen y de la el entre".split())  # noqa: SIM905

_WORD = re.compile(r"[^\W_]+(?:[&'’][^\W_]+)*")
_END = re.compile(r"[;?!:]")
_SENTENCE = re.compile(r"(?<=[;?!:.])\s+")


@dataclass(frozen=True, slots=True)
class Named:
    """The documents a question names, best first, and the question without the naming; ``rest`` is the question if none.

    ``unknown`` are names it mentions that none of the documents bears; their words may stand in documents all the same.
    """

    documents: tuple[UUID, ...]
    rest: str
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    document_id: UUID
    names: tuple[frozenset[str], ...]
    kind: frozenset[str]

    @property
    def words(self) -> frozenset[str]:
        return frozenset[str]().union(*self.names)


def words_of(text: str) -> list[str]:
    """Split a text into words to compare names by, in order.

    >>> words_of("T&B Seminars, Inc. (the “Seller”)")
    ['t&b', 'seminars', 'inc', 'the', 'seller']
    """
    return [word.group().casefold() for word in _WORD.finditer(text)]


def naming_words(name: str) -> frozenset[str]:
    """Keep of a name's words those that tell it from others.

    >>> sorted(naming_words("The Hertz Group Realty Trust, Inc."))
    ['group', 'hertz', 'realty']
    """
    return frozenset(words_of(name)) - FORMS - JOINING - USUAL


def find(connection: Connection, question: str, scope: AccessScope, among: Collection[UUID] | None = None) -> Named:
    """Find what the question names among the documents of the scope; of ``among`` only, where given."""
    asked = frozenset(words_of(question))
    rows = documents.named_by(connection, asked - FORMS - JOINING, scope)
    candidates = [_candidate(row) for row in rows if among is None or row["document_id"] in among]
    unknown = unknown_names(question, candidates)
    if not candidates:
        return Named((), question, unknown)
    named = _choose(question, asked, candidates, documents.count(connection, scope, limit=MAX_COUNTED))
    return replace(named, unknown=unknown)


def unknown_names(question: str, candidates: Sequence[_Candidate] = ()) -> tuple[str, ...]:
    """Give the names that the question mentions and of which no document bears half the words that tell."""
    borne = [candidate.words | candidate.kind for candidate in candidates]
    mentioned = {name: mentioned_words(name) for name in mentions.mentioned(question)}
    return tuple(n for n, words in mentioned.items() if words and all(len(words & b) < KNOWN * len(words) for b in borne))


def mentioned_words(name: str) -> frozenset[str]:
    """Keep of a name that a question mentions the words to look for; none if it says no more than what kind of document it is.

    >>> sorted(mentioned_words("Initech License Agreement")), mentioned_words("Company"), mentioned_words("2020")
    (['initech'], frozenset(), frozenset())
    """
    words = naming_words(name) - mentions.KINDS
    return frozenset() if all(map(str.isdigit, words)) else words


def _choose(question: str, asked: frozenset[str], candidates: Sequence[_Candidate], num_documents: int) -> Named:
    """Choose the documents meant, out of those that a word of the question names."""
    counts = Counter(word for c in candidates for word in c.words)
    weights = {word: math.log(1 + (num_documents - n + 0.5) / (n + 0.5)) for word, n in counts.items() if n <= num_documents}
    common = {word for word, n in counts.items() if n > max(COMMON * num_documents, MAX_DOCUMENTS)}
    scored = [(_score(c, asked, weights), c) for c in candidates if _is_named(c, asked, weights, common)]
    scored.sort(key=lambda pair: (-pair[0], str(pair[1].document_id)))
    meant = [c for score, c in scored if score >= RIVAL * scored[0][0]][:MAX_DOCUMENTS]
    if not meant:
        return Named((), question)
    strong = frozenset[str]().union(*(c.words for c in meant))
    return Named(tuple(c.document_id for c in meant), without(question, strong, strong.union(*(c.kind for c in meant))))


def without(question: str, strong: frozenset[str], weak: frozenset[str]) -> str:
    """Take out of a question the runs of words that name a document, and what is left of a sentence that did only that.

    A run holds at least one ``strong`` word, a name's; ``weak`` words and those that join names may be part of it.

    >>> names = frozenset(["hertz", "realty"])
    >>> question = "Consider the License Agreement between Hertz and Realty Inc.; Who may assign it?"
    >>> without(question, names, names | {"license", "agreement"})
    'Who may assign it?'
    """
    words = list(_WORD.finditer(question))
    kept, position = [], 0
    for start, end in _runs(question, words, strong, weak):
        kept.append(question[position:start])
        position = end
    kept.append(question[position:])
    sentences = _SENTENCE.split(" ".join(kept))
    telling = [s for s in sentences if len(frozenset(words_of(s)) - JOINING - FORMS) >= 2]
    return " ".join(" ".join(telling).split()).strip(" ;,.") or question


def _runs(
    question: str, words: Sequence[re.Match[str]], strong: frozenset[str], weak: frozenset[str]
) -> Iterable[tuple[int, int]]:
    i = 0
    while i < len(words):
        if words[i].group().casefold() not in strong | weak:
            i += 1
            continue
        last = _last_of_run(question, words, i, strong | weak)
        if any(word.group().casefold() in strong for word in words[i : last + 1]):
            first = i
            while (
                first > 0 and _joins(words[first - 1]) and not _END.search(question, words[first - 1].end(), words[first].start())
            ):
                first -= 1
            yield words[first].start(), words[last].end()
        i = last + 1


def _last_of_run(question: str, words: Sequence[re.Match[str]], first: int, known: frozenset[str]) -> int:
    last, unknown = first, 0
    for i in range(first + 1, len(words)):
        if _END.search(question, words[i - 1].end(), words[i].start()):
            break
        if words[i].group().casefold() in known:
            last, unknown = i, 0
        elif not _joins(words[i]):
            unknown += 1
            if unknown > MAX_GAP_WORDS or not words[i].group()[0].isupper():
                break
    return last


def _joins(word: re.Match[str]) -> bool:
    return word.group().casefold() in FORMS | JOINING


def _candidate(row: Mapping[str, object]) -> _Candidate:
    names = row["names"] if isinstance(row["names"], list) else []
    words = tuple(filter(None, (naming_words(name) for name in names)))
    return _Candidate(
        UUID(str(row["document_id"])), words, frozenset(words_of(f"{row['kind']} {row['title']} {row['dated'] or ''}")) - JOINING
    )


def _is_named(candidate: _Candidate, asked: frozenset[str], weights: Mapping[str, float], common: Set[str]) -> bool:
    """Whether the question holds enough of one of the document's names, and of one that tells documents apart."""
    for name in candidate.names:
        whole = sum(weights.get(word, 0.0) for word in name)
        held = sum(weights.get(word, 0.0) for word in name & asked)
        if held and held >= COVERED * whole and not name & asked <= common:
            return True
    return False


def _score(candidate: _Candidate, asked: frozenset[str], weights: Mapping[str, float]) -> float:
    return sum(weights.get(word, 0.0) for word in candidate.words & asked) + KIND_WEIGHT * len(candidate.kind & asked)
