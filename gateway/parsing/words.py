"""Encoded words in header values (RFC 2047), in every shape in which they are seen."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from gateway.parsing.charsets import decode

# Spaces within a word, a missing end, an empty charset: all seen. No two parts of the pattern share a
# character at their border, so a failed match costs one pass over its own line.
_WORD = re.compile(r"=\?([^?\s]{0,60})\?([BbQq])\?([^?]*)\?=")
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def decode_words(value: str) -> str:
    """`value` with its encoded words decoded; what is none, or cannot be, stays as it stands.

    Two words in a row are joined before they are decoded when their charset is one, for senders cut
    within a character, and the white space between them is dropped (RFC 2047 section 6.2).
    """
    if "=?" not in value:
        return value
    return "".join(_pieces(value))


def _pieces(value: str) -> Iterator[str]:
    position = 0
    waiting, charset = b"", ""
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        content = _content(match.group(2), match.group(3))
        same = charset == match.group(1).lower()
        if waiting and (between.strip(" \t\r\n") or not same):
            yield decode(waiting, charset)[0]
            waiting = b""
        if not position or between.strip(" \t\r\n"):
            yield between
        waiting += content
        charset = match.group(1).lower()
        position = match.end()
    if waiting:
        yield decode(waiting, charset)[0]
    yield value[position:]


def _content(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding in "Qq":
        return _Q_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), raw.replace(b"_", b" "))
    raw = _NO_BASE64.sub(b"", raw)
    if len(raw) % 4 == 1:
        raw = raw[:-1]
    return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
