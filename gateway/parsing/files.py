"""The files that came with a message: names, sizes and hashes; never written, never unpacked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from gateway.domain.mail import Attachment
from gateway.domain.text import clean_line
from gateway.parsing.body import Body, Plan
from gateway.parsing.parts import MESSAGES, Part
from gateway.parsing.transfer import undo
from gateway.parsing.words import decode_words

_PATH = re.compile(r"[/\\]")
_MAX_NAME = 255


def list_files(content: bytes, plan: Plan, body: Body) -> Iterator[Attachment]:
    """All files in order, the uuencoded ones last."""
    for part in plan.files:
        decoded = file_content(content, part, body.defects)
        ident = part.fields.first("content-id").strip("<> \t")
        yield Attachment(
            filename=file_name(part),
            content_type=part.type,
            size=len(decoded),
            sha256=sha256(decoded).hexdigest(),
            inline=part.disposition.value == "inline" or (bool(ident) and ident in body.images),
            content_id=clean_line(ident, limit=_MAX_NAME),
        )
    for file in body.uu_files:
        digest = sha256(file.content).hexdigest()
        name = clean_name(file.filename)
        yield Attachment(
            name, "application/octet-stream", len(file.content), digest, inline=False, content_id=""
        )


def file_content(content: bytes, part: Part, defects: list[str]) -> bytes:
    """The decoded bytes of a part; a mail within the mail as it stands, for it is not encoded as a rule."""
    raw = content[part.start : part.end]
    encoding = part.encoding
    if part.type in MESSAGES and encoding not in ("base64", "quoted-printable"):
        return raw
    decoded, defect = undo(raw, encoding)
    if defect:
        defects.append(defect)
    return decoded


def file_name(part: Part) -> str:
    """The name that the sender gave, cleaned, without a path; empty where none was given."""
    given = part.disposition.parameters.get("filename") or part.parameters.get("name", "")
    if part.type == "message/external-body":
        # The place of a file elsewhere (RFC 2046 section 5.2.3), not the name of one that came along.
        return clean_line(given, limit=_MAX_NAME)
    return clean_name(given)


def clean_name(name: str) -> str:
    """`name` as it may be shown and offered; never a path, never more than 255 characters."""
    if not name:
        return ""
    visible = clean_line(decode_words(name), limit=4000)
    visible = _PATH.split(visible)[-1].strip(" .") if _PATH.search(visible) else visible
    if len(visible) > _MAX_NAME:
        stem, dot, suffix = visible.rpartition(".")
        visible = stem[: _MAX_NAME - 1 - len(suffix)] + dot + suffix if stem and len(suffix) < 16 else visible
    return visible[:_MAX_NAME]
