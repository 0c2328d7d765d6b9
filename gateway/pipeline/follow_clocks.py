"""Clocks and waiting follow a ticket's state and priority; whoever changes a ticket need not think of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain.business_hours import Calendar
from gateway.domain.desk import Desk
from gateway.domain.policy import Policy
from gateway.domain.sla import Clock, Goal, on_effect, on_goal, start
from gateway.domain.ticket import Ticket
from gateway.domain.timers import Waiting

_WAITING = "waiting_customer"


def calendar_of(organisation_id: int | None, desk: Desk, policy: Policy) -> Calendar:
    """The calendar of the organisation's contract."""
    organisation = desk.organisations.get(organisation_id or 0)
    coverage, name = (organisation.coverage, organisation.calendar) if organisation else ("", "")
    return policy.service_levels.calendar(coverage, name)


def started(
    organisation_id: int | None, priority: str, desk: Desk, policy: Policy, *, at: datetime, promised: bool
) -> tuple[Clock, Clock]:
    """Response and resolution clock of a new ticket that was received at `at`."""
    calendar = calendar_of(organisation_id, desk, policy)
    effects = policy.workflow.states[policy.workflow.initial].clocks
    goals = policy.service_levels.goals[priority]
    nothing = Goal(None, None)
    response, resolution = (
        start(at, effects[name], goals[name] if promised else nothing, calendar)
        for name in ("response", "resolution")
    )
    return response, resolution


def follow(before: Ticket, after: Ticket, desk: Desk, policy: Policy, *, at: datetime) -> Ticket:
    """`after` with its clocks, its waiting and what news it owes as they have become."""
    if not policy.workflow.states[after.state].is_open:
        # Whoever has been answered waits for no news, though their escalation be approved afterwards.
        after = replace(after, promised_since=None)
    if (before.state, before.priority) == (after.state, after.priority):
        return after
    calendar = calendar_of(after.organisation_id, desk, policy)
    effects = policy.workflow.states[after.state].clocks
    goals = policy.service_levels.goals[after.priority]

    def moved(clock: Clock, name: str, goal: Goal) -> Clock:
        if before.state != after.state:
            clock = on_effect(clock, effects[name], at, calendar)
        return on_goal(clock, goal, at, calendar) if before.priority != after.priority else clock

    waiting = after.waiting
    if before.state != after.state:
        waiting = Waiting(at) if after.state == _WAITING else None
    return replace(
        after,
        response=moved(after.response, "response", goals["response"]),
        resolution_clock=moved(after.resolution_clock, "resolution", goals["resolution"]),
        waiting=waiting,
    )
