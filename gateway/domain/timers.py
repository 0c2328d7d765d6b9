"""What falls due on a ticket, and when, from what is known of the ticket.

`pending` is asked again whenever something happens to the ticket, and once more when a timer falls due:
a timer that is no longer among its answers is not carried out. (ticket, kind, number, since) names it for ever,
so that what has been carried out once is not done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.brake import BrakeRules
from gateway.domain.held import HeldMail
from gateway.domain.sla import Clock, Effect


class Timer(StrEnum):
    """What there is to do."""

    REMINDER = "reminder"
    AUTO_CLOSE = "auto_close"
    RESPONSE_WARNING = "response_warning"
    RESPONSE_BREACH = "response_breach"
    RESOLUTION_WARNING = "resolution_warning"
    RESOLUTION_BREACH = "resolution_breach"
    PROMISED_UPDATE = "promised_update"
    """An escalation's regular update is owed to the customer."""
    ESCALATION_SILENCE = "escalation_silence"
    """Nobody has decided on an escalation; `number` is the level that is told."""
    HELD_MAIL = "held_mail"
    """Nobody has decided on a mail that is held."""


@dataclass(frozen=True, slots=True)
class DueTimer:
    """One thing that falls due.

    Attributes:
        since: the instant from which it is reckoned.
        number: of a reminder, 1 for the first; 0 for all else.
    """

    kind: Timer
    due_at: datetime
    since: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """What rules/reminders.yaml says of waiting for the customer.

    Attributes:
        after: when each reminder is sent, reckoned from the last that anybody did on the ticket; ascending.
        close_after: when the ticket is closed, reckoned in the same way.
        notice: the least time between a reminder, or a return from an absence, and what follows.
    """

    after: tuple[timedelta, ...]
    close_after: timedelta
    notice: timedelta


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that was sent."""

    sent_at: datetime
    returned: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket in waiting_customer.

    Attributes:
        since: when it came there or, if that is later, when a person last wrote on it.
        reminders: sent since then, oldest first.
        away_until: when the customer said to be back, None where they did not.
    """

    since: datetime
    reminders: tuple[Reminder, ...] = ()
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimerRules:
    """What rules/reminders.yaml says.

    Attributes:
        remind_of_held: how often the desk is told of a mail that waits for its decision.
        words: what is said on the ticket, by `reminder` and `closing`, then language.
    """

    reminders: ReminderRules
    remind_of_held: timedelta
    words: Mapping[str, Mapping[str, str]]
    brake: BrakeRules


def pending(
    rules: TimerRules,
    response: Clock,
    resolution: Clock,
    waiting: Waiting | None = None,
    held: Sequence[HeldMail] = (),
) -> tuple[DueTimer, ...]:
    """All that is to fall due on a ticket but for its escalation; see `escalation.escalation_timers`.

    Args:
        waiting: None in any other state than waiting_customer.
        held: mails that wait for the desk's decision, whatever the state.
    """
    timers = [*clock_timers(response, resolution)]
    if waiting and (timer := waiting_timer(waiting, rules.reminders, mail_held=bool(held))):
        timers.append(timer)
    if held:
        since = min(each.told_at for each in held)
        timers.append(DueTimer(Timer.HELD_MAIL, since + rules.remind_of_held, since))
    return tuple(timers)


def waiting_timer(waiting: Waiting, rules: ReminderRules, *, mail_held: bool = False) -> DueTimer | None:
    """What follows in waiting for the customer: the next reminder, or the closing after the last.

    None after a reminder that was returned, for whoever did not get it has not been reminded; and while
    the answer may be in a mail that is held.
    """
    sent = waiting.reminders
    if any(reminder.returned for reminder in sent):
        return None
    earliest = sent[-1].sent_at + rules.notice if sent else waiting.since
    if len(sent) < len(rules.after):
        due_at = max(waiting.since + rules.after[len(sent)], earliest)
        return DueTimer(Timer.REMINDER, due_at, waiting.since, len(sent) + 1)
    if mail_held:
        return None
    due_at = max(waiting.since + rules.close_after, earliest)
    if waiting.away_until:
        due_at = max(due_at, waiting.away_until + rules.notice)
    return DueTimer(Timer.AUTO_CLOSE, due_at, waiting.since)


def clock_timers(response: Clock, resolution: Clock) -> Iterator[DueTimer]:
    """The warnings and breaches to come."""
    yield from _of_clock(response, Timer.RESPONSE_WARNING, Timer.RESPONSE_BREACH)
    yield from _of_clock(resolution, Timer.RESOLUTION_WARNING, Timer.RESOLUTION_BREACH)


def _of_clock(clock: Clock, warning: Timer, breach: Timer) -> Iterator[DueTimer]:
    if clock.effect is not Effect.RUN:
        return
    if clock.warn_at:
        yield DueTimer(warning, clock.warn_at, clock.since)
    if clock.due_at and not clock.breached_at:
        yield DueTimer(breach, clock.due_at, clock.since)
