"""Step 8 for what its author takes back: the ticket is what it was before, and the timeline keeps both."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.acts import UndoChange
from gateway.domain.address import author_key
from gateway.domain.events import Event, LoweringUndone, StateUndone, TicketAssigned
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.pipeline.ticket_change import TicketChange


def undo_change(act: UndoChange, change: TicketChange) -> tuple[Event, ...]:
    """Take one change of state, priority, assignee or type back."""
    entry = act.entry
    ticket = change.ticket(act.ticket)
    restored = _restored(ticket, entry, change)
    if act.exactly and entry.before is not None:
        before = entry.before
        change.put(
            replace(
                restored,
                response=before.response,
                resolution_clock=before.resolution_clock,
                waiting=before.waiting if entry.kind == "state" else ticket.waiting,
                promised_since=before.promised_since,
            )
        )
    else:
        change.save(restored)
    change.enter(
        ticket.number,
        act.actor.address,
        entry.kind,
        entry.to_value,
        entry.from_value,
        f"undone: {entry.reason}" if entry.reason else "undone",
        act.evidence,
        undoes=entry.id,
    )
    return tuple(_told(act, change))


def _restored(ticket: Ticket, entry: TimelineEntry, change: TicketChange) -> Ticket:
    before = entry.before
    match entry.kind:
        case "state":
            resolution, closed_at = (before.resolution, before.closed_at) if before else ("", None)
            return replace(ticket, state=entry.from_value, resolution=resolution, closed_at=closed_at)
        case "priority":
            return replace(ticket, priority=entry.from_value)
        case "type":
            return replace(ticket, type=entry.from_value)
    assignee = change.uow.desk.staff.get(author_key(entry.from_value))
    return replace(ticket, assignee=assignee, team=before.team if before else ticket.team)


def _told(act: UndoChange, change: TicketChange) -> list[Event]:
    entry, ticket = act.entry, change.ticket(act.ticket)
    match entry.kind:
        case "state":
            return [StateUndone(ticket, act.actor, entry.to_value)]
        case "priority" if change.policy.rank(entry.to_value) > change.policy.rank(entry.from_value):
            return [LoweringUndone(ticket, act.actor, entry.to_value)]
        case "assignee" if ticket.assignee is not None:
            return [TicketAssigned(ticket, act.actor)]
    return []
