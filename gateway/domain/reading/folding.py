"""Text made comparable: no case, no accents, no punctuation."""

from __future__ import annotations

import re
import unicodedata

_NO_WORD = re.compile(r"[\W_]+")
_ASCII_NO_WORD = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})
# Combining marks of the scripts of Europe, the Near East, Thailand and Japan.
_COMBINING = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a]"
)


def fold(text: str) -> str:
    """`text` as words in lower case without accents, one space between two of them.

    Hangul and kana are decomposed on the way: compare folded text with folded text only.
    """
    text = text.casefold()
    if not text.isascii():
        text = _COMBINING.sub("", unicodedata.normalize("NFKD", text))
        if not text.isascii():
            return _NO_WORD.sub(" ", text).strip()
    return " ".join(text.translate(_ASCII_NO_WORD).split())


def has_words(folded: str, phrase: str) -> bool:
    """Whether the folded `phrase` stands in the folded text at word borders.

    Scripts written without spaces have no such borders.
    """
    if phrase.isascii() or phrase[0] < "\u2e80":
        return f" {phrase} " in f" {folded} "
    return phrase in folded
