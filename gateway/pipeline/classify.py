"""Step 4: what kind of mail it is, what its writer newly wrote and asks for, in which language."""

from __future__ import annotations

from gateway.domain.classification import Classified, Forward, Kind
from gateway.domain.diagnostics import Told, read_details
from gateway.domain.intent.read import read_intent
from gateway.domain.intent.result import NOTHING
from gateway.domain.mail import Mail
from gateway.domain.reading.automatic import is_answerable
from gateway.domain.reading.forwards import read_forward
from gateway.domain.reading.kinds import read_kind
from gateway.domain.reading.language import language_of
from gateway.domain.reading.split import split
from gateway.domain.reading.subjects import is_forwarding, prefixes
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.zones import Zones

_NO_DETAILS: tuple[Told, ...] = ()


def classify(mail: Mail, tables: ReadingTables, *, null_sender: bool) -> Classified:
    """Read what `mail` is and says.

    Args:
        null_sender: whether the envelope's reverse path was empty (RFC 5321 section 4.5.5); a
            Return-Path header proves nothing.
    """
    forwarding = is_forwarding(mail.subject, mail.text, tables.quotes)
    body = split(mail.text, mail.marks, tables, author=mail.author.name, forwarding=forwarding)
    kind = read_kind(mail, body.zones, tables, null_sender=null_sender)
    kept_subject = bool(mail.in_reply_to or mail.references or prefixes(mail.subject, tables.quotes)[0])
    forward = read_forward(mail, body, tables, forwarding=forwarding)
    intent, details = NOTHING, _NO_DETAILS
    if kind.kind is Kind.PERSON:
        details = read_told(mail, body.zones, forward, tables, is_answer=kept_subject)
        intent = read_intent(
            body.zones,
            tables.intent,
            subject=mail.subject,
            command_text=mail.text if mail.has_plain_text else "",
            has_new_text=body.has_new_text,
            is_answer=kept_subject,
        )
    return Classified(
        mail=mail,
        kind=kind.kind,
        kind_evidence=kind.evidence,
        answerable=is_answerable(mail, kind.kind, null_sender=null_sender),
        zones=body.zones,
        forward=forward,
        bounce=kind.bounce,
        auto_reply=kind.auto_reply,
        language=language_of(body.zones.reply, tables.languages),
        intent=intent,
        details=details,
    )


def read_told(
    mail: Mail, zones: Zones, forward: Forward | None, tables: ReadingTables, *, is_answer: bool
) -> tuple[Told, ...]:
    """Which details of its request the mail tells: in its subject, new text and files, and in what it passes on.

    Args:
        is_answer: whether the subject is kept from an earlier mail.
    """
    texts = [("reply", zones.reply), ("forward", forward.body if forward else "")]
    if not is_answer:
        texts.insert(0, ("subject", mail.subject))
    return read_details(texts, mail.attachments, tables.diagnostics)
