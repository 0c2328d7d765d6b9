"""The two clocks of a ticket, response and resolution: how much working time each has used, and what is due.

A clock is a value; each function gives the clock after something has happened at `at`, an aware instant.
Instants are cut to the second, so that run and pause always add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gateway.domain.business_hours import Calendar

CLOCKS = ("response", "resolution")


class Effect(StrEnum):
    """What a state does to a clock."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"
    """Until the ticket is reopened."""
    END = "end"
    """For good: nothing starts the clock again."""


class Mark(StrEnum):
    """What is told of a clock."""

    WARNED = "warned"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a contract promises for one clock and priority.

    Attributes:
        target: working time, None where nothing is promised.
        warn_after: working time after which the desk is warned; None with `target`.
    """

    target: timedelta | None
    warn_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of one ticket; instants are UTC and whole seconds.

    Attributes:
        effect: of the state that the ticket is in, or END once it was that.
        since: when that began; what happens later never reckons from an earlier instant.
        consumed: working time up to `since`, whole seconds.
        due_at: when the target will have been used, if the clock goes on running. Kept when the clock
            stops, None while it is paused or where nothing is promised.
        warn_at: when the desk is to be warned; None when it is not, or has been.
        warned_at: when it was warned of the present target.
        breached_at: when the target was used up, for the first time; a record that stays.
    """

    started_at: datetime
    effect: Effect
    since: datetime
    consumed: timedelta
    goal: Goal
    due_at: datetime | None = None
    warn_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether it waits for somebody outside the desk."""
        return self.effect is Effect.PAUSE

    @property
    def stopped_at(self) -> datetime | None:
        """When it stopped, None while it runs or is paused."""
        return self.since if self.effect in {Effect.STOP, Effect.END} else None

    def used(self, at: datetime, calendar: Calendar) -> timedelta:
        """The working time that it has used at `at`."""
        if self.effect is not Effect.RUN:
            return self.consumed
        return self.consumed + calendar.working_time(self.since, max(_second(at), self.since))


def start(at: datetime, effect: Effect, goal: Goal, calendar: Calendar) -> Clock:
    """The clock of a ticket that was received at `at`."""
    at = _second(at)
    return _planned(Clock(at, effect, at, timedelta(), goal), at, calendar)


def on_effect(clock: Clock, effect: Effect, at: datetime, calendar: Calendar) -> Clock:
    """After the ticket has come into a state that does `effect`."""
    if clock.effect in {effect, Effect.END}:
        return clock
    if clock.stopped_at and effect is Effect.END:
        return replace(clock, effect=effect)
    at = max(_second(at), clock.since)
    clock = _reckoned(on_time(clock, at), at, calendar)
    if effect in {Effect.STOP, Effect.END}:
        return replace(clock, effect=effect, warn_at=None)
    return _planned(replace(clock, effect=effect), at, calendar)


def on_goal(clock: Clock, goal: Goal, at: datetime, calendar: Calendar) -> Clock:
    """After the priority or the contract has changed: what was used is kept, what is due is new.

    Also brings a clock to a calendar that has changed; what it used before `since` stays as it was.
    A target that has been used already is breached now, and a breach on record stays there.
    """
    if clock.effect is Effect.END:
        return clock
    if not clock.stopped_at:
        at = max(_second(at), clock.since)
        clock = _reckoned(on_time(clock, at), at, calendar)
    clock = replace(clock, goal=goal)
    if goal.warn_after is not None and clock.consumed < goal.warn_after:
        clock = replace(clock, warned_at=None)
    return clock if clock.stopped_at else _planned(clock, at, calendar)


def on_time(clock: Clock, now: datetime) -> Clock:
    """After time has passed: a warning or a breach that has fallen due is on record, once."""
    if clock.effect is not Effect.RUN:
        return clock
    if clock.due_at and clock.due_at <= now and not clock.breached_at:
        clock = replace(clock, breached_at=clock.due_at, warn_at=None)
    if clock.warn_at and clock.warn_at <= now:
        clock = replace(clock, warned_at=clock.warn_at, warn_at=None)
    return clock


def news(before: Clock | None, after: Clock) -> tuple[Mark, ...]:
    """What has come on record between two values of one clock; None before its start.

    Every change of a clock may bring some: a target may have passed unseen, or be passed already when
    the priority is raised.
    """
    warned = after.warned_at and not (before and before.warned_at)
    breached = after.breached_at and not (before and before.breached_at)
    return tuple(mark for mark, is_new in ((Mark.WARNED, warned), (Mark.BREACHED, breached)) if is_new)


def _second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _reckoned(clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    return replace(clock, consumed=clock.used(at, calendar), since=at)


def _planned(clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    """The clock with `due_at` and `warn_at` as they are when it does from `at` on what it does now."""
    target, warn_after = clock.goal.target, clock.goal.warn_after
    if clock.effect is not Effect.RUN or target is None or warn_after is None:
        return replace(clock, due_at=None, warn_at=None)
    due_at = calendar.due(at, target - clock.consumed)
    warned = clock.warned_at or clock.breached_at
    warn_at = None if warned else calendar.due(at, warn_after - clock.consumed)
    return on_time(replace(clock, due_at=due_at, warn_at=warn_at), at)
