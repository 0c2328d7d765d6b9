"""The language of a text, by its script and its frequent words; None where there is too little to tell."""

from __future__ import annotations

import re

from gateway.domain.reading.tables import LanguageTables

_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SAMPLE_CHARS = 1200
_ASCII_MARKS = str.maketrans(
    {chr(code): " " for code in range(128) if not chr(code).isalpha() and chr(code) != "'"}
)
_MIN_WORDS = 2
_FEW_WORDS = 6
_MIN_SCORE = 0.9
_MIN_LEAD = 1.25
_SHARE_OF_SCRIPT = 0.3
_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("zh", "\u4e00", "\u9fff"),
    ("ru", "\u0400", "\u04ff"),
    ("el", "\u0370", "\u03ff"),
    ("ar", "\u0600", "\u06ff"),
    ("he", "\u0590", "\u05ff"),
    ("th", "\u0e00", "\u0e7f"),
)


def language_of(text: str, tables: LanguageTables) -> str | None:
    """ISO 639-1 code of the language that `text` is written in, or None.

    Two distinct words of a language at least, but for a text of a few words, and a clear lead over the
    next one: "ok merci" is French, "ok" is nothing.
    """
    sample = text[:_SAMPLE_CHARS]
    if not sample.isascii():
        script = _script_of(sample)
        if script:
            return script
    scores: dict[str, float] = {}
    distinct: dict[str, int] = {}
    words = _words(sample.casefold().replace("’", "'"))
    for word in tables.words.keys() & words:
        for language, weight in tables.words[word]:
            scores[language] = scores.get(language, 0.0) + weight
            distinct[language] = distinct.get(language, 0) + 1
    if not scores:
        return None
    ranked = sorted(scores.items(), key=lambda item: item[1], reverse=True)
    best, score = ranked[0]
    if score < _MIN_SCORE or (distinct[best] < _MIN_WORDS and len(sample.split()) > _FEW_WORDS):
        return None
    if len(ranked) > 1 and score < ranked[1][1] * _MIN_LEAD:
        return None
    return best


def _words(folded: str) -> frozenset[str]:
    """The words of a text, an elided article (`l'accès`) also as a word of its own."""
    words = frozenset(folded.translate(_ASCII_MARKS).split() if folded.isascii() else _WORDS.findall(folded))
    return words | {word[: word.index("'") + 1] for word in words if "'" in word}


def _script_of(sample: str) -> str | None:
    letters = [char for char in sample if char.isalpha()]
    if not letters:
        return None
    for language, first, last in _SCRIPTS:
        count = sum(1 for char in letters if first <= char <= last)
        if count > _SHARE_OF_SCRIPT * len(letters):
            if language == "ru" and any(char in "іїєґІЇЄҐ" for char in letters):
                return "uk"
            return language
    return None
