"""Content-Transfer-Encoding undone (RFC 2045 section 6), for what is sent under those names too."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_UU_BEGIN = re.compile(rb"begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,255})\r?\n")
_UU_NAMES = frozenset(("x-uuencode", "uuencode", "uue", "x-uue", "x-uu"))


def undo(content: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes before they were encoded for the way, and a defect or an empty string."""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content), ""
    if encoding == "base64":
        return _undo_base64(content)
    if encoding in _UU_NAMES:
        files = list(uuencoded(content))
        return (files[0].content, "") if files else (content, "uuencoded and not readable")
    if encoding in ("", "7bit", "8bit", "binary"):
        return content, ""
    return content, f"unknown transfer encoding {encoding[:40]!r}: read as it stands"


def _undo_base64(content: bytes) -> tuple[bytes, str]:
    try:
        return binascii.a2b_base64(content), ""
    except binascii.Error:
        letters = _NO_BASE64.sub(b"", content).rstrip(b"=")
    spare = len(letters) % 4
    if spare == 1:
        letters = letters[:-1]
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), "base64 with wrong padding"
    except binascii.Error:
        return content, "base64 that cannot be decoded: read as it stands"


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file uuencoded within a text, and where its lines stand."""

    filename: str
    content: bytes
    start: int
    end: int


def uuencoded(content: bytes) -> Iterator[UuFile]:
    """The files between `begin 644 name` and `end` lines (POSIX uuencode)."""
    position = 0
    while True:
        begin = content.find(b"begin ", position)
        if begin < 0:
            return
        position = begin + 6
        match = _UU_BEGIN.match(content, begin)
        if match is None or (begin and content[begin - 1] != 0x0A):
            continue
        end = content.find(b"\nend", match.end() - 1)
        if end < 0:
            # Every later `begin` would miss its `end` too.
            return
        decoded = _uu_lines(content[match.end() : end])
        if decoded is None:
            continue
        after = content.find(b"\n", end + 1)
        position = len(content) if after < 0 else after + 1
        yield UuFile(match.group(1).decode("utf-8", "replace").strip(), decoded, begin, position)


def _uu_lines(block: bytes) -> bytes | None:
    """The decoded lines, or None when one of them is no uuencoding; one line at a time, for there may be millions."""
    out = bytearray()
    position, end = 0, len(block)
    while position < end:
        line_end = block.find(b"\n", position)
        line_end = end if line_end < 0 else line_end
        line = block[position:line_end].rstrip(b"\r")
        position = line_end + 1
        if not line or line == b"`" or line.isspace():
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # Trailing garbage after the counted bytes.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out += binascii.a2b_uu(line[:wanted])
            except binascii.Error:
                return None
    return bytes(out)
