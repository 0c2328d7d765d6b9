"""A notification: everything that the mail it becomes is made of, final but for its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.address import Mailbox


@dataclass(frozen=True, slots=True)
class Notification:
    """One mail to one person.

    Attributes:
        template: folder name under templates/mail.
        language: `fr` or `en`; a language that the template lacks falls back on English.
        sender: the desk's name and address, the From line.
        reply_to: signed reply address.
        message_id: without angle brackets, final.
        in_reply_to: without angle brackets, or empty.
        references: without angle brackets, oldest first.
        subject: the ticket's own subject, `Re: ` and tags already off; strangers' text.
        auto_submitted: auto-replied, auto-generated, or empty for what a person wrote (RFC 3834).
        date: aware, UTC.
        context: what the template may use, plain values only; see templates/README.md.
    """

    template: str
    language: str
    sender: Mailbox
    to: Mailbox
    reply_to: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    ticket: int
    subject: str
    auto_submitted: str
    date: datetime
    context: Mapping[str, object]
