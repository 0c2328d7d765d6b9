"""One way to make strangers' text harmless before it reaches the database, a template or a header."""

from __future__ import annotations

import re

# UTF-8 bytes of which no combination is odd: printable ASCII, line feed and tab, and all of the
# multi-byte sequences but those that begin with C2, E2, ED or EF (controls, separators, surrogates).
_HARMLESS = bytes((9, 10, *range(32, 127), *range(0x80, 0xC0), *range(0xC3, 0xE2), *range(0xE3, 0xED), 0xEE))
_HARMLESS += bytes(range(0xF0, 0xF5))
_CLEAN = re.compile(
    "[\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
# Carriage return alone, vertical tab, form feed and the Unicode line and paragraph separators end a
# line for `str.splitlines` and for some clients: they become line feeds, or spaces in one line.
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
# C0 and C1 controls, delete, the byte order mark, embeddings, overrides and isolates (which turn
# `exe.pdf` into `fdp.exe` on the screen), and the noncharacters at the end of the first plane.
_REMOVED = (
    *range(0x09),
    *range(0x0E, 0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
)
_ODD: dict[int, str | None] = {
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **dict.fromkeys((*_REMOVED, 0xFEFF, 0xFFFE, 0xFFFF)),
    **{ord(char): "\n" for char in _LINE_ENDS},
}
_BLANKS_OF_A_LINE = re.compile("[\t\n ]+")
# Direction marks and zero-width characters are text in a body (Arabic, Persian, emoji) and only
# deceive in a header: `agent\u200b@desk.test` is not the agent.
_INVISIBLE_IN_A_LINE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064]")


def clean_text(text: str) -> str:
    """`text` as it may be stored and shown: line feeds, tabs and visible characters only.

    Idempotent. No NUL, C0, C1, surrogate or bidirectional override is left; all line ends are line
    feeds. A surrogate becomes U+FFFD.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if not text.encode("utf-8", "surrogatepass").translate(None, _HARMLESS) or _CLEAN.fullmatch(text):
        return text
    return text.translate(_ODD)


def clean_line(text: str, *, limit: int = 2000) -> str:
    """`text` as one line for a header, a list or a log: white space folded, at most `limit` characters.

    Idempotent. Nothing that any reader takes for a line end is left, and no invisible character.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit and "  " not in text:
        return text.strip(" ")
    visible = _INVISIBLE_IN_A_LINE.sub("", clean_text(text))
    return _BLANKS_OF_A_LINE.sub(" ", visible).strip(" ")[:limit].rstrip(" ")
