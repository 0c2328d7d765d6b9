"""What stands beside the text: mails attached whole, and parts that programs read."""

from __future__ import annotations

import re

from gateway.domain.mail import EnclosedMail, MachinePart
from gateway.domain.text import clean_line, clean_text
from gateway.errors import UnreadableMail
from gateway.parsing.addresses import read_author, read_mailboxes
from gateway.parsing.body import plan_body, read_body
from gateway.parsing.charsets import decode
from gateway.parsing.fields import Fields
from gateway.parsing.idents import read_date, read_message_id
from gateway.parsing.limits import ENCLOSED
from gateway.parsing.parts import Part, Tree, read_tree
from gateway.parsing.transfer import undo
from gateway.parsing.words import decode_words

_MACHINE_NAMES = (
    "message/delivery-status message/global-delivery-status message/disposition-notification"
    " message/global-disposition-notification message/feedback-report text/rfc822-headers"
    " text/rfc822-header message/rfc822-headers message/global-headers"
)
_MACHINE = frozenset(_MACHINE_NAMES.split())
_MAX_MACHINE_CHARS = 64 * 1024
_CALENDAR_METHOD = re.compile(r"(?mi)^METHOD:[ \t]*([A-Z]{1,20})")


def read_machine_parts(tree: Tree, parts: list[Part]) -> tuple[MachinePart, ...]:
    """The reports within a message, as text."""
    found = []
    for part in parts:
        if part.type in _MACHINE:
            raw, _ = undo(
                tree.content[part.start : min(part.end, part.start + 4 * _MAX_MACHINE_CHARS)], part.encoding
            )
            text, _ = decode(raw, part.parameters.get("charset", ""))
            found.append(MachinePart(part.type, clean_text(text)[:_MAX_MACHINE_CHARS]))
    return tuple(found)


def read_calendar_method(tree: Tree, parts: list[Part]) -> str:
    """What a calendar part asks for or answers: REQUEST, REPLY, CANCEL; empty where there is none."""
    for part in parts:
        if part.type in ("text/calendar", "application/ics"):
            method = part.parameters.get("method", "").upper()
            if not method:
                raw, _ = undo(tree.content[part.start : min(part.end, part.start + 8192)], part.encoding)
                found = _CALENDAR_METHOD.search(raw.decode("utf-8", "replace"))
                method = found.group(1).upper() if found else ""
            if method.isalpha():
                return method
    return ""


def read_enclosed(tree: Tree, parts: list[Part]) -> tuple[EnclosedMail, ...]:
    """The mails within a mail, the first ENCLOSED of them."""
    found: list[EnclosedMail] = []
    for part in parts:
        if not part.is_enclosed_message or len(found) >= ENCLOSED:
            continue
        if part.children:
            found.append(_read(tree.content, part.children[0]))
            continue
        raw, _ = undo(tree.content[part.start : part.end], part.encoding)
        try:
            inner = read_tree(raw)
        except UnreadableMail:
            tree.defects.append("an attached mail is beyond the limits: not looked into")
            continue
        found.append(_read(raw, inner.root))
    return tuple(found)


def _read(content: bytes, root: Part) -> EnclosedMail:
    fields = root.fields
    return EnclosedMail(
        author=read_author(fields).mailbox,
        to=read_mailboxes(fields.all("to")),
        cc=read_mailboxes(fields.all("cc")),
        subject=read_subject(fields),
        date=read_date(fields.first("date")),
        message_id=read_message_id(fields.all("message-id")),
        text=read_body(content, plan_body(root)).text,
        header="\n".join(
            f"{name}: {clean_line(value)}" for name, values in fields.by_name.items() for value in values
        ),
    )


def read_subject(fields: Fields) -> str:
    """The subject in one line; of several the first that says something."""
    for value in fields.all("subject"):
        subject = clean_line(decode_words(value), limit=1000)
        if subject:
            return subject
    return ""
