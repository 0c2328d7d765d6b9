"""What the operator is told when something is wrong: plain text, from the desk's address."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from gateway.domain.address import Mailbox
from gateway.domain.alarm import Alarm
from gateway.rendering.headers import address_field, harmless, ids_field, plain_field, text_field


def alarm_mail(alarms: Sequence[Alarm], sender: str, operator: str, *, now: datetime) -> bytes:
    """The bytes for DATA: CRLF line ends, ASCII only.

    Raises:
        UnsafeMail: an address cannot be written.
    """
    first = alarms[0].key
    more = f" and {len(alarms) - 1} more" if len(alarms) > 1 else ""
    lines = ["This is wrong with the ticket gateway:", ""]
    for alarm in alarms:
        lines += [f"- {alarm.key}, since {alarm.raised_at:%Y-%m-%d %H:%M} UTC", f"  {alarm.reason}"]
    lines += ["", "`gateway check` says what is still so. Of each alarm you hear at most once a day.", ""]
    text = "\n".join(lines).encode("utf-8", "replace")
    content = binascii.b2a_qp(text, istext=True).replace(b"\n", b"\r\n")
    digest = hashlib.sha256(f"{now.isoformat()} {text!r}".encode()).hexdigest()[:32]
    head = (
        address_field("From", Mailbox("Ticket gateway", sender))
        + address_field("To", Mailbox("", operator))
        + text_field("Subject", harmless(f"Alarm: {first}{more}"))
        + plain_field("Date", format_datetime(now))
        + ids_field("Message-ID", [f"alarm.{digest}@{sender.rpartition('@')[2]}"])
        + plain_field("Auto-Submitted", "auto-generated")
        + plain_field("X-Auto-Response-Suppress", "All")
        + plain_field("MIME-Version", "1.0")
        + plain_field("Content-Type", "text/plain; charset=utf-8")
        + plain_field("Content-Transfer-Encoding", "quoted-printable")
    )
    return head.encode("ascii") + b"\r\n" + content
