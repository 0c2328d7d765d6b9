"""What somebody of the desk decides on a held mail, as its ticket knows it."""

from __future__ import annotations

from gateway.domain.events import Event
from gateway.domain.held import EndHolding, MailDropped, MailReleased
from gateway.pipeline.hold_mail import change_holding
from gateway.pipeline.ticket_change import TicketChange


def decide_held(act: MailDropped | MailReleased, change: TicketChange) -> tuple[Event, ...]:
    """Enter who dropped it or let it in; what is let in comes by itself."""
    actor, mail = act.actor.address if act.actor else "", str(act.inbound_id)
    if isinstance(act, MailReleased):
        change.enter(act.ticket, actor, "mail_released", "held", mail, "", "E4")
        return ()
    change_holding(EndHolding(act.ticket, act.inbound_id), change)
    change.enter(act.ticket, actor, "mail_dropped", "held", mail, act.reason, "E4")
    return ()
