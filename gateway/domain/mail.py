"""A mail as it was read: plain values, cleaned, with everything that was odd named in `defects`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.address import Mailbox


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail.

    Attributes:
        filename: cleaned, no path; empty where none was given.
        content_type: lower case, `type/subtype`.
        size: bytes after decoding.
        sha256: hex, of the decoded bytes.
        inline: shown within the text (`Content-Disposition: inline`, or referred to by `cid:`).
        content_id: without angle brackets, or empty.
        refused: the kind for which it is not handed on (`domain.files`), or empty.
    """

    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the HTML says of some lines of the text.

    Attributes:
        kind: quote, attribution (the line above a quote) or signature.
        first: index of the first line, from 0.
        end: index after the last one.
    """

    kind: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class MachinePart:
    """A part that programs read: a delivery status, a disposition, returned header fields.

    Attributes:
        content_type: lower case, such as message/delivery-status.
        text: cleaned, at most 64 Ki characters.
    """

    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class EnclosedMail:
    """A mail attached whole to another; never part of that one's own text."""

    author: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    date: datetime | None
    message_id: str
    text: str
    header: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, read.

    Attributes:
        size: bytes on the wire.
        sha256: hex, of the bytes on the wire.
        fingerprint: hex; equal for two copies of one mail whatever trace headers they gathered:
            SHA-256 over Message-ID, From, Date, Subject and the CRLF-normalised body.
        headers: cleaned, decoded values by lower-case name, in order, own control headers stripped.
        message_id: without angle brackets, or empty.
        in_reply_to: ids without angle brackets.
        references: ids without angle brackets, oldest first, the last 200.
        author: the From line as it can be shown; `identity` decides who it is.
        identity: the one strict address of the one From line, or None where there is no such thing.
        conflicts: why `identity` cannot be trusted at all (evidence E0), empty when nothing is odd.
        date: aware; None where none can be read.
        text: the whole body as text, at most 1 Mi characters.
        has_plain_text: whether `text` comes from a text/plain part (else from HTML).
        attachments: in order.
        defects: what was wrong with the mail and how it was read all the same.
        content_type: of the whole, such as multipart/report.
        report_type: of a multipart/report, lower case (RFC 6522 section 3), or empty.
        calendar_method: of a text/calendar part, upper case (RFC 5546), or empty.
        marks: what the HTML says of lines of `text`, in order; empty where `text` is plain text.
        machine_parts: in order.
        enclosed: mails attached whole, in order.
    """

    size: int
    sha256: str
    fingerprint: str
    headers: Mapping[str, tuple[str, ...]]
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    author: Mailbox
    identity: str | None
    conflicts: tuple[str, ...]
    reply_to: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    date: datetime | None
    text: str
    has_plain_text: bool
    attachments: tuple[Attachment, ...]
    defects: tuple[str, ...]
    content_type: str = "text/plain"
    report_type: str = ""
    calendar_method: str = ""
    marks: tuple[Mark, ...] = ()
    machine_parts: tuple[MachinePart, ...] = ()
    enclosed: tuple[EnclosedMail, ...] = ()

    def header(self, name: str) -> str:
        """The value of the first header field of that name (lower case), or an empty string."""
        values = self.headers.get(name)
        return values[0] if values else ""
