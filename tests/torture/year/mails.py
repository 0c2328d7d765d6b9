"""The acts that are mails, as they stand on the wire."""

from __future__ import annotations

from email.header import Header

from tests.torture.year.acts import Act
from tests.torture.year.people import EVERYBODY
from tests.torture.year.relay import Received
from tests.torture.year.words import absence, written

AUTHSERV = "mx.example.test"


def wire(act: Act, number: int, answered: Received | None, root: str) -> tuple[bytes, str]:
    """A mail's bytes and its envelope recipient.

    Args:
        number: makes its Message-ID.
        answered: the notification that it answers, where its writer has one.
        root: Message-ID of the ticket's first mail.
    """
    person = EVERYBODY[act.who]
    subject, text = act.subject, written(act.wants, act.language or person.language or "en", person.name)
    if act.command:
        text = "\n".join(filter(None, (act.command, act.given.get("text", ""))))
    headers = [f"From: {Header(person.name, 'utf-8').encode()} <{person.address}>"]
    to = act.to
    if act.kind == "away":
        subject, text = absence(person.language or "en", act.day)
        headers.append("Auto-Submitted: auto-replied")
    elif act.ticket:
        subject = f"Re: [#{act.ticket}] {act.subject}" if act.link == "number" else f"Re: {act.subject}"
    if act.link == "token" and answered is not None:
        to = answered.reply_to
    if act.link in {"token", "reference"}:
        parent = answered.message_id if answered is not None else root
        headers += [f"In-Reply-To: <{parent}>", f"References: <{root}> <{parent}>"]
    headers += [f"To: {to}"] + ([f"Cc: {', '.join(act.cc)}"] if act.cc else [])
    if act.signed:
        domain = person.address.rpartition("@")[2]
        result = f"dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
        headers.insert(0, f"Authentication-Results: {AUTHSERV}; {result}")
    headers += [
        f"Subject: {Header(subject, 'utf-8').encode()}",
        f"Message-ID: {message_id(act, number)}",
        f"Date: {act.at:%a, %d %b %Y %H:%M:%S} +0000",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return _bytes(headers, text), to


def message_id(act: Act, number: int) -> str:
    """Of a mail that we write."""
    return f"<{number}.{act.who}>"


def returned(act: Act, number: int, original: Received) -> tuple[bytes, str]:
    """A report that a notification could not be delivered (RFC 3464), or not yet."""
    action, status = ("delayed", "4.4.1") if act.late else ("failed", "5.1.1")
    to = original.reverse_path
    headers = [
        "From: Mail Delivery System <mailer-daemon@mx.customer.test>",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <{number}.bounce@mx.customer.test>",
        f"Date: {act.at:%a, %d %b %Y %H:%M:%S} +0000",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="next"',
    ]
    parts = f"""--next
Content-Type: text/plain; charset=us-ascii

This is the mail system. Your message could not be delivered.

--next
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.test

Final-Recipient: rfc822; {act.who}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--next
Content-Type: text/rfc822-headers

Message-ID: <{original.message_id}>

--next--"""
    return _bytes(headers, parts), to


def _bytes(headers: list[str], text: str) -> bytes:
    return ("\r\n".join(headers) + "\r\n\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()
