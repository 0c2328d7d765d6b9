"""Which mail `#wrong` is about: the one that the answered notification told of, else the customers' last."""

from __future__ import annotations

from gateway.domain.desk import Desk
from gateway.domain.intent.case import ReadMail
from gateway.domain.intent.read import read_intent
from gateway.domain.intent.tables import IntentTables
from gateway.domain.mail import Mail
from gateway.domain.ticket import Ticket
from gateway.domain.zones import Zones
from gateway.pipeline.thread import answered_ids, own_message
from gateway.ports import Signer, UnitOfWork

_LOOKED_AT = 3


def marked_mail(
    mail: Mail, ticket: Ticket, uow: UnitOfWork, signer: Signer, tables: IntentTables
) -> ReadMail | None:
    """The mail as the rules of today read it; None where the ticket has none of a customer's."""
    comment = uow.customers_mail(ticket.number, _told_of(mail, ticket, uow, signer))
    if comment is None or comment.inbound_id is None:
        return None
    author = comment.author.name if comment.author else ""
    return ReadMail(
        inbound_id=comment.inbound_id,
        text=comment.text,
        intent=read_intent(Zones(comment.text, "", ""), tables),
        names=names_to_mask(uow.desk, author, comment.author_shown.partition("<")[0]),
    )


def names_to_mask(desk: Desk, *authors: str) -> tuple[str, ...]:
    """The names that a case does not repeat: its writer's, and those of the desk's people."""
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
