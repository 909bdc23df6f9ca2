"""Names that the model of names misses: words that no dictionary has, and words that stand where names stand.

The dictionary is the one by which the English pipeline finds basic forms. A capitalised word that it lacks is a person, a place
or a product; which of them, nobody needs to know. In a text without any capital every word that it lacks counts.
"""

import re
from collections.abc import Iterator
from typing import Any

PART = re.compile(r"[^\W\d_][\w'’-]*")
LEAST_CHARS = 3
ACRONYM_CHARS = 5  # capitals of ASCII no longer than this are an acronym rather than a name
CAPITAL = r"[^\W\d_a-zà-öø-ÿ][\w'’-]*"
PARTICLE = r"(?:de|da|di|do|dos|del|della|van|von|der|den|ter|la|le|bin|ibn|al|el|y)"
WHOLE = rf"{CAPITAL}(?:[ ](?:{CAPITAL}\.?|{PARTICLE}(?=[ ]))){{0,4}}"
TITLES = r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Herr|Frau|Mme|Mlle|Judge|Captain|Sergeant|Officer|Dame|Lord|Lady"
NAMED = re.compile(
    rf"\b(?i:{TITLES})\b\.?[ ]+(?P<titled>{WHOLE})"
    rf"|\b(?i:name)[ ](?i:is|was)[ ](?P<told>{WHOLE})"
    rf"|\b(?i:name|contact|attn|attention|signed|employee|manager|spouse|author):[ ]*(?P<field>{WHOLE})"
    rf"|^(?i:dear|hi|hello)[ ](?P<greeted>{WHOLE})"
    rf"|\b(?i:born|n[ée]e)[ ](?P<born>{CAPITAL})",
    re.MULTILINE,
)
# An initial in the middle makes a name; a bare A or I is a word, or the number of a section.
INITIAL = r"(?:[A-Z]\.|[B-HJ-Z])"
MIDDLE = re.compile(rf"\b{CAPITAL}[ ]{INITIAL}[ ]{CAPITAL}")
SMALL_MIDDLE = re.compile(r"\b[^\W\d_]{2,}[ ](?:[a-z]\.|[b-hj-z])[ ][^\W\d_][\w'’-]+")
# These begin sentences and forms, and a dictionary of basic forms lacks them.
NO_NAMES = frozenset(
    [
        "the",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "and",
        "but",
        "for",
        "nor",
        "yet",
        "not",
        "you",
        "your",
        "they",
        "them",
        "their",
        "his",
        "her",
        "hers",
        "its",
        "our",
        "ours",
        "she",
        "him",
        "has",
        "have",
        "had",
        "are",
        "was",
        "were",
        "been",
        "does",
        "did",
        "will",
        "would",
        "shall",
        "should",
        "can",
        "could",
        "may",
        "might",
        "must",
        "from",
        "with",
        "into",
        "onto",
        "upon",
        "about",
        "after",
        "before",
        "since",
        "until",
        "during",
        "because",
        "although",
        "though",
        "unless",
        "whether",
        "while",
        "also",
        "any",
        "all",
        "both",
        "each",
        "every",
        "either",
        "neither",
        "none",
        "some",
        "such",
        "than",
        "then",
        "too",
        "very",
        "just",
        "only",
        "own",
        "same",
        "other",
        "another",
        "email",
        "e-mail",
        "website",
        "online",
        "app",
        "internet",
    ]
)


def names(text: str, tokens: Any, dictionary: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of what is a name by its place, or by its word; ``tokens`` are spaCy's, of this text."""
    for match in NAMED.finditer(text):
        group = match.lastgroup
        assert group is not None
        yield match.span(group)
    is_small = text.islower()
    yield from (match.span() for match in (SMALL_MIDDLE if is_small else MIDDLE).finditer(text))
    for token in tokens:
        if token.is_stop or token.like_url or token.like_email or (token.lemma_ != token.text and token.lemma_ in dictionary):
            continue
        for word in PART.finditer(token.text):
            if (is_small or not word[0][0].islower()) and is_unknown(word[0], dictionary):
                yield token.idx + word.start(), token.idx + word.end()


def is_unknown(word: str, dictionary: frozenset[str]) -> bool:
    """Tell whether a word stands in no dictionary, and is no acronym.

    >>> [word for word in ("Szöllösy", "Awards", "GSA", "HYVINKÄÄ", "Leave") if is_unknown(word, frozenset({"award", "leave"}))]
    ['Szöllösy', 'HYVINKÄÄ']
    """
    if len(word) < LEAST_CHARS or is_acronym(word):
        return False
    return dictionary.isdisjoint(_forms(word.casefold().removesuffix("'s").removesuffix("’s")))


def is_acronym(word: str) -> bool:
    """Tell whether a word is of a few capitals, as no name is.

    >>> is_acronym("GSA"), is_acronym("GSA's"), is_acronym("Gsa"), is_acronym("OULU")
    (True, True, False, True)
    """
    word = word.removesuffix("'s").removesuffix("’s")
    return word.isascii() and word.isupper() and len(word) <= ACRONYM_CHARS


def _forms(word: str) -> Iterator[str]:
    """Give what a word may be a plural of; a pipeline leaves as it is what looks like a name."""
    yield word
    for ending, basic in (("s", ""), ("es", ""), ("ies", "y")):
        if word.endswith(ending):
            yield word.removesuffix(ending) + basic


def dictionary_of(pipeline: Any) -> frozenset[str]:
    """Read the words that the pipeline knows, off the tables of its lemmatizer."""
    lemmatizer = pipeline.get_pipe("lemmatizer")
    lookups, strings = lemmatizer.lookups, pipeline.vocab.strings
    known = {word for words in lookups.get_table("lemma_index").values() for word in words}
    known |= {strings[key] if isinstance(key, int) else key for forms in lookups.get_table("lemma_exc").values() for key in forms}
    return frozenset(known | NO_NAMES)
