"""A mail that somebody says was read wrongly, as the rules of today read it."""

from __future__ import annotations

from gateway.domain.classification import Classified, Kind
from gateway.domain.desk import Desk
from gateway.domain.intent.case import ReadMail
from gateway.domain.intent.read import read_intent
from gateway.domain.intent.tables import IntentTables
from gateway.domain.mail import Mail
from gateway.domain.ticket import Ticket
from gateway.domain.zones import Zones
from gateway.errors import ActRefused
from gateway.pipeline.thread import answered_ids, own_message
from gateway.ports import Signer, UnitOfWork

_LOOKED_AT = 3


def marked_mail(
    mail: Mail, ticket: Ticket, uow: UnitOfWork, signer: Signer, tables: IntentTables
) -> ReadMail | None:
    """The mail that `#wrong` is about; None where the ticket has none of a customer's.

    It is the one that the answered notification told of, else the customers' last.
    """
    comment = uow.customers_mail(ticket.number, _told_of(mail, ticket, uow, signer))
    if comment is None or comment.inbound_id is None:
        return None
    author = comment.author.name if comment.author else ""
    names = _names(uow.desk, author, comment.author_shown.partition("<")[0])
    return _read(comment.inbound_id, comment.text, names, tables)


def mail_as_read(number: int, classified: Classified, desk: Desk, tables: IntentTables) -> ReadMail:
    """A mail of the ledger.

    Raises:
        ActRefused: it is automatic mail, which asks for nothing.
    """
    if classified.kind is not Kind.PERSON:
        raise ActRefused(f"mail {number} is automatic ({classified.kind}); nothing is read in it")
    text = classified.zones.reply
    if any(hit.zone == "subject" for hit in (*classified.intent.evidence, *classified.intent.suggested)):
        text = f"{classified.mail.subject}\n\n{text}"
    return _read(number, text, _names(desk, classified.mail.author.name), tables)


def _read(number: int, text: str, names: tuple[str, ...], tables: IntentTables) -> ReadMail:
    return ReadMail(number, text, read_intent(Zones(text, "", ""), tables), names)


def _names(desk: Desk, *authors: str) -> tuple[str, ...]:
    """What a case does not repeat: the names of its writer, and of the desk's people."""
    return (*authors, *(each.name for each in desk.staff.values()))


def _told_of(mail: Mail, ticket: Ticket, uow: UnitOfWork, signer: Signer) -> int | None:
    for message_id in answered_ids(mail)[:_LOOKED_AT]:
        token = own_message(message_id, uow.desk, signer)
        notification = uow.notification(token.notification) if token else None
        if notification is not None and notification.ticket == ticket.number:
            told = notification.context.get("comment")
            number = told.get("mail") if isinstance(told, dict) else None
            return number if isinstance(number, int) else None
    return None
