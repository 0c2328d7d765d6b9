"""What somebody of the desk decides on a held mail: in the ledger, and as its ticket knows it."""

from __future__ import annotations

from gateway.domain.events import Event
from gateway.domain.held import EndHolding, MailDropped, MailReleased
from gateway.errors import ActRefused
from gateway.pipeline.hold_mail import change_holding
from gateway.pipeline.ticket_change import TicketChange


def decide_held(act: MailDropped | MailReleased, change: TicketChange) -> tuple[Event, ...]:
    """Drop it or have it read again, and enter who did; what is let in comes to its ticket by itself.

    Raises:
        ActRefused: somebody has decided on it before.
    """
    drops = isinstance(act, MailDropped)
    reason = act.reason if isinstance(act, MailDropped) else ""
    outcome = "dropped" if drops else "pending"
    if not change.uow.decide_held(act.inbound_id, outcome, reason=reason, now=change.now):
        raise ActRefused(
            f"mail {act.inbound_id} is not held any more", f"le mail {act.inbound_id} n’est plus en attente"
        )
    if act.ticket is None:
        return ()
    if drops:
        change_holding(EndHolding(act.ticket, act.inbound_id), change)
    actor = act.actor.address if act.actor else ""
    kind = "mail_dropped" if drops else "mail_released"
    change.enter(act.ticket, actor, kind, "held", str(act.inbound_id), reason, "E4")
    return ()
