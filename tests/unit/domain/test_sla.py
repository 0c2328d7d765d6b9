"""The two clocks, against the desk's own words and against a count minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.business_hours import ALWAYS, Calendar
from gateway.domain.sla import CLOCKS, Clock, Effect, Goal, Mark, news, on_effect, on_goal, on_time, start
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy
from tests.unit.domain.slow_hours import MINUTE, is_open

POLICY = load_policy(rules_folder(""))
STATES = POLICY.workflow.states
LEVELS = POLICY.service_levels
FR = LEVELS.calendars["FR"]
HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 16, tzinfo=UTC)  # 17:00 in Paris
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Paris

# The desk's own words, written here once more by hand.
FIRST_ANSWERS = {"scheduled", "waiting_customer", "resolved", "closed"}
PAUSES = {"waiting_customer", "waiting_third_party"}
DONE = {"resolved", "closed"}

Step = tuple[datetime, str]


def opened(name: str, at: datetime, priority: str, calendar: Calendar = FR) -> Clock:
    return start(at, Effect.RUN, LEVELS.goals[priority][name], calendar)


def after(clock: Clock, name: str, steps: list[Step], calendar: Calendar = FR) -> Clock:
    for at, word in steps:
        if word in STATES:
            clock = on_effect(clock, STATES[word].clocks[name], at, calendar)
        else:
            clock = on_goal(clock, LEVELS.goals[word][name], at, calendar)
    return clock


def counted(
    name: str, begin: datetime, priority: str, steps: list[Step], end: datetime, calendar: Calendar
) -> tuple[timedelta, datetime | None]:
    """Working time used and instant of the breach, minute by minute, from the desk's own words."""
    state, answered, used, breached = "submitted", False, timedelta(), None
    waiting = list(steps)
    at = begin
    while True:
        while waiting and waiting[0][0] == at:
            word = waiting.pop(0)[1]
            state, priority = (word, priority) if word in STATES else (state, word)
            answered = answered or state in FIRST_ANSWERS
            runs = state not in PAUSES | DONE and not (name == "response" and answered)
            if runs and not breached and used >= (LEVELS.goals[priority][name].target or timedelta.max):
                breached = at
        if at == end:
            return used, breached
        runs = state not in PAUSES | DONE and not (name == "response" and answered)
        if runs and is_open(at, calendar.zone, calendar.week, calendar.closed_days):
            used += MINUTE
            if not breached and used >= (LEVELS.goals[priority][name].target or timedelta.max):
                breached = at + MINUTE
        at += MINUTE


words = st.sampled_from([*STATES, *POLICY.priorities])
calendars = st.sampled_from(list(LEVELS.calendars.values()))
# Over the week-ends on which Paris and London change their clocks, and a holiday.
begins = st.sampled_from(
    [FRIDAY, datetime(2026, 3, 27, 15, tzinfo=UTC), datetime(2026, 10, 23, 15, tzinfo=UTC)]
)


@st.composite
def stories(draw: st.DrawFn) -> tuple[datetime, list[Step], datetime]:
    begin = draw(begins)
    offsets = sorted(draw(st.lists(st.integers(0, 5 * 24 * 60), min_size=1, max_size=8)))
    steps = [(begin + offset * MINUTE, draw(words)) for offset in offsets]
    return begin, steps, steps[-1][0] + draw(st.integers(0, 24 * 60)) * MINUTE


@given(stories(), st.sampled_from(CLOCKS), st.sampled_from(list(POLICY.priorities)), calendars)
def test_whatever_happens_a_clock_is_what_a_count_by_minutes_gives(
    story: tuple[datetime, list[Step], datetime], name: str, priority: str, calendar: Calendar
) -> None:
    begin, steps, end = story

    clock = on_time(after(opened(name, begin, priority, calendar), name, steps, calendar), end)

    assert (clock.used(end, calendar), clock.breached_at) == counted(
        name, begin, priority, steps, end, calendar
    )
    if clock.effect is Effect.RUN and clock.goal.target and clock.due_at and clock.due_at > end:
        assert calendar.working_time(end, clock.due_at) == clock.goal.target - clock.used(end, calendar)


@given(stories(), st.sampled_from(CLOCKS), calendars, st.data())
def test_run_and_pause_are_the_whole_and_nothing_runs_back(
    story: tuple[datetime, list[Step], datetime], name: str, calendar: Calendar, data: st.DataObject
) -> None:
    """Between two steps all working time is either used or not; odd seconds included."""
    begin, steps, _ = story
    begin += timedelta(microseconds=data.draw(st.integers(0, 10**8)))
    steps = [(at + timedelta(microseconds=data.draw(st.integers(10**8, 10**9))), word) for at, word in steps]
    clock = opened(name, begin, "low", calendar)
    ran = rested = timedelta()
    last = clock.since

    for at, word in sorted(steps):
        runs, used = clock.effect is Effect.RUN, clock.used(at, calendar)
        span = calendar.working_time(last, at.replace(microsecond=0))
        ran, rested = (ran + span, rested) if runs else (ran, rested + span)
        last = at.replace(microsecond=0)
        clock = after(clock, name, [(at, word)], calendar)
        assert clock.used(at, calendar) == used == ran
        assert clock.since.microsecond == clock.consumed.microseconds == 0

    assert ran + rested == calendar.working_time(clock.started_at, last)


@given(stories())
def test_once_answered_the_response_clock_never_changes(story: tuple[datetime, list[Step], datetime]) -> None:
    begin, steps, _ = story
    answered = after(opened("response", begin, "low"), "response", [(begin + HOUR, "scheduled")])

    assert after(answered, "response", [(at + HOUR, word) for at, word in steps]) == answered
    assert answered.stopped_at == begin + HOUR


