"""Who is told that a request has arrived: whoever proves who they are, and of all others only so many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.domain.acts import OpenTicket
from gateway.domain.events import Acknowledged, Event, TicketOpened
from gateway.domain.storm import Bucket
from gateway.domain.ticket import Comment, Ticket
from gateway.pipeline.storms import take
from gateway.pipeline.ticket_change import TicketChange
from gateway.ports import Storms


def opened(act: OpenTicket, ticket: Ticket, comment: Comment, change: TicketChange) -> tuple[Event, ...]:
    """A ticket was opened; a stranger is told that it was, and nothing of what they wrote."""
    requester = ticket.requester
    confirm = act.confirm
    if confirm and act.unproven and not change.historic and requester is not None:
        rules = change.policy.storms
        shared = rules.acknowledged_strangers if act.stranger else rules.acknowledged_customers
        caps = {f"{rules.acknowledgement.id} {requester.key}": rules.acknowledgement, shared.id: shared}
        confirm = have_room(caps, change.uow.storms, now=change.now)
    event = TicketOpened(ticket, requester, comment, confirm and not act.stranger, act.first_answer)
    if not (confirm and act.stranger) or requester is None:
        return (event,)
    # Their name is their text too; nothing of it may reach a template.
    nameless = replace(requester, name="")
    return (event, Acknowledged(replace(ticket, subject="", requester=nameless), None, nameless))


def have_room(caps: Mapping[str, Bucket], storms: Storms, *, now: datetime) -> bool:
    """Whether all of the buckets, by their keys, let one more pass; from then on it has passed."""
    found = [(key, cap, storms.state(key)) for key, cap in caps.items()]
    if not all(cap.admits(state.free_at if state else None, now) for _, cap, state in found):
        return False
    for key, cap, state in found:
        take(storms, key, cap, state, None, now=now)
    return True
