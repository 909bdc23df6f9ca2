"""The labelled set: true and corrupted claims, built from passages of real documents; deterministic for a seed.

A true claim is a sentence of a document, to the letter or lightly reworded by rule, or a paraphrase written by hand
(``paraphrases.jsonl``). A corrupted one has one thing changed: a number, a date, a party, a denial, a modal; or it is
held against another document's passages. Nothing of the verifier is used here, so that its faults are not repeated.
``shared`` corpora lie beside the checkout and may be absent; ``samples/`` always gives a smaller set.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
PASSAGE_CHARS = 900
NUM_OTHERS = 3  # passages given beside the right one
CORRUPTIONS = ("number", "date", "party", "negation", "modality", "moved")


@dataclass(frozen=True, slots=True)
class Document:
    """A document's name and text, and the corpus it is of."""

    corpus: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A claim, the passages it is held against, and whether they support it; ``kind`` tells how it was made."""

    claim: str
    passages: tuple[str, ...]
    is_true: bool
    kind: str
    corpus: str
    document: str
    source: str  # the sentence that was changed


def documents(half: int | None = None) -> list[Document]:
    """All documents there are, or those of one ``half`` (0 to develop on, 1 to report)."""
    found = [*_samples(), *(_shared() if SHARED.is_dir() else ())]
    return [d for n, d in enumerate(sorted(found, key=lambda d: (d.corpus, d.name))) if half is None or n % 2 == half]


def build(docs: list[Document], *, seed: int = 7, per_document: int = 4) -> list[Labelled]:
    """Make claims of every kind from each document."""
    rng = random.Random(seed)
    made: list[Labelled] = []
    by_corpus: dict[str, list[Document]] = {}
    for document in docs:
        by_corpus.setdefault(document.corpus, []).append(document)
    for document in docs:
        others = [d for d in by_corpus[document.corpus] if d is not document]
        made += _claims(document, others, rng, per_document)
    return made


def paraphrases() -> list[Labelled]:
    """The claims written by hand, true and false."""
    path = Path(__file__).parent / "paraphrases.jsonl"
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        kind = f"paraphrase {row['kind']}" if row["kind"] else "paraphrase"
        found.append(Labelled(row["claim"], (row["passage"],), row["true"], kind, row["corpus"], row["document"], row["passage"]))
    return found


@cache
def _samples() -> tuple[Document, ...]:
    from ingest.parse.pdf import parse_pdf

    handbook = [
        Document("samples", p.name, p.read_text(encoding="utf-8")) for p in sorted((ROOT / "samples/handbook").glob("*.md"))
    ]
    contracts = [
        Document("samples contracts", p.name, parse_pdf(p).text) for p in sorted((ROOT / "samples/contracts").glob("*.pdf"))
    ]
    return (*handbook, *contracts)


@cache
def _shared() -> tuple[Document, ...]:
    found = [
        Document("contracts", p.name, p.read_text(encoding="utf-8", errors="replace"))
        for p in (SHARED / "contracts_cuad40/txt").glob("*.txt")
    ]
    found += [
        Document("handbook", str(p.relative_to(SHARED)), p.read_text(encoding="utf-8"))
        for p in (SHARED / "handbook_18f/pages").rglob("*.md")
    ]
    for path in (SHARED / "policies_jupiterone/templates").rglob("*.md.tmpl"):
        text = re.sub(
            r"\{\{(\w+)\}\}",
            lambda m: {"companyShortName": "Northwind"}.get(m[1], m[1].title()),
            path.read_text(encoding="utf-8"),
        )
        found.append(Document("policies", str(path.relative_to(SHARED)), text))
    rows = [json.loads(line) for line in (SHARED / "tau2_banking_kb/corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    found += [Document("bank", row["_id"], row["text"]) for row in rows[::4]]
    return tuple(found)


_ENDS = re.compile(r"(?<=[a-z\d)\"”][.!?])(?<!Inc\.)(?<!Corp\.)(?<!Ltd\.)(?<!No\.)(?<!Co\.)\s+(?=[A-Z\d(\"“])|\n")
_MARKUP = ("{%", "](", "|", "<", "`", "___", "....")


def _sentences(text: str) -> list[tuple[int, int]]:
    """Whole, unmarked sentences of a text: 8 to 60 words from a capital to a full stop, on one line."""
    found, start = [], 0
    for end in [*(m.start() for m in _ENDS.finditer(text)), len(text)]:
        sentence = text[start:end]
        begin = start + len(sentence) - len(sentence.lstrip())
        sentence = sentence.strip()
        if (
            sentence[:1].isupper()
            and sentence[-1:] in ".!"
            and 8 <= len(sentence.split()) <= 60
            and not any(m in sentence for m in _MARKUP)
        ):
            found.append((begin, begin + len(sentence)))
        start = end
    return found


def _passages(text: str, start: int, end: int, rng: random.Random) -> tuple[str, ...]:
    """The passage around a range, and a few of the same document's others."""
    begin = max(0, start - rng.randrange(PASSAGE_CHARS // 2))
    begin = text.rfind("\n", 0, begin) + 1 if begin else 0
    begin = begin if start - begin < PASSAGE_CHARS else start
    right = text[begin : max(end, begin + PASSAGE_CHARS)]
    rest = [
        text[i : i + PASSAGE_CHARS]
        for i in range(0, len(text), PASSAGE_CHARS)
        if i + PASSAGE_CHARS < begin or i > begin + len(right)
    ]
    return (right, *rng.sample(rest, min(NUM_OTHERS, len(rest))))


def _claims(document: Document, others: list[Document], rng: random.Random, num: int) -> Iterator[Labelled]:
    ranges = _sentences(document.text)
    rng.shuffle(ranges)
    counts: dict[str, int] = {}
    for start, end in ranges:
        sentence = " ".join(document.text[start:end].split())
        passages = _passages(document.text, start, end, rng)
        for kind, change in {**REWORDINGS, **CHANGES}.items():
            is_true = kind in REWORDINGS
            limit = max(1, num // 2) if is_true else num
            if counts.get(kind, 0) >= limit:
                continue
            claim = change(sentence, rng, document)
            if claim is None or (claim == sentence and kind != "verbatim"):
                continue
            if not is_true and any(" ".join(claim.split()).strip(". ") in " ".join(p.split()) for p in passages):
                continue
            counts[kind] = counts.get(kind, 0) + 1
            yield Labelled(claim, passages, is_true, kind, document.corpus, document.name, sentence)
        if others and counts.get("moved", 0) < num:
            counts["moved"] = counts.get("moved", 0) + 1
            other = rng.choice(others)
            if len(other.text) < PASSAGE_CHARS or _is_said_in(sentence, other.text):
                continue
            yield Labelled(sentence, _nearest(sentence, other.text), False, "moved", document.corpus, document.name, sentence)


def _nearest(sentence: str, text: str) -> tuple[str, ...]:
    """The other document's passages that share most words with a sentence, as search would find them."""
    words = set(re.findall(r"[a-z]{4,}", sentence.lower()))
    chunks = [text[i : i + PASSAGE_CHARS] for i in range(0, len(text), PASSAGE_CHARS // 2)]
    chunks.sort(key=lambda c: -len(words & set(re.findall(r"[a-z]{4,}", c.lower()))))
    return tuple(chunks[: NUM_OTHERS + 1])


def _is_said_in(sentence: str, text: str) -> bool:
    """Tell whether most of a sentence stands in a text in a row: the same boilerplate, moved nowhere."""
    words = re.findall(r"\w+", sentence.lower())
    there = " ".join(re.findall(r"\w+", text.lower()))
    runs = [" ".join(words[i : i + 4]) in there for i in range(max(1, len(words) - 3))]
    return sum(runs) > len(runs) / 2


# --- what is changed -----------------------------------------------------------------------------------------------------

_WORDS = "two three four five six seven eight nine ten fifteen twenty thirty forty sixty ninety".split()  # noqa: SIM905
_DIGITS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 40, 60, 90]
_SPELLED = re.compile(rf"(?<!-)\b({'|'.join(_WORDS)})\b(?!-)(\s*\((\d+)(%?)\))?", re.IGNORECASE)
_NUMERAL = re.compile(r"(?<![\d.,/-])(\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d/-]|[.,]\d)")
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_DATE = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b")
_UNIT = re.compile(r"\b(days?|months?|years?|hours?|weeks?|minutes?)\b")
_ROLES = [
    ("Licensor", "Licensee"),
    ("Buyer", "Seller"),
    ("Purchaser", "Supplier"),
    ("Company", "Distributor"),
    ("Company", "Consultant"),
    ("Company", "Reseller"),
    ("employee", "supervisor"),
    ("employees", "contractors"),
    ("customer", "agent"),
    ("vendor", "customer"),
    ("user", "administrator"),
    ("manager", "employee"),
    ("contractor", "client"),
    ("Franchisee", "Franchisor"),
    ("Owner", "Operator"),
    ("Sponsor", "Company"),
    ("cardholder", "bank"),
    ("security team", "finance team"),
    ("Contractor", "Owner"),
    ("developer", "auditor"),
]
_NAME = re.compile(r"(?<=[a-z,] )([A-Z][a-z]{3,}(?: [A-Z][a-z]{3,}){0,2})\b")
_NEGATED = [
    (r"\b(shall|will|may|must|should|can|could|would|is|are|was|were|does|do|did|has|have) not\b", r"\1"),
    (r"\bcannot\b", "can"),
    (r"\bdon[’']t\b", "do"),
    (r"\bcan[’']t\b", "can"),
    (r"\bno longer\b", "still"),
    (r"\bwithout\b", "with"),
    (r"\bnever\b", "always"),
    (r"\bis prohibited\b", "is permitted"),
    (r"\bnon-exclusive\b", "exclusive"),
    (r"\bno (?=[a-z]{4,})", "any "),
]
_NEGATABLE = re.compile(r"\b(shall|will|may|must|should|can|is|are|was|were|has been|have been)\b(?! not\b| be not| no\b)")
_MODALS = {
    "shall": ["may", "should"],
    "must": ["may", "should", "can"],
    "will": ["may", "might"],
    "should": ["must", "may"],
    "may": ["must", "shall"],
    "can": ["must", "should"],
    "is required to": ["may", "is allowed to"],
    "are required to": ["may", "are allowed to"],
    "is entitled to": ["is required to"],
    "are encouraged to": ["are required to"],
}


def _number(sentence: str, rng: random.Random, document: Document) -> str | None:
    """Change a number, or the unit of one; written both ways, both are changed."""
    plain = _DATE.sub(lambda m: " " * len(m[0]), sentence)
    spelled = list(_SPELLED.finditer(plain))
    numerals = [m for m in _NUMERAL.finditer(plain) if not any(s.start() <= m.start() < s.end() for s in spelled)]
    if not spelled and not numerals:
        return None
    match = rng.choice([*spelled, *numerals])
    if (unit := _UNIT.match(sentence, match.end() + 1)) and rng.random() < 0.3:
        other = rng.choice([u for u in ("days", "months", "years", "hours", "weeks") if u[:3] != unit[1][:3]])
        return sentence[: unit.start()] + other + sentence[unit.end() :]
    if match in spelled:
        index = rng.choice([i for i, w in enumerate(_WORDS) if w != match[1].lower()])
        word = _WORDS[index].capitalize() if match[1][0].isupper() else _WORDS[index]
        new = word + (f" ({_DIGITS[index]}{match[4]})" if match[2] else "")
    else:
        value = int(match[1].replace(",", ""))
        new_value = rng.choice([value + 1, value * 2, value + 10, max(0, value - 1), value * 10])
        new_value = new_value if new_value != value else value + 3
        new = f"{new_value:,}" if "," in match[1] else str(new_value)
        return sentence[: match.start(1)] + new + sentence[match.end(1) :]
    return sentence[: match.start()] + new + sentence[match.end() :]


def _date(sentence: str, rng: random.Random, document: Document) -> str | None:
    matches = list(_DATE.finditer(sentence))
    if not matches:
        return None
    match = rng.choice(matches)
    month, day, year = match[1], int(match[2]), int(match[3])
    changed = rng.choice(
        [
            (rng.choice([m for m in _MONTHS if m != month]), day, year),
            (month, day % 28 + 1, year),
            (month, day, year + rng.choice([-1, 1, 2])),
        ]
    )
    return sentence[: match.start()] + f"{changed[0]} {changed[1]}, {changed[2]}" + sentence[match.end() :]


def _party(sentence: str, rng: random.Random, document: Document) -> str | None:
    """Put another party in one's place, change two round, or take a name from elsewhere in the document."""
    pairs = [(a, b) for one, other in _ROLES for a, b in ((one, other), (other, one)) if re.search(rf"\b{a}\b", sentence)]
    if pairs:
        a, b = rng.choice(pairs)
        if re.search(rf"\b{b}\b", sentence):
            return re.sub(rf"\b({a}|{b})\b", lambda m: b if m[0] == a else a, sentence)
        return re.sub(rf"\b{a}\b", b, sentence, count=1)
    names = [m for m in _NAME.finditer(sentence) if m[1].split()[0] not in _MONTHS]
    elsewhere = [n for n in dict.fromkeys(_NAME.findall(document.text)) if n not in sentence and n.split()[0] not in _MONTHS]
    if not names or not elsewhere:
        return None
    match = rng.choice(names)
    return sentence[: match.start()] + rng.choice(elsewhere) + sentence[match.end() :]


def _negation(sentence: str, rng: random.Random, document: Document) -> str | None:
    for pattern, replacement in _NEGATED:
        if re.search(pattern, sentence):
            return re.sub(pattern, replacement, sentence, count=1)
    matches = list(_NEGATABLE.finditer(sentence))
    if not matches:
        return None
    match = matches[0]
    return f"{sentence[: match.end(1)].replace(' been', '')} not{' been' if 'been' in match[1] else ''}{sentence[match.end() :]}"


def _modality(sentence: str, rng: random.Random, document: Document) -> str | None:
    matches = list(re.finditer(rf"\b({'|'.join(_MODALS)})\b(?! not)", sentence))
    if not matches:
        return None
    match = rng.choice(matches)
    return sentence[: match.start()] + rng.choice(_MODALS[match[1]]) + sentence[match.end() :]


Change = Callable[[str, random.Random, Document], str | None]
CHANGES: dict[str, Change] = {"number": _number, "date": _date, "party": _party, "negation": _negation, "modality": _modality}


# --- what is said otherwise but stays true -------------------------------------------------------------------------------


def _verbatim(sentence: str, rng: random.Random, document: Document) -> str | None:
    return sentence


def _framed(sentence: str, rng: random.Random, document: Document) -> str | None:
    frame = rng.choice(
        [
            "According to the document, {}",
            "The agreement states that {}",
            "The policy specifies that {}",
            "Under the agreement, {}",
        ]
    )
    return frame.format(sentence if sentence[1:2].isupper() else sentence[0].lower() + sentence[1:])


def _numerals(sentence: str, rng: random.Random, document: Document) -> str | None:
    return re.sub(_SPELLED, lambda m: str(_DIGITS[_WORDS.index(m[1].lower())]) + (m[4] or ""), sentence)


def _dated(sentence: str, rng: random.Random, document: Document) -> str | None:
    style = rng.choice(["{d} {m} {y}", "{y}-{n:02}-{d:02}", "{s} {d}, {y}"])
    return _DATE.sub(
        lambda m: style.format(
            d=int(m[2]), m=m[1], y=m[3], n=_MONTHS.index(m[1]) + 1, s=m[1][:3] + ("." if len(m[1]) > 4 else "")
        ),
        sentence,
    )


_SAME = [
    (r"\bshall\b(?! not)", "must"),
    (r"\bis required to\b", "must"),
    (r"\bmust\b(?! not)", "has to"),
    (r"\bprior to\b", "before"),
    (r"\bupon\b", "on"),
    (r"\bcan not|cannot\b", "can't"),
    (r"\bdo not\b", "don't"),
    (r"\bpursuant to\b", "under"),
    (r"\bin order to\b", "to"),
    (r"\bcommence\b", "begin"),
    (r"\bterminate\b", "end"),
    (r"\bat least\b", "no less than"),
    (r"\bup to\b", "a maximum of"),
    (r"\bwithin\b", "in"),
    (r"\bobtain\b", "get"),
    (r"\bpurchase\b", "buy"),
    (r"\bprovide\b", "give"),
    (r"\butilize\b", "use"),
    (r"\brequest\b", "ask for"),
    (r"\bevery\b", "each"),
    (r"\bmay\b(?! not)", "can"),
    (r"\bshall not\b", "must not"),
]


def _reworded(sentence: str, rng: random.Random, document: Document) -> str | None:
    fitting = [pair for pair in _SAME if re.search(pair[0], sentence)]
    for pattern, replacement in rng.sample(fitting, min(3, len(fitting))):
        sentence = re.sub(pattern, replacement, sentence)
    return sentence


def _shortened(sentence: str, rng: random.Random, document: Document) -> str | None:
    """Drop what stands in brackets, or behind the last comma."""
    if re.search(r"\([^()]*[a-z]{3}[^()]*\)", sentence):
        return re.sub(r"\s*\([^()]*[a-z]{3}[^()]*\)", "", sentence)
    head, comma, tail = sentence.rpartition(", ")
    ordinary = (
        comma and len(head.split()) >= 8 and not re.match(r"(and|or|but|unless|except|not)\b|[A-Z\d]", tail) and ", " not in head
    )
    return f"{head}." if ordinary and not re.match(r"(If|When|Unless|Except|Where|Once|After|Before|In|For|To)\b", head) else None


def _turned(sentence: str, rng: random.Random, document: Document) -> str | None:
    """Put a leading clause last."""
    match = re.match(r"((?:If|When|After|Before|Once|Upon|During|Within|In) [^,]{8,80}), (\w[^,;]{20,})\.$", sentence)
    return f"{match[2][0].upper()}{match[2][1:]} {match[1][0].lower()}{match[1][1:]}." if match else None


REWORDINGS: dict[str, Change] = {
    "verbatim": _verbatim,
    "framed": _framed,
    "numerals": _numerals,
    "dated": _dated,
    "reworded": _reworded,
    "shortened": _shortened,
    "turned": _turned,
}
