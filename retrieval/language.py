"""Which language a text is in: ISO 639-1, 'und' where it cannot be told. The same text always gets the same answer.

A model of character sequences that is part of the package (py3langid) chooses among the languages below; Chinese,
Japanese and Korean are told by their script. Nothing is fetched and nothing is kept. A document's language decides how
its words are stemmed (retrieval/lexical/analysis.py); 'und' is stemmed as English.
"""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNKNOWN = "und"
SAMPLE_CHARS = 600  # of the beginning, the middle and the end: the first page alone may be a form's
MIN_CONFIDENCE = 0.5  # among the languages below; single words and tables of numbers stay under it

# Those with a stemmer, some others whose texts would else be taken for one of them, and "no language" (zxx).
CANDIDATES = [
    *("ar", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "ga", "hi", "hu", "hy", "id", "it", "lt"),
    *("ne", "nl", "no", "pl", "pt", "ro", "ru", "sr", "sv", "ta", "tr"),
    *("be", "bg", "bn", "bs", "he", "hr", "is", "ka", "kk", "lv", "mk", "ms", "mt", "sk", "sl", "sq", "th", "uk", "vi", "zxx"),
]

KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")
HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
LETTER = re.compile(r"[^\W\d_]")


def load() -> None:
    """Load the model now, so that the first text does not wait for it; it takes half a second."""
    _identifier()


def detect(text: str) -> str:
    """Tell the language that most of a text is in.

    >>> detect("The notice period is one month."), detect("Die Frist beträgt einen Monat."), detect("契約期間は一年です。")
    ('en', 'de', 'ja')
    >>> detect("12.3"), detect("Hertz")
    ('und', 'und')
    """
    sample = _sample(text)
    return _by_script(sample) or _by_letters(sample)


def _sample(text: str) -> str:
    if len(text) <= 3 * SAMPLE_CHARS:
        return text
    middle = len(text) // 2
    return "\n".join([text[:SAMPLE_CHARS], text[middle : middle + SAMPLE_CHARS], text[-SAMPLE_CHARS:]])


def _by_script(text: str) -> str | None:
    """Tell the languages that are not written in words; an ideograph says about as much as two letters."""
    kana, hangul, han = (len(script.findall(text)) for script in (KANA, HANGUL, HAN))
    if 2 * (kana + hangul + han) < len(LETTER.findall(text)) - (kana + hangul + han):
        return None
    if hangul > kana + han:
        return "ko"
    if kana > 0.05 * (kana + han):
        return "ja"
    return "zh" if han else None


def _by_letters(text: str) -> str:
    language, confidence = _identifier().classify(text)
    return UNKNOWN if confidence < MIN_CONFIDENCE or language == "zxx" else str(language)


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(CANDIDATES)
    return identifier
