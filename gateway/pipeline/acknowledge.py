"""Who is told that a request has arrived: whoever proves who they are, and of all others only so many."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain.acts import OpenTicket
from gateway.domain.events import Acknowledged, Event, TicketOpened
from gateway.domain.storm import StormRules
from gateway.domain.ticket import Comment, Ticket
from gateway.pipeline.storms import take
from gateway.pipeline.ticket_change import TicketChange
from gateway.ports import Storms


def opened(act: OpenTicket, ticket: Ticket, comment: Comment, change: TicketChange) -> tuple[Event, ...]:
    """A ticket was opened; a stranger is told that it was, and nothing of what they wrote."""
    requester = ticket.requester
    confirm = act.confirm
    if confirm and act.unproven and requester is not None:
        confirm = may_acknowledge(requester.key, change.uow.storms, change.policy.storms, now=change.now)
    event = TicketOpened(ticket, requester, comment, confirm and not act.stranger, act.first_answer)
    if not (confirm and act.stranger) or requester is None:
        return (event,)
    # Their name is their text too.
    return (event, Acknowledged(ticket, None, replace(requester, name="")))


def may_acknowledge(address_key: str, storms: Storms, rules: StormRules, *, now: datetime) -> bool:
    """Whether an address that nothing proves may be answered now; from then on it has been."""
    one, all_together = rules.acknowledgement, rules.acknowledgements
    caps = ((f"{one.id} {address_key}", one), (all_together.id, all_together))
    found = [(key, cap, storms.state(key)) for key, cap in caps]
    if not all(cap.admits(state.free_at if state else None, now) for _, cap, state in found):
        return False
    for key, cap, state in found:
        take(storms, key, cap, state, None, now=now)
    return True
