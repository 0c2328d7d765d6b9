"""A mail of two equal parts, text and HTML, built by hand and read back before it may leave.

The standard library's message classes cost forty times as much, and its folding has let header
fields through that were hidden in encoded words (CVE-2024-6923, CVE-2026-1299).
"""

from __future__ import annotations

import binascii
import hashlib
from email.header import decode_header, make_header
from email.utils import format_datetime

from gateway.domain.address import Mailbox, wire_address
from gateway.domain.notification import Notification
from gateway.errors import UnsafeMail
from gateway.rendering.headers import (
    address_field,
    harmless,
    harmless_name,
    ids_field,
    plain_field,
    text_field,
)

_MOST_REFERENCES = 20


def build(notification: Notification, subject: str, text: str, html: str) -> bytes:
    """The bytes for DATA: CRLF line ends, ASCII only, the same for the same notification.

    Raises:
        UnsafeMail: the result does not say exactly what it was meant to say.
    """
    subject = harmless(subject)
    boundary = "=_" + hashlib.sha256(notification.message_id.encode()).hexdigest()[:32]
    fields = {
        "From": address_field("From", notification.sender),
        "To": address_field("To", notification.to),
        "Reply-To": plain_field("Reply-To", wire_address(notification.reply_to)),
        "Subject": text_field("Subject", subject),
        "Date": plain_field("Date", format_datetime(notification.date)),
        "Message-ID": ids_field("Message-ID", [notification.message_id]),
        "In-Reply-To": ids_field("In-Reply-To", [notification.in_reply_to]),
        "References": ids_field("References", _references(notification)),
        "Auto-Submitted": _if_any("Auto-Submitted", notification.auto_submitted),
        # Exchange answers nothing that carries it; other absence notices heed Auto-Submitted.
        "X-Auto-Response-Suppress": _if_any(
            "X-Auto-Response-Suppress", "All" if notification.auto_submitted else ""
        ),
        "Content-Language": plain_field("Content-Language", notification.language),
        "MIME-Version": plain_field("MIME-Version", "1.0"),
        "Content-Type": f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n',
    }
    head = "".join(fields.values())
    _check(head, [name for name, field in fields.items() if field], notification, subject)
    parts = _part("plain", text, boundary) + _part("html", html, boundary)
    return head.encode("ascii") + b"\r\n" + parts + f"--{boundary}--\r\n".encode()


def _if_any(name: str, value: str) -> str:
    return plain_field(name, value) if value else ""


def _references(notification: Notification) -> tuple[str, ...]:
    ids = notification.references
    return ids if len(ids) <= _MOST_REFERENCES else (ids[0], *ids[1 - _MOST_REFERENCES :])


def _part(subtype: str, content: str, boundary: str) -> bytes:
    """Quoted-printable (RFC 2045 section 6.7); its `=` never stands before `_`, so no boundary is in it."""
    lines = content.rstrip("\n").replace("\r\n", "\n").replace("\r", "\n") + "\n"
    encoded = binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")
    head = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + encoded


def _check(head: str, names: list[str], notification: Notification, subject: str) -> None:
    """Read the header back as others will, and compare."""
    read = _fields(head)
    if [name for name, _ in read] != names or "Message-ID" not in names:
        raise UnsafeMail("the header fields are not those that were to be written")
    values = dict(read)
    if _decoded(values["Subject"]) != subject:
        raise UnsafeMail("the subject does not read as it was written")
    for name, mailbox in (("From", notification.sender), ("To", notification.to)):
        if not _reads_as(values[name], mailbox):
            raise UnsafeMail("an address does not read as it was written")


def _fields(head: str) -> list[tuple[str, str]]:
    """Names and unfolded values (RFC 5322 section 2.2.3), by nothing that has written them."""
    fields: list[tuple[str, str]] = []
    for line in head.removesuffix("\r\n").split("\r\n"):
        if not line.isprintable():
            raise UnsafeMail("there is a control character in the header")
        if line[:1] == " " and fields:
            name, value = fields.pop()
            fields.append((name, value + line))
        else:
            name, _, value = line.partition(": ")
            fields.append((name, value))
    return fields


def _reads_as(value: str, mailbox: Mailbox) -> bool:
    shown, _, address = value.rpartition(" ")
    if shown[:1] == '"' == shown[-1:] and len(shown) > 1:
        shown = shown[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    wire = wire_address(mailbox.address)
    expected = f"<{wire}>" if shown else wire
    return address == expected and _decoded(shown) == harmless_name(mailbox)


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value))) if "=?" in value else value
