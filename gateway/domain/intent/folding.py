"""Text folded one character to one: offsets in the folded text are those of the text.

Case and accents go, punctuation stays. What has no place in Windows-1252 becomes its base letter or a
space; combining marks and invisible characters become NUL, which stands within words and is left out of
them later.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_CHARSET = "cp1252"
_ERRORS = "gateway.domain.intent.folding"
_KEPT = '.,;:!?\n"()@/-+'
_ALIKE = {
    "’": "'", "‘": "'", "´": "'", "`": "'", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"',
    "–": "-", "—": "-", "…": ".", "[": "(", "]": ")", "œ": "o", "Œ": "o", "æ": "a", "Æ": "a", "ø": "o", "Ø": "o",
    "ß": "s", "\u00ad": "\x00",
}  # fmt: skip
_OPAQUE = re.compile(r"(?:https?://|www\.)[^\s<>]{1,2000}|[a-z0-9._+-]{1,64}@[a-z0-9.-]{1,255}")


def _folded_byte(code: int) -> int:
    char = bytes([code]).decode(_CHARSET, "replace")
    char = _ALIKE.get(char, char)
    base = unicodedata.normalize("NFKD", char)[0].lower()
    return ord(base) if base == "\x00" or base in _KEPT or (base.isascii() and base.isalnum()) else 0x20


_FOLDED = bytes(map(_folded_byte, range(256)))
_SPACED = bytes(code if code == 0 or chr(code).isalnum() else 0x20 for code in range(256))


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_alike, error.object[error.start : error.end])), error.end


def _alike(char: str) -> str:
    if unicodedata.category(char) in {"Mn", "Cf"}:
        return "\x00"
    base = unicodedata.normalize("NFKD", char)[0]
    return base if base.isascii() else " "


codecs.register_error(_ERRORS, _substitute)


def fold_in_place(text: str) -> bytes:
    """`text` as ASCII of the same length."""
    return text.encode(_CHARSET, _ERRORS).translate(_FOLDED)


def words_of(folded: bytes) -> set[str]:
    """The words of what `fold_in_place` gives."""
    return set(words_in_order(folded))


def words_in_order(folded: bytes) -> list[str]:
    """The words of what `fold_in_place` gives, as they follow each other."""
    return folded.translate(_SPACED, b"\x00+").decode("ascii").split()


def without_addresses(folded: str) -> str:
    """Addresses and links covered by letters that make no word, at their length."""
    if "@" not in folded and "://" not in folded and "www." not in folded:
        return folded
    return _OPAQUE.sub(lambda found: "x" * len(found[0]), folded)
