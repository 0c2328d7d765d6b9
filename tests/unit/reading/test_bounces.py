"""Mail that came back: by RFC 3464, and as servers write it without."""

from __future__ import annotations

import pytest

from gateway.domain.classification import Kind
from tests.unit.reading.conftest import Read
from tests.unit.reading.wire import multipart, wire

RETURNED = "From: support@desk.test\nTo: chloe@acme.test\nSubject: [#42] Page blanche\nMessage-ID: <t42.k3@desk.test>\n\nBonjour,"
DAEMON = {
    "From": "MAILER-DAEMON@mx.acme.test (Mail Delivery System)",
    "Subject": "Undelivered Mail Returned to Sender",
}


def dsn(
    status: str,
    *,
    kind: str = "message/delivery-status",
    returned: str = f"Content-Type: message/rfc822\n\n{RETURNED}",
) -> bytes:
    body = multipart(
        "Content-Type: text/plain\n\nThis is the mail system at host mx.acme.test.\n\nYour message could not be delivered.",
        f"Content-Type: {kind}\n\nReporting-MTA: dns; mx.acme.test\n\n{status}",
        returned,
    )
    return wire(body, 'multipart/report; report-type=delivery-status; boundary="b"', **DAEMON)


FAILED = """Final-Recipient: rfc822; chloe@acme.test
Original-Recipient: rfc822;chloe@acme.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <chloe@acme.test>: Recipient address rejected:
 User unknown in virtual mailbox table
"""


def test_a_report_names_recipient_status_reason_and_original(read: Read) -> None:
    found = read(dsn(FAILED), null_sender=True)

    assert found.kind is Kind.BOUNCE
    assert found.bounce is not None
    assert found.bounce.original_message_id == "t42.k3@desk.test"
    (recipient,) = found.bounce.recipients
    assert (recipient.address, recipient.status, recipient.action) == ("chloe@acme.test", "5.1.1", "failed")
    assert (recipient.permanent, recipient.reason) == (True, "user-unknown")
    assert recipient.diagnostic.startswith("550 5.1.1")
    assert not found.answerable


def test_two_recipients_two_fates(read: Read) -> None:
    second = "Final-Recipient: rfc822; max@acme.test\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: smtp; 421 timed out\n"

    found = read(dsn(f"{FAILED}\n{second}"))

    assert found.bounce is not None
    assert [(one.address, one.permanent) for one in found.bounce.recipients] == [
        ("chloe@acme.test", True),
        ("max@acme.test", False),
    ]


def test_an_international_report_is_read_too(read: Read) -> None:
    status = "Final-Recipient: utf-8; chloé@acme.test\nAction: failed\nStatus: 5.2.2\n"

    found = read(dsn(status, kind="message/global-delivery-status"))

    assert found.bounce is not None
    assert (found.bounce.recipients[0].address, found.bounce.recipients[0].reason) == (
        "chloé@acme.test",
        "mailbox-full",
    )


def test_a_return_of_the_headers_alone_names_the_original(read: Read) -> None:
    found = read(
        dsn(
            FAILED, returned="Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID: <t42.k9@desk.test>"
        )
    )

    assert found.bounce is not None
    assert found.bounce.original_message_id == "t42.k9@desk.test"


def test_a_delivered_report_is_a_receipt(read: Read) -> None:
    found = read(dsn("Final-Recipient: rfc822; chloe@acme.test\nAction: delivered\nStatus: 2.0.0\n"))

    assert found.kind is Kind.RECEIPT
    assert found.bounce is None


