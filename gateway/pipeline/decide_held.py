"""What somebody of the desk decides on a held mail, as its ticket knows it."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.events import Event
from gateway.domain.held import MailDropped, MailReleased
from gateway.pipeline.ticket_change import TicketChange


def decide_held(act: MailDropped | MailReleased, change: TicketChange) -> tuple[Event, ...]:
    """Enter who dropped it or let it in; what is let in comes by itself."""
    actor, mail = act.actor.address if act.actor else "", str(act.inbound_id)
    if isinstance(act, MailReleased):
        change.enter(act.ticket, actor, "mail_released", "", mail, "", "")
        return ()
    ticket = change.ticket(act.ticket)
    if ticket.waiting is not None:
        change.save(replace(ticket, waiting=replace(ticket.waiting, mail_held=False)))
    change.enter(act.ticket, actor, "mail_dropped", "", mail, act.reason, "")
    return ()
