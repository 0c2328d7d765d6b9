"""Header fields written strictly: nothing that a stranger wrote can begin another one.

RFC 5322 section 2.2.3 (folding), RFC 2047 (encoded words).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from gateway.domain.address import Mailbox, wire_address
from gateway.domain.text import clean_line
from gateway.errors import UnsafeMail

_WIDTH = 76
# A line with an encoded word is at most 76 characters long, the field's name included (RFC 2047 section
# 2): `Reply-To: =?utf-8?b?` and `?=` leave 54, and base64 takes four for three bytes.
_BYTES_A_WORD = 39
_LONGEST_WORD = 64
_LONGEST_TEXT = 500
_LONGEST_NAME = 100
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", re.ASCII)
_MESSAGE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,250}", re.ASCII)


def harmless(text: str, *, limit: int = _LONGEST_TEXT) -> str:
    """Strangers' text as one line in which nothing can be taken for an encoded word.

    Idempotent.
    """
    line = clean_line(text, limit=limit)
    return line.replace("=?", "= ?")[:limit].rstrip(" ") if "=?" in line else line


def harmless_name(mailbox: Mailbox) -> str:
    """The display name as it is written: harmless, and empty when it only repeats the address."""
    shown = harmless(mailbox.name, limit=_LONGEST_NAME)
    return "" if shown == mailbox.address else shown


def text_field(name: str, text: str) -> str:
    """An unstructured field of harmless text, encoded where it is not ASCII."""
    return _folded(name, _words(text))


def address_field(name: str, mailbox: Mailbox) -> str:
    """A field with one mailbox.

    Raises:
        UnsafeMail: the address is not one that can be written.
    """
    address = f"<{wire_address(mailbox.address)}>"
    shown = harmless_name(mailbox)
    if not shown:
        return _folded(name, [address[1:-1]])
    if not shown.isascii():
        return _folded(name, [*_encoded(shown), address])
    if _PLAIN_NAME.fullmatch(shown):
        return _folded(name, [*shown.split(" "), address])
    quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
    return _folded(name, [*f'"{quoted}"'.split(" "), address])


def ids_field(name: str, ids: Iterable[str]) -> str:
    """A field of message ids, one a line, each intact (RFC 5322 section 3.6.4).

    What is no id is left out; the field is empty when nothing is left.
    """
    words = [f"<{each}>" for each in ids if _MESSAGE_ID.fullmatch(each)]
    return f"{name}: " + "\r\n ".join(words) + "\r\n" if words else ""


def plain_field(name: str, value: str) -> str:
    """A field whose value is ours and ASCII."""
    if not value.isascii() or not value.isprintable():
        raise UnsafeMail(f"{name} is not printable ASCII")
    return f"{name}: {value}\r\n"


def _words(text: str) -> list[str]:
    """The words as they are up to the first that has to be encoded, and one text from there on."""
    words = text.split(" ")
    plain = next(
        (n for n, word in enumerate(words) if not word.isascii() or len(word) > _LONGEST_WORD), len(words)
    )
    rest = " ".join(words[plain:])
    return [*words[:plain], *(_encoded(rest) if rest else [])]


def _encoded(text: str) -> list[str]:
    """Encoded words of whole characters; the white space between two of them is not text."""
    words: list[str] = []
    chunk = b""
    for char in text:
        encoded = char.encode("utf-8")
        if len(chunk) + len(encoded) > _BYTES_A_WORD:
            words.append(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=")
            chunk = b""
        chunk += encoded
    words.append(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=")
    return words


def _folded(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _WIDTH and lines[-1].strip() and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