def test_a_pause_over_the_week_end() -> None:
    """High, 8 h to resolve, Friday 17:00 in Paris; a third party from 17:30 on Friday to 10:00 on Monday.

    Half an hour is used, 7.5 h are left. Monday 10:00 to 12:30 and 13:30 to 18:00 are 7 h, and half an hour
    on Tuesday makes 09:30, 08:30 UTC.
    """
    clock = opened("resolution", FRIDAY, "high")
    assert clock.due_at == datetime(2026, 11, 23, 16, tzinfo=UTC)  # 1 h on Friday, 7 h on Monday: 17:00

    paused = after(clock, "resolution", [(FRIDAY + HOUR / 2, "waiting_third_party")])
    resumed = after(paused, "resolution", [(MONDAY + HOUR, "in_progress")])

    assert (paused.paused, paused.due_at, paused.consumed) == (True, None, HOUR / 2)
    assert resumed.due_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def test_a_reopened_ticket_resumes_its_resolution() -> None:
    clock = opened("resolution", MONDAY, "high")

    resolved = after(clock, "resolution", [(MONDAY + HOUR, "resolved"), (MONDAY + 2 * HOUR, "closed")])
    reopened = after(resolved, "resolution", [(MONDAY + 3 * HOUR, "in_progress")])

    assert resolved.stopped_at == MONDAY + HOUR
    assert reopened.stopped_at is None
    assert reopened.consumed == HOUR


def test_a_warning_and_a_breach_are_on_record_once() -> None:
    """Urgent, 30 minutes to answer, around the clock: warned after 75% of it, 22.5 minutes."""
    clock = opened("response", FRIDAY, "urgent", ALWAYS)
    assert clock.warn_at == FRIDAY + timedelta(minutes=22, seconds=30)

    warned = on_time(clock, FRIDAY + timedelta(minutes=23))
    breached = on_time(warned, FRIDAY + HOUR)

    assert news(None, clock) == news(warned, on_time(warned, FRIDAY + timedelta(minutes=29))) == ()
    assert news(clock, warned) == (Mark.WARNED,)
    assert news(warned, breached) == (Mark.BREACHED,)
    assert breached.breached_at == FRIDAY + HOUR / 2
    assert on_time(breached, FRIDAY + 2 * HOUR) == breached


def test_an_answer_that_comes_late_is_a_breach_though_no_timer_ran() -> None:
    clock = opened("response", FRIDAY, "urgent", ALWAYS)

    in_time = after(clock, "response", [(FRIDAY + timedelta(minutes=29, seconds=59), "resolved")], ALWAYS)
    late = after(clock, "response", [(FRIDAY + HOUR, "resolved")], ALWAYS)

    assert in_time.breached_at is None
    assert (late.breached_at, late.stopped_at) == (FRIDAY + HOUR / 2, FRIDAY + HOUR)
    assert news(clock, late) == (Mark.BREACHED,)


def test_a_lower_priority_is_warned_of_anew_and_keeps_its_breach() -> None:
    clock = opened("resolution", FRIDAY, "urgent", ALWAYS)  # 4 h
    warned = on_time(clock, FRIDAY + 3 * HOUR)

    lowered = after(warned, "resolution", [(FRIDAY + 3.5 * HOUR, "high")], ALWAYS)  # 8 h, a warning after 6
    assert (lowered.warned_at, lowered.warn_at, lowered.due_at) == (
        None,
        FRIDAY + 6 * HOUR,
        FRIDAY + 8 * HOUR,
    )

    breached = after(warned, "resolution", [(FRIDAY + 5 * HOUR, "high")], ALWAYS)
    assert (breached.breached_at, breached.warn_at) == (FRIDAY + 4 * HOUR, None)


def test_a_priority_that_is_raised_in_a_pause_counts_from_the_end_of_the_pause() -> None:
    """An hour is used of Low; Urgent has 30 minutes. Nothing is breached while the third party is waited for."""
    steps = [(FRIDAY + HOUR, "waiting_third_party"), (FRIDAY + 2 * HOUR, "urgent")]
    paused = after(opened("response", FRIDAY, "low", ALWAYS), "response", steps, ALWAYS)
    assert (paused.due_at, paused.breached_at) == (None, None)

    resumed = after(paused, "response", [(FRIDAY + 3 * HOUR, "in_progress")], ALWAYS)

    assert resumed.breached_at == resumed.due_at == FRIDAY + 3 * HOUR


def test_an_act_that_is_dated_before_the_last_one_takes_nothing_back() -> None:
    """A mail received at 10:00 is read after an agent has acted at 10:05."""
    paused = after(
        opened("resolution", FRIDAY, "low", ALWAYS), "resolution", [(FRIDAY + HOUR, "waiting_customer")]
    )

    resumed = after(paused, "resolution", [(FRIDAY + HOUR / 2, "in_progress")])

    assert (resumed.since, resumed.consumed) == (FRIDAY + HOUR, paused.consumed)


def test_where_nothing_is_promised_nothing_is_due() -> None:
    clock = start(FRIDAY, Effect.RUN, Goal(None, None), ALWAYS)

    assert (clock.due_at, clock.warn_at) == (None, None)
    assert on_time(clock, FRIDAY + timedelta(days=999)) == clock
    assert on_goal(clock, Goal(2 * HOUR, HOUR), FRIDAY + HOUR / 2, ALWAYS).due_at == FRIDAY + 2 * HOUR


def test_a_contract_names_its_calendar_or_takes_its_coverages() -> None:
    assert LEVELS.calendar("24x7", "") == LEVELS.calendars["24x7"]
    assert LEVELS.calendar("business-hours", "GB") == LEVELS.calendars["GB"]
    assert LEVELS.calendar("", "") == LEVELS.calendar("business-hours", "") == FR
