"""Step 8 for priorities: what a customer claims, and what is set, by whom."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.acts import ChangePriority, ClaimPriority
from gateway.domain.events import (
    ClaimAnswered,
    Event,
    PriorityChanged,
    PriorityChosen,
    PriorityClaimed,
    PriorityLowered,
)
from gateway.domain.ticket import Ticket
from gateway.pipeline.ticket_change import TicketChange


def change_priority(act: ChangePriority | ClaimPriority, change: TicketChange) -> tuple[Event, ...]:
    """Do one act."""
    return _claim(act, change) if isinstance(act, ClaimPriority) else _set(act, change)


def _set(act: ChangePriority, change: TicketChange) -> tuple[Event, ...]:
    before = change.ticket(act.ticket)
    change.save(replace(before, priority=act.to))
    change.enter(act.ticket, act.actor.address, "priority", before.priority, act.to, act.reason, act.evidence)
    event = _event_of(act, before, change)
    return (event(change.ticket(act.ticket), act.actor, before.priority, act.reason),)


def _event_of(act: ChangePriority, before: Ticket, change: TicketChange) -> type[PriorityChanged]:
    if not act.actor.is_staff:
        return PriorityChosen
    if change.policy.rank(act.to) > change.policy.rank(before.priority):
        return PriorityLowered
    return ClaimAnswered if before.claimed_priority else PriorityChanged


def _claim(act: ClaimPriority, change: TicketChange) -> tuple[Event, ...]:
    before = change.ticket(act.ticket)
    stronger = before.claimed_priority or before.priority
    if change.policy.rank(act.claimed) >= change.policy.rank(stronger):
        return ()
    change.save(replace(before, claimed_priority=act.claimed))
    said = replace(act.said, author=change.known(act.said.author, before.language))
    change.note(before.number, "priority_claimed", said, to=act.claimed, reason=act.words)
    ticket = change.ticket(before.number)
    comment = change.as_comment(ticket.number, said, "public")
    return (PriorityClaimed(ticket, said.author, act.claimed, act.words, comment),)
