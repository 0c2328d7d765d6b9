"""Step 8 for people whom a proven mail named among its recipients: they follow the ticket from now on."""

from __future__ import annotations

from gateway.domain.acts import AddParticipants
from gateway.domain.events import Event
from gateway.pipeline.ticket_change import TicketChange


def let_follow(act: AddParticipants, change: TicketChange) -> tuple[Event, ...]:
    """Add whoever does not follow the ticket yet."""
    ticket = change.ticket(act.ticket)
    following = {contact.key for contact in change.uow.participants(act.ticket)}
    if ticket.requester is not None:
        following.add(ticket.requester.key)
    actor = act.actor.address if act.actor else ""
    for contact in act.contacts:
        if contact.key in following:
            continue
        known = change.known(contact, ticket.language)
        if known is not None:
            change.uow.add_participant(act.ticket, known)
            change.enter(
                act.ticket, actor, "participant", "", known.address, "named in the mail", act.evidence
            )
    return ()
