"""A ticket as it was when a mail was decided on: what came after is taken off again, by its timeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.domain.address import author_key
from gateway.domain.desk import Contact
from gateway.domain.sla import Clock, Goal
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.domain.timers import Waiting

_WAITING = "waiting_customer"
_ESCALATION: Mapping[str, str] = MappingProxyType(
    {
        "escalation_requested": "requested",
        "escalation_approved": "approved",
        "escalation_refused": "refused",
        "escalation_undone": "requested",
    }
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a mail was decided on: mails of one transaction share the instant, and went by their ids."""

    at: datetime
    inbound_id: int

    def precedes(self, entry: TimelineEntry) -> bool:
        """Whether an entry is this mail's own doing, or came after it."""
        if entry.at != self.at:
            return entry.at > self.at
        return entry.inbound_id is None or entry.inbound_id >= self.inbound_id


def as_it_was(
    ticket: Ticket,
    entries: Sequence[TimelineEntry],
    moment: Moment,
    *,
    staff: Mapping[str, Contact],
    ended: Collection[str],
    nudges_are_one: timedelta,
) -> Ticket | None:
    """The ticket at that moment, or None where it was not yet there.

    Its clocks promise nothing: what they come to was not the mail's doing.

    Args:
        entries: the whole timeline, oldest first.
        ended: the states that are not open.
        nudges_are_one: within which time the desk is told of one nudge.
    """
    before = [entry for entry in entries if not moment.precedes(entry)]
    if not any(entry.kind == "opened" for entry in before):
        return None
    for entry in reversed(entries):
        if moment.precedes(entry):
            ticket = _without(ticket, entry, staff)
    moved = next((entry for entry in reversed(before) if entry.kind in {"state", "opened"}), before[0])
    nudges = [entry.at for entry in before if entry.kind == "nudge"]
    return replace(
        ticket,
        closed_at=moved.at if ticket.state in ended else None,
        claimed_priority=_last(before, "priority_claimed"),
        nudges=len(nudges),
        nudged_at=_told_at(nudges, nudges_are_one),
        escalation=next(
            (_ESCALATION[each.kind] for each in reversed(before) if each.kind in _ESCALATION), ""
        ),
        updated_at=before[-1].at,
        waiting=Waiting(moved.at) if ticket.state == _WAITING else None,
        response=_unpromised(ticket.response),
        resolution_clock=_unpromised(ticket.resolution_clock),
    )


def followed_then(
    participants: Iterable[Contact], entries: Iterable[TimelineEntry], moment: Moment
) -> tuple[Contact, ...]:
    """Who followed the ticket at that moment."""
    added = {author_key(e.to_value) for e in entries if e.kind == "participant" and moment.precedes(e)}
    return tuple(each for each in participants if each.key not in added)


def _without(ticket: Ticket, entry: TimelineEntry, staff: Mapping[str, Contact]) -> Ticket:
    """The ticket before one change."""
    match entry.kind:
        case "state":
            resolution = entry.before.resolution if entry.before else ""
            return replace(ticket, state=entry.from_value, resolution=resolution)
        case "priority":
            return replace(ticket, priority=entry.from_value)
        case "type":
            return replace(ticket, type=entry.from_value)
        case "assignee":
            team = entry.before.team if entry.before else ticket.team
            return replace(ticket, assignee=staff.get(author_key(entry.from_value)), team=team)
        case "flex_charged":
            return replace(ticket, flex_minutes=0)
    return ticket


def _last(entries: Sequence[TimelineEntry], kind: str) -> str:
    return next((entry.to_value for entry in reversed(entries) if entry.kind == kind), "")


def _told_at(nudges: Iterable[datetime], are_one: timedelta) -> datetime | None:
    told: datetime | None = None
    for at in nudges:
        if told is None or at - told >= are_one:
            told = at
    return told


def _unpromised(clock: Clock) -> Clock:
    return replace(clock, goal=Goal(None, None), due_at=None, warn_at=None)
