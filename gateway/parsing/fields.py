"""The header block of a message or part: where it ends, its fields, and what is odd in its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.errors import UnreadableMail
from gateway.parsing.charsets import decode_undeclared
from gateway.parsing.limits import HEADER_BLOCK_BYTES, HEADER_FIELDS

# An empty line, or one that is neither a field nor the continuation of one. The name of a field is
# printable ASCII but the colon (RFC 5322 section 2.2); white space before the colon is obsolete.
_END = re.compile(rb"\r?\n\r?\n|\n(?![ \t]|[!-9;-~]{1,200}[ \t]*:)")
_NO_HEADER = re.compile(rb"\r?\n|(?![ \t]|[!-9;-~]{1,200}[ \t]*:)")
_NEXT_FIELD = re.compile(rb"[^\n]{0,2000}\n[!-9;-~]{1,200}:")
_MAILBOX_LINE = re.compile(rb">?From [^\r\n:]")
_FOLD = re.compile(r"\r?\n[ \t]")
_ORDINARY = bytes((9, 10, 13, *range(32, 127), *range(128, 256)))
_C1 = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
_SPACED_FROM = re.compile(rb"(?im)^from[ \t]+:")


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields: unfolded values as they stood, by lower-case name, in order."""

    by_name: dict[str, list[str]] = field(default_factory=dict)
    defects: tuple[str, ...] = ()

    def first(self, name: str) -> str:
        """The value of the first field of that name, or an empty string."""
        values = self.by_name.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """The values of all fields of that name."""
        return self.by_name.get(name, [])


def split_block(content: bytes, start: int, end: int) -> tuple[bytes, int, list[str]]:
    """The header block at `start`, the offset where the body begins, and defects.

    Raises:
        UnreadableMail: the block is longer than HEADER_BLOCK_BYTES.
    """
    if _MAILBOX_LINE.match(content, start, end):
        # The separator line of a mailbox file.
        after = content.find(b"\n", start, end)
        start = after + 1 if after >= 0 else end
    nothing = _NO_HEADER.match(content, start, end)
    if nothing:
        return b"", nothing.end(), [] if nothing.end() > start else ["no header block"]
    limit = min(end, start + HEADER_BLOCK_BYTES + 1)
    defects: list[str] = []
    position = start
    while True:
        found = _END.search(content, position, limit)
        if found is None:
            if limit < end:
                raise UnreadableMail(f"the header block is longer than {HEADER_BLOCK_BYTES} bytes")
            return content[start:end], end, defects
        if found.end() - found.start() > 1:
            return content[start : found.start()], found.end(), defects
        if content.startswith(b"--", found.end()) or not _NEXT_FIELD.match(content, found.end(), limit):
            # The empty line is missing: what follows is the body.
            defects.append("no empty line between header and body")
            return content[start : found.start()].removesuffix(b"\r"), found.end(), defects
        defects.append("a line of the header block is no field: left out")
        position = found.end()


def read_fields(block: bytes) -> Fields:
    """The fields of a header block.

    Raises:
        UnreadableMail: more than HEADER_FIELDS.
    """
    text = block.decode("ascii") if block.isascii() else block.decode("latin-1")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\n")
    if len(lines) > HEADER_FIELDS:
        raise UnreadableMail(f"more than {HEADER_FIELDS} header fields")
    by_name: dict[str, list[str]] = {}
    defects: tuple[str, ...] = ()
    plain = block.isascii()
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t").lower()
        if not colon or not name or " " in name:
            continue
        if not plain and not value.isascii():
            value = decode_undeclared(value.encode("latin-1"))
            defects = ("8-bit characters in the header block",)
        known = by_name.get(name)
        if known is None:
            by_name[name] = [value.strip(" \t\r")]
        else:
            known.append(value.strip(" \t\r"))
    return Fields(by_name, defects)


def odd_bytes(block: bytes) -> list[str]:
    """Why two readers may see two header blocks in these bytes; empty for an ordinary one.

    A reader that takes a bare CR for a line end finds a From where another sees none, and a
    signature that is valid for the one says nothing of the other.
    """
    reasons = []
    breaks = block.count(b"\r\n")
    if block.count(b"\r") != breaks:
        reasons.append("a bare CR in the header block")
    if breaks and block.count(b"\n") != breaks:
        reasons.append("a bare LF in a header block of CRLF lines")
    if block.translate(None, _ORDINARY) or (not block.isascii() and _C1.search(block)):
        reasons.append("a control character in the header block")
    if _SPACED_FROM.search(block):
        reasons.append("white space between From and its colon")
    return reasons
