"""The examples of `rules/calendars.yaml`, `rules/sla.yaml` and `rules/reminders.yaml`, run against the policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.brake import hold_closings
from gateway.domain.business_hours import Calendar
from gateway.domain.policy import Policy
from gateway.domain.sla import CLOCKS, Clock, on_effect, on_goal, on_time, start
from gateway.domain.timers import Reminder, Timer, Waiting, waiting_timer
from gateway.rulebook.calendars import CalendarExample, CalendarsFile
from gateway.rulebook.durations import say_duration
from gateway.rulebook.policy import load_policy
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.reminders import BrakeExample, ReminderExample, RemindersFile
from gateway.rulebook.service_levels import COVERAGES, ClockExample, ServiceLevelsFile
from gateway.rulebook.source import Place, Source, known, typed

_LOCAL = "%Y-%m-%d %H:%M"
_TOUCHED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def run_clock_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run all of them.

    Raises:
        ConfigurationError: a rule is wrong, or an example names what does not exist or is no time.
    """
    policy = load_policy(folder, preset)
    source = read_rules(folder, "calendars.yaml", preset)
    for number, work in enumerate(typed(source, CalendarsFile).examples):
        yield _work(work, policy, source, ("examples", number))
    source = read_rules(folder, "sla.yaml", preset)
    for number, story in enumerate(typed(source, ServiceLevelsFile).examples):
        yield from _story(story, policy, source, ("examples", number))
    examples = typed(read_rules(folder, "reminders.yaml", preset), RemindersFile).examples
    for waiting in examples.waiting:
        yield _waiting(waiting, policy)
    for braked in examples.brake:
        yield _brake(braked, policy)


def _work(example: CalendarExample, policy: Policy, source: Source, place: Place) -> ReadingExample:
    calendars = policy.service_levels.calendars
    known(source, (*place, "calendar"), example.calendar, list(calendars), "calendar")
    calendar = calendars[example.calendar]
    begin = _instant(source, (*place, "from"), example.start, calendar)
    shown = f"{say_duration(example.work)} from {example.start} in {example.calendar}"
    found = _local(calendar.due(begin, example.work), calendar)
    return ReadingExample("calendars.yaml", shown, example.until, found)


def _story(example: ClockExample, policy: Policy, source: Source, place: Place) -> Iterator[ReadingExample]:
    levels = policy.service_levels
    known(source, (*place, "coverage"), example.coverage, list(COVERAGES), "coverage")
    if example.calendar:
        known(source, (*place, "calendar"), example.calendar, list(levels.calendars), "calendar")
    calendar = levels.calendar(example.coverage, example.calendar)
    steps = [_step(source, (*place, "steps", n), step, calendar) for n, step in enumerate(example.steps)]
    known(source, (*place, "steps", 0), steps[0][1], list(policy.priorities), "priority")
    for number, (_, word) in enumerate(steps):
        terms = [*policy.priorities, *policy.workflow.states]
        known(source, (*place, "steps", number), word, terms, "priority or state")
    now = _instant(source, (*place, "at"), example.at, calendar) if example.at else steps[-1][0]
    for name, expected in zip(CLOCKS, (example.response, example.resolution), strict=True):
        clock = on_time(_played(name, steps, policy, calendar), now)
        shown = ", ".join([*example.steps, *filter(None, [example.at])])
        yield ReadingExample(
            "sla.yaml", f"{name} in {example.coverage}: {shown}", expected, _said(clock, calendar)
        )


def _played(name: str, steps: list[tuple[datetime, str]], policy: Policy, calendar: Calendar) -> Clock:
    (at, priority), *rest = steps
    states, goals = policy.workflow.states, policy.service_levels.goals
    clock = start(at, states[policy.workflow.initial].clocks[name], goals[priority][name], calendar)
    for at, word in rest:
        if word in states:
            clock = on_effect(clock, states[word].clocks[name], at, calendar)
        else:
            clock = on_goal(clock, goals[word][name], at, calendar)
    return clock


def _said(clock: Clock, calendar: Calendar) -> str:
    minutes = clock.consumed // timedelta(minutes=1)
    used = f"{minutes // 60}:{minutes % 60:02}"
    if clock.stopped_at:
        said = f"stopped after {used}"
    elif clock.paused:
        said = f"paused after {used}"
    else:
        said = f"due {_local(clock.due_at, calendar)}" if clock.due_at else "nothing promised"
    mark = ", breached" if clock.breached_at else ", warned" if clock.warned_at else ""
    return said + mark


def _waiting(example: ReminderExample, policy: Policy) -> ReadingExample:
    last = len(example.sent) - 1
    sent = tuple(
        Reminder(_TOUCHED + after, returned=example.returned and number == last)
        for number, after in enumerate(example.sent)
    )
    away_until = None if example.away_until is None else _TOUCHED + example.away_until
    waiting = Waiting(_TOUCHED, sent, away_until)
    timer = waiting_timer(waiting, policy.timers.reminders, mail_held=example.mail_held)
    found = "nothing"
    if timer:
        which = f"reminder {timer.number}" if timer.kind is Timer.REMINDER else timer.kind.value
        found = f"{which} after {say_duration(timer.due_at - _TOUCHED)}"
    facts = [f"reminded after {say_duration(after)}" for after in example.sent] or ["not reminded"]
    facts += ["returned"] * example.returned
    if example.away_until is not None:
        facts.append(f"away for {say_duration(example.away_until)}")
    facts += ["mail held"] * example.mail_held
    return ReadingExample("reminders.yaml", ", ".join(facts), example.next, found)


def _brake(example: BrakeExample, policy: Policy) -> ReadingExample:
    reason = hold_closings(
        policy.timers.brake,
        wall=example.wall,
        monotonic=example.monotonic,
        closings=example.closings,
        open_tickets=example.open,
    )
    shown = (
        f"to close: {example.closings} of {example.open}, the clock {say_duration(example.wall)} on "
        f"after {say_duration(example.monotonic)}"
    )
    said = ("goes on", "holds")
    return ReadingExample("reminders.yaml", shown, said[example.holds], said[bool(reason)])


def _step(source: Source, place: Place, step: str, calendar: Calendar) -> tuple[datetime, str]:
    at, _, word = step.rpartition(" ")
    return _instant(source, place, at, calendar), word


def _instant(source: Source, place: Place, text: str, calendar: Calendar) -> datetime:
    try:
        return datetime.strptime(text, _LOCAL).replace(tzinfo=ZoneInfo(calendar.zone))
    except ValueError as error:
        raise source.refuse(place, f"{text!r} is not a time such as 2026-11-20 17:00") from error


def _local(at: datetime, calendar: Calendar) -> str:
    return at.astimezone(ZoneInfo(calendar.zone)).strftime(_LOCAL)