QMAIL = """Hi. This is the qmail-send program at mx.acme.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<chloe@acme.test>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <support@desk.test>
Message-ID: <t42.k3@desk.test>
To: other@acme.test
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  chloe@acme.test
    host mx.acme.test [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<chloe@acme.test>:
    552 5.2.2 mailbox is full

------ This is a copy of the message, including all the headers. ------

Message-ID: <t42.k3@desk.test>
To: other@acme.test
"""
EXCHANGE_FR = """Échec de la remise pour ces destinataires ou groupes :

chloe@acme.test
L'adresse de messagerie que vous avez entrée est introuvable : 550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found

Serveur de génération : mx.acme.test
"""
GMAIL_DELAY = """This is an automatically generated Delivery Status Notification

THIS IS A WARNING MESSAGE ONLY.

YOU DO NOT NEED TO RESEND YOUR MESSAGE.

Delivery to the following recipient has been delayed:

     chloe@acme.test

Message will be retried for 2 more day(s)
"""
YAHOO = """Sorry, we were unable to deliver your message to the following address.

<chloe@acme.test>:
554: delivery error: dd This user doesn't have an acme.test account (chloe@acme.test) [0]

--- Below this line is a copy of the message.
"""
ORANGE = """Bonjour,

Votre message n'a pas pu être remis au destinataire suivant :

<chloe@acme.test> : boîte aux lettres pleine

Le système de messagerie
"""


@pytest.mark.parametrize(
    ("sender", "subject", "text", "status", "reason", "permanent"),
    [
        ("MAILER-DAEMON@mx.acme.test", "failure notice", QMAIL, "5.1.1", "user-unknown", True),
        (
            "Mail Delivery System <Mailer-Daemon@mx.acme.test>",
            "Mail delivery failed: returning message to sender",
            EXIM,
            "5.2.2",
            "mailbox-full",
            True,
        ),
        (
            "Microsoft Outlook <postmaster@acme.test>",
            "Non remis : [#42] Page blanche",
            EXCHANGE_FR,
            "5.1.10",
            "user-unknown",
            True,
        ),
        (
            "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
            "Delivery Status Notification (Delay)",
            GMAIL_DELAY,
            None,
            None,
            False,
        ),
        ("MAILER-DAEMON@yahoo.test", "Failure Notice", YAHOO, None, "user-unknown", True),
        ("Postmaster <postmaster@orange.test>", "Message non remis", ORANGE, None, "mailbox-full", True),
    ],
    ids=["qmail", "exim", "exchange-fr", "gmail-delay", "yahoo", "orange"],
)
def test_notices_in_prose(
    read: Read, sender: str, subject: str, text: str, status: str | None, reason: str | None, permanent: bool
) -> None:
    found = read(wire(text, From=sender, Subject=subject))

    assert found.kind is Kind.BOUNCE, found.kind_evidence
    assert found.bounce is not None
    (recipient,) = found.bounce.recipients
    assert recipient.address == "chloe@acme.test"
    assert recipient.permanent is permanent
    assert recipient.status == (status or recipient.status)
    assert recipient.reason == (reason or recipient.reason)
    assert recipient.action == ("failed" if permanent else "delayed")


def test_the_failed_recipients_header_is_believed(read: Read) -> None:
    found = read(
        wire(
            "A message that you sent could not be delivered.\n",
            X_Failed_Recipients="a@acme.test, b@acme.test",
            **DAEMON,
        )
    )

    assert found.bounce is not None
    assert [one.address for one in found.bounce.recipients] == ["a@acme.test", "b@acme.test"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Mail delivery failed depuis mardi",
            "Bonjour, nos mails vers vous reviennent avec ce sujet. Que faire ?\n",
        ),
        (
            "RE: Undelivered Mail Returned to Sender",
            "Voici ce que nous recevons, pouvez-vous vérifier ?\n\nThis is the mail system at host x.\n",
        ),
        ("TR: Undeliverable: [#42]", "Pour information.\n\nYour message could not be delivered.\n"),
        ("Livraison", "Le colis n'a pas été remis au client.\n"),
    ],
)
def test_a_person_who_writes_of_bounces_is_a_person(read: Read, subject: str, text: str) -> None:
    assert read(wire(text, Subject=subject)).kind is Kind.PERSON


def test_a_bounce_that_came_through_a_list_is_a_bounce(read: Read) -> None:
    raw = wire(
        QMAIL,
        From="MAILER-DAEMON@mx.acme.test",
        Subject="failure notice",
        Precedence="bulk",
        List_Id="<l.acme.test>",
    )

    assert read(raw).kind is Kind.BOUNCE
