"""Reminders, closing, what is owed, and the brake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.brake import hold_closings
from gateway.domain.business_hours import ALWAYS
from gateway.domain.sla import Clock, Effect, Goal, on_effect, on_time, start
from gateway.domain.timers import DueTimer, Reminder, Timer, Waiting, pending, waiting_timer
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy

RULES = load_policy(rules_folder("")).timers
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def clock(hours: int) -> Clock:
    return start(NOW, Effect.RUN, Goal(hours * HOUR, hours * HOUR / 2), ALWAYS)


def played(looks: list[timedelta]) -> list[tuple[timedelta, DueTimer]]:
    """What is carried out by a gateway that looks at these times only, until the ticket is closed."""
    done: list[tuple[timedelta, DueTimer]] = []
    sent: tuple[Reminder, ...] = ()
    for look in looks:
        timer = waiting_timer(Waiting(NOW, sent), RULES.reminders)
        assert timer
        if timer.due_at > NOW + look:
            continue
        done.append((look, timer))
        if timer.kind is Timer.AUTO_CLOSE:
            break
        sent = (*sent, Reminder(NOW + look, returned=False))
    return done


def test_two_reminders_and_a_closing_at_three_six_and_twelve_days() -> None:
    done = played([HOUR * number for number in range(24 * 20)])

    assert [(at, timer.kind, timer.number) for at, timer in done] == [
        (3 * DAY, Timer.REMINDER, 1),
        (6 * DAY, Timer.REMINDER, 2),
        (12 * DAY, Timer.AUTO_CLOSE, 0),
    ]


@given(st.lists(st.timedeltas(timedelta(), 60 * DAY), max_size=40).map(sorted))
def test_however_late_the_gateway_is_each_comes_once_in_order_and_with_notice(looks: list[timedelta]) -> None:
    done = played(looks)

    kinds = [(timer.kind, timer.number) for _, timer in done]
    assert kinds == [(Timer.REMINDER, 1), (Timer.REMINDER, 2), (Timer.AUTO_CLOSE, 0)][: len(kinds)]
    for (before, _), (after, _) in pairwise(done):
        assert after - before >= RULES.reminders.notice
    for (at, _), least in zip(done, (3 * DAY, 6 * DAY, 12 * DAY), strict=False):
        assert at >= least


def test_a_reply_begins_again() -> None:
    timer = waiting_timer(Waiting(NOW + 5 * DAY), RULES.reminders)

    assert timer == DueTimer(Timer.REMINDER, NOW + 8 * DAY, NOW + 5 * DAY, 1)


def test_nothing_follows_a_reminder_that_came_back() -> None:
    returned = Reminder(NOW + 3 * DAY, returned=True)

    assert waiting_timer(Waiting(NOW, (returned,)), RULES.reminders) is None
    assert waiting_timer(Waiting(NOW, (Reminder(NOW, returned=False), returned)), RULES.reminders) is None


def test_whoever_is_away_is_not_closed_before_two_days_at_home() -> None:
    sent = (Reminder(NOW + 3 * DAY, returned=False), Reminder(NOW + 6 * DAY, returned=False))

    timer = waiting_timer(Waiting(NOW, sent, away_until=NOW + 30 * DAY), RULES.reminders)

    assert timer == DueTimer(Timer.AUTO_CLOSE, NOW + 32 * DAY, NOW)


def test_a_held_mail_holds_the_closing_and_no_reminder() -> None:
    sent = (Reminder(NOW + 3 * DAY, returned=False), Reminder(NOW + 6 * DAY, returned=False))

    assert waiting_timer(Waiting(NOW, sent), RULES.reminders, mail_held=True) is None
    assert waiting_timer(Waiting(NOW, sent[:1]), RULES.reminders, mail_held=True)


def test_a_ticket_has_its_clocks_and_its_waiting_pending() -> None:
    found = pending(RULES, clock(2), clock(8), Waiting(NOW))

    assert [(timer.kind, timer.due_at - NOW) for timer in found] == [
        (Timer.RESPONSE_WARNING, HOUR),
        (Timer.RESPONSE_BREACH, 2 * HOUR),
        (Timer.RESOLUTION_WARNING, 4 * HOUR),
        (Timer.RESOLUTION_BREACH, 8 * HOUR),
        (Timer.REMINDER, 3 * DAY),
    ]


def test_a_clock_that_does_not_run_or_is_breached_has_nothing_pending() -> None:
    paused = on_effect(clock(2), Effect.PAUSE, NOW + HOUR / 2, ALWAYS)
    breached = on_time(clock(8), NOW + 8 * HOUR)

    assert pending(RULES, paused, breached) == ()


def test_the_brake_holds_after_a_jump_of_the_clock_either_way() -> None:
    def held(wall: timedelta, monotonic: timedelta) -> str:
        return hold_closings(RULES.brake, wall=wall, monotonic=monotonic, closings=1, open_tickets=100)

    assert held(13 * DAY, HOUR) == "the clock jumped forward by 12 days, 23:00:00"
    assert held(-2 * DAY, HOUR) == "the clock jumped back by 2 days, 1:00:00"
    assert not held(2 * HOUR, HOUR)
    assert held(2 * HOUR + timedelta(seconds=1), HOUR)


@given(st.integers(0, 600), st.integers(0, 600))
def test_the_brake_holds_when_more_than_a_tenth_would_be_closed_at_once(closings: int, others: int) -> None:
    held = hold_closings(
        RULES.brake,
        wall=timedelta(),
        monotonic=timedelta(),
        closings=closings,
        open_tickets=closings + others,
    )

    assert bool(held) == (closings > 5 and closings * 10 > closings + others)
