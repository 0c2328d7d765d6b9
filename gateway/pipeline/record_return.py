"""Step 8 for a notification that came back: its row, its contact, and the reminder that it may have been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.acts import RecordReturn
from gateway.domain.events import Event, NotificationReturned
from gateway.pipeline.ticket_change import TicketChange


def record_return(act: RecordReturn, change: TicketChange) -> tuple[Event, ...]:
    """Write down who has not got what."""
    contact = change.uow.contact(act.contact) if act.contact else None
    change.uow.mark_returned(
        act.notification, contact=act.contact, permanent=act.permanent, reason=act.reason, now=change.now
    )
    _mark_reminder(act, change)
    address = contact.address if contact else ""
    change.enter(act.ticket, "", "notification_returned", "", address, act.reason, act.evidence)
    return (NotificationReturned(change.ticket(act.ticket), None, contact, act.reason),)


def _mark_reminder(act: RecordReturn, change: TicketChange) -> None:
    """A requester who has not got a reminder has not been reminded; of anything else, or anybody else, nothing follows."""
    ticket = change.ticket(act.ticket)
    waiting, requester = ticket.waiting, ticket.requester
    if waiting is None or requester is None or act.contact != requester.id:
        return
    sent = change.uow.notification(act.notification)
    told = sent.context["reminder"] if sent is not None and sent.date >= waiting.since else None
    if not isinstance(told, Mapping):
        return
    number = told["number"]
    reminders = tuple(
        replace(each, returned=True) if at == number else each for at, each in enumerate(waiting.reminders, 1)
    )
    change.save(replace(ticket, waiting=replace(waiting, reminders=reminders)))
