"""Delivery status notifications by their structure (RFC 3464, RFC 6522, RFC 6533)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.domain.bounce import BounceReport, FailedRecipient
from gateway.domain.mail import Mail
from gateway.domain.reading.reasons import judge
from gateway.domain.reading.tables import BounceTables

_STATUS_TYPES = frozenset(("message/delivery-status", "message/global-delivery-status"))
_HEADER_TYPES = frozenset(
    ("text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers")
)
_ADDRESS = re.compile(r"[^\s<>;,\"]{1,200}@[^\s<>;,\"]{1,255}")
_MESSAGE_ID = re.compile(r"(?im)^message-id:[ \t]*<?([^\s<>]{1,998})>?")
_ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
_MAX_RECIPIENTS = 500
_Fields = dict[str, str]


def read_delivery_status(mail: Mail, tables: BounceTables) -> BounceReport | None:
    """The report within a mail, or None where there is no machine-readable one."""
    texts = [part.text for part in mail.machine_parts if part.content_type in _STATUS_TYPES]
    if not texts:
        return None
    recipients: dict[tuple[str, str], FailedRecipient] = {}
    for text in texts:
        for fields in _blocks(text):
            recipient = _recipient(fields, mail, tables)
            if recipient is not None:
                recipients.setdefault((recipient.address.lower(), recipient.action), recipient)
    return BounceReport(tuple(recipients.values())[:_MAX_RECIPIENTS], returned_message_id(mail))


def _blocks(text: str) -> Iterator[_Fields]:
    """The groups of fields, one a recipient after the first, whatever stands between them."""
    fields: _Fields = {}
    last = ""
    for line in text.split("\n"):
        if not line.strip():
            if fields:
                yield fields
            fields, last = {}, ""
        elif line[0] in " \t" and last:
            fields[last] += " " + line.strip()
        else:
            name, colon, value = line.partition(":")
            if not colon:
                continue
            name = name.strip().lower()
            if name == "final-recipient" and "final-recipient" in fields:
                # Two recipients without an empty line between them.
                yield fields
                fields = {}
            if name not in fields:
                fields[name] = value.strip()
            last = name
    if fields:
        yield fields


def _recipient(fields: _Fields, mail: Mail, tables: BounceTables) -> FailedRecipient | None:
    final = fields.get("final-recipient", "")
    original = fields.get("original-recipient", "")
    if not final and not original:
        return None
    action = fields.get("action", "").split(" ")[0].split("(")[0].strip().lower()
    address = _address(original) or _address(final) or _plain(final) or _plain(original)
    diagnostic = fields.get("diagnostic-code", "") or fields.get("x-display-name", "")
    kind, semicolon, words = diagnostic.partition(";")
    if semicolon and len(kind) < 30:
        diagnostic = words.strip()
    if not diagnostic:
        diagnostic = fields.get("x-supplementary-info", "")
    return judge(
        address,
        action=action if action in _ACTIONS else "",
        status=fields.get("status", ""),
        diagnostic=diagnostic,
        tables=tables,
    )


def _address(value: str) -> str:
    found = _ADDRESS.search(value.partition(";")[2] or value)
    return found[0].strip("<>'.") if found else ""


def _plain(value: str) -> str:
    return (value.partition(";")[2] or value).strip(" <>")


def returned_message_id(mail: Mail) -> str:
    """The Message-ID of the mail that came back, from what was returned of it, else from the notice's thread."""
    for enclosed in mail.enclosed:
        if enclosed.message_id:
            return enclosed.message_id
    for part in mail.machine_parts:
        if part.content_type in _HEADER_TYPES:
            found = _MESSAGE_ID.search(part.text)
            if found:
                return found[1]
    found = _MESSAGE_ID.search(mail.text)
    if found:
        return found[1]
    if len(mail.in_reply_to) == 1:
        return mail.in_reply_to[0]
    return mail.references[-1] if mail.references else ""
