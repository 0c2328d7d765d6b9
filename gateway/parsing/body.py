"""Which parts of a message are its text, and which are files that came with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gateway.domain.mail import Mark
from gateway.domain.text import clean_text
from gateway.parsing.charsets import decode
from gateway.parsing.flowed import unflow
from gateway.parsing.html import HtmlText, html_to_text
from gateway.parsing.limits import HTML_BYTES, TEXT_BYTES, TEXT_CHARS
from gateway.parsing.parts import Part
from gateway.parsing.transfer import UuFile, undo, uuencoded

_READABLE = frozenset(("text/plain", "text/html"))
_TEXTUAL = frozenset(("text/enriched", "text/richtext", "text/markdown", "text/x-amp-html"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the body, in one or two forms."""

    plain: tuple[Part, ...] = ()
    html: tuple[Part, ...] = ()


@dataclass(slots=True)
class Plan:
    """What is text and what is a file."""

    pieces: list[Piece] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Body:
    """The text of a message, and what was found in it on the way."""

    text: str = ""
    has_plain_text: bool = True
    marks: tuple[Mark, ...] = ()
    images: frozenset[str] = frozenset()
    uu_files: tuple[UuFile, ...] = ()
    defects: list[str] = field(default_factory=list)


def plan_body(root: Part) -> Plan:
    """Tell text from files, in the order of the parts (after RFC 8621 section 4.1.4).

    A text without a file name is text wherever it stands, for Apple Mail writes on below a picture;
    one with a name is a file unless it is all there is.
    """
    plan = Plan()
    if root.type in _TEXTUAL or (not root.children and root.type in _READABLE):
        if root.disposition.value == "attachment" and _has_name(root):
            plan.files.append(root)
        else:
            plan.pieces.append(_piece(root))
        return plan
    if not root.type.startswith("multipart/"):
        plan.files.append(root)
        return plan
    waiting: list[Part] = [root]
    while waiting:
        part = waiting.pop()
        if part.type == "multipart/alternative":
            _plan_alternative(part, plan)
        elif part.type.startswith("multipart/"):
            waiting.extend(reversed(part.children))
        elif _is_text(part, first=not plan.pieces and not plan.files):
            plan.pieces.append(_piece(part))
        else:
            plan.files.append(part)
    return plan


def _has_name(part: Part) -> bool:
    return bool(part.disposition.parameters.get("filename") or part.parameters.get("name"))


def _is_text(part: Part, *, first: bool) -> bool:
    if part.disposition.value == "attachment" or part.type not in _READABLE:
        return False
    return first or not _has_name(part)


def _piece(part: Part) -> Piece:
    return Piece(html=(part,)) if part.type == "text/html" else Piece(plain=(part,))


def _plan_alternative(root: Part, plan: Plan) -> None:
    """Of several forms of one text the plain one and the HTML one; what is neither is a file."""
    plain: list[Part] = []
    html: list[Part] = []
    for part in root.walk():
        if part.type.startswith("multipart/") and part.children:
            continue
        if not _is_text(part, first=False):
            plan.files.append(part)
        elif part.type == "text/html":
            html.append(part)
        else:
            plain.append(part)
    if plain or html:
        plan.pieces.append(Piece(tuple(plain), tuple(html)))


def read_body(content: bytes, plan: Plan) -> Body:
    """The text of a message: the plain form where there is one that says something, else the HTML."""
    body = Body()
    texts: list[str] = []
    marks: list[Mark] = []
    line = 0
    body.has_plain_text = any(piece.plain for piece in plan.pieces)
    for piece in plan.pieces:
        shown = "\n".join(_plain(content, part, body) for part in piece.plain)
        if piece.html and not shown.strip():
            page = _html(content, piece.html, body)
            shown = page.text
            marks.extend(replace(mark, first=mark.first + line, end=mark.end + line) for mark in page.marks)
            body.has_plain_text = body.has_plain_text and len(plan.pieces) > 1
        if texts and not shown.strip():
            continue
        if texts and not texts[-1].endswith("\n"):
            texts[-1] += "\n"
        texts.append(shown)
        line += shown.count("\n") + (not shown.endswith("\n"))
    body.text = "".join(texts)
    if len(body.text) > TEXT_CHARS:
        body.text = body.text[:TEXT_CHARS]
        body.defects.append(f"text longer than {TEXT_CHARS} characters: cut")
    body.marks = tuple(marks)
    return body


def _characters(content: bytes, part: Part, body: Body) -> str:
    """The decoded characters of a text part."""
    encoding = part.encoding
    most = HTML_BYTES if part.type == "text/html" else TEXT_BYTES
    if encoding in ("", "7bit", "8bit"):
        raw = (
            content[part.start : min(part.end, part.start + most + 1)] if part.normal is None else part.normal
        )
    else:
        # No encoding makes more than three bytes of one.
        raw, defect = undo(content[part.start : min(part.end, part.start + 3 * most)], encoding)
        if defect:
            body.defects.append(defect)
    if len(raw) > most:
        raw = raw[:most]
        body.defects.append(f"text longer than {most} bytes: cut")
    text, defect = decode(raw, part.parameters.get("charset", ""))
    if defect:
        body.defects.append(defect)
    return text


def _plain(content: bytes, part: Part, body: Body) -> str:
    if content.find(b"begin ", part.start, part.end) >= 0:
        raw = content[part.start : part.end]
        files = tuple(uuencoded(raw))
        if files:
            body.uu_files += files
            raw = b"".join(_around(raw, files))[:TEXT_BYTES]
            text, defect = decode(raw, part.parameters.get("charset", ""))
            body.defects.extend([defect] if defect else [])
            return clean_text(text)
    text = clean_text(_characters(content, part, body))[: 2 * TEXT_CHARS]
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return text


def _around(raw: bytes, files: tuple[UuFile, ...]) -> Iterator[bytes]:
    position = 0
    for one in files:
        yield raw[position : one.start]
        position = one.end
    yield raw[position:]


def _html(content: bytes, parts: tuple[Part, ...], body: Body) -> HtmlText:
    texts: list[str] = []
    marks: list[Mark] = []
    line = 0
    for part in parts:
        page = html_to_text(clean_text(_characters(content, part, body)))
        marks.extend(replace(mark, first=mark.first + line, end=mark.end + line) for mark in page.marks)
        texts.append(page.text)
        line += page.text.count("\n") + 1
        body.images |= page.images
        body.defects.extend(page.defects)
    return HtmlText("\n".join(texts), tuple(marks), body.images, ())
