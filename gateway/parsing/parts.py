"""The MIME tree of a message: what stands where in its bytes. Nothing is decoded or copied here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.errors import UnreadableMail
from gateway.parsing.fields import Fields, read_fields, split_block
from gateway.parsing.limits import BOUNDARY_BYTES, DEPTH, PARTS
from gateway.parsing.parameters import Structured, read_structured

MESSAGES = frozenset(("message/rfc822", "message/global", "message/news", "message/external-body"))
ENCLOSING = MESSAGES - {"message/external-body"}
_MAX_REST = 100
_LF = 0x0A
_IDENTITY = frozenset(("", "7bit", "8bit", "binary", "7-bit", "8-bit"))


@dataclass(slots=True)
class Part:
    """One part: its fields, and the bytes of its body as offsets into the whole message.

    Attributes:
        type: lower case, `type/subtype`; the default where it is missing or malformed.
        children: of a multipart; of an enclosed message, that message alone.
        normal: the body with line feeds for line ends, where somebody needed it already.
    """

    fields: Fields
    start: int
    end: int
    type: str
    parameters: dict[str, str]
    disposition: Structured
    depth: int
    children: list[Part] = field(default_factory=list)
    normal: bytes | None = None

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding, lower case."""
        return self.fields.first("content-transfer-encoding").strip("\"' ;").lower().partition(" ")[0]

    @property
    def is_enclosed_message(self) -> bool:
        """Whether it is a mail within the mail."""
        return self.type in ENCLOSING

    def walk(self) -> Iterator[Part]:
        """This part and all below it in order, but nothing of enclosed messages."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            if not part.is_enclosed_message:
                waiting.extend(reversed(part.children))


@dataclass(slots=True)
class Tree:
    """A message taken apart."""

    content: bytes
    root: Part
    header_block: bytes
    defects: list[str]


def read_tree(content: bytes) -> Tree:
    """Take a message apart.

    Raises:
        UnreadableMail: beyond the limits.
    """
    block, body, defects = split_block(content, 0, len(content))
    fields = read_fields(block)
    root = _part(fields, body, len(content), depth=0, default="text/plain")
    tree = Tree(content, root, block, [*defects, *fields.defects])
    if root.type.startswith(("multipart/", "message/")) or "boundary" in root.parameters:
        _take_apart(tree)
    return tree


def _part(fields: Fields, start: int, end: int, *, depth: int, default: str) -> Part:
    # Of two the last: where a delimiter between two headers was lost, the first is the container's and
    # would hide the text as its preamble.
    declared = (fields.all("content-type") or [""])[-1]
    disposition = fields.first("content-disposition")
    kind = read_structured(declared) if declared else Structured(default)
    known = kind.value
    if known.count("/") != 1 or known[0] == "/" or known[-1] == "/":
        # RFC 2045 section 5.2: an unreadable type is text. `text` alone, and `attachment`, are seen.
        known = default
    return Part(
        fields,
        start,
        end,
        known,
        kind.parameters,
        read_structured(disposition) if disposition else Structured(""),
        depth,
    )


def _take_apart(tree: Tree) -> None:
    waiting = [tree.root]
    count = 1
    while waiting:
        part = waiting.pop()
        if part.type.startswith("multipart/"):
            _split_multipart(tree, part)
        elif part.type.startswith("text/") and "boundary" in part.parameters:
            _split_mislabelled(tree, part)
        elif part.is_enclosed_message and part.encoding in _IDENTITY:
            part.children = [_child(tree, part, part.start, part.end, default="text/plain")]
        count += len(part.children)
        if count > PARTS:
            raise UnreadableMail(f"more than {PARTS} parts")
        if part.depth >= DEPTH and part.children:
            raise UnreadableMail(f"parts nested deeper than {DEPTH}")
        waiting.extend(part.children)


def _child(tree: Tree, parent: Part, start: int, end: int, *, default: str) -> Part:
    block, body, defects = split_block(tree.content, start, end)
    if not block and start < end and tree.content[start : start + 1] not in b"\r\n":
        # RFC 2046 section 5.1: a part may have no fields at all, but then it begins with an empty line.
        body = start
    tree.defects.extend(f"{defect} of a part" for defect in defects if defect != "no header block")
    fields = read_fields(block)
    return _part(fields, body, end, depth=parent.depth + 1, default=default)


def _split_multipart(tree: Tree, part: Part) -> None:
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")
    if not boundary or len(boundary) > BOUNDARY_BYTES:
        boundary = _guessed_boundary(tree.content, part)
        tree.defects.append("a multipart without a usable boundary")
    ranges = _ranges(tree, part, boundary) if boundary else []
    if not ranges:
        # Nothing to take apart: the whole is read as text (RFC 2045 section 5.2).
        tree.defects.append("a multipart without parts: read as text")
        part.type = "text/plain"
        return
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    part.children = [_child(tree, part, start, end, default=default) for start, end in ranges]


def _split_mislabelled(tree: Tree, part: Part) -> None:
    """A multipart that a gateway on the way has renamed to text: taken apart when its boundary is there."""
    ranges = _ranges(tree, part, part.parameters["boundary"].encode("utf-8", "replace"))
    if len(ranges) > 1:
        tree.defects.append(f"a multipart that calls itself {part.type}")
        part.type = "multipart/report" if "report-type" in part.parameters else "multipart/mixed"
        part.children = [_child(tree, part, start, end, default="text/plain") for start, end in ranges]


def _guessed_boundary(content: bytes, part: Part) -> bytes:
    start = content.find(b"--", part.start, part.end)
    if start < 0 or (start > part.start and content[start - 1] != 0x0A):
        return b""
    end = content.find(b"\n", start, min(part.end, start + BOUNDARY_BYTES))
    return content[start + 2 : end].rstrip() if end > 0 else b""


def _ranges(tree: Tree, part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between the delimiter lines stand; the line end before one belongs to it."""
    content, end = tree.content, part.end
    ranges: list[tuple[int, int]] = []
    opened = -1
    # Only white space may follow: a longer boundary may begin like this one.
    delimiter = re.compile(b"--" + re.escape(boundary) + rb"(--)?[ \t]{0,100}(?:\r?\n|\r?\Z)")
    for found in delimiter.finditer(content, part.start, end):
        closing = found[1] is not None
        if not (
            found.start() == part.start
            or content[found.start() - 1] == _LF
            or (closing and _is_last(content, found.end(), end))
        ):
            continue
        if opened >= 0:
            ranges.append((opened, _before_line_end(content, opened, found.start())))
        opened = -1
        if closing or len(ranges) > PARTS:
            break
        opened = found.end()
    if opened >= 0:
        tree.defects.append("a multipart is not closed")
        ranges.append((opened, end))
    return ranges


def _is_last(content: bytes, position: int, end: int) -> bool:
    """Whether nothing but white space stands behind the closing delimiter, which may follow a binary part's last byte."""
    return position == end or (end - position < _MAX_REST and content[position:end].isspace())


def _before_line_end(content: bytes, start: int, end: int) -> int:
    if end > start and content[end - 1] == 0x0A:
        end -= 1
        if end > start and content[end - 1] == 0x0D:
            end -= 1
    return end
