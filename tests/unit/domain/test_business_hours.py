"""Working time: equal to a count by minutes, additive, and the inverse of when it is due."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.business_hours import ALWAYS, Calendar, Hours, no_closed_days
from tests.unit.domain.slow_hours import slow_working_time

OFFICE: Hours = ((9 * 60, 12 * 60 + 30), (13 * 60 + 30, 18 * 60))
OFFICE_WEEK = (OFFICE,) * 5 + ((), ())
ALL_DAY = (((0, 24 * 60),),) * 7
NIGHT = (((0, 3 * 60 + 15), (22 * 60, 24 * 60)),) * 7
HOUR = timedelta(hours=1)

# When the clocks change in 2026: the day, and the length of what is skipped or repeated.
CHANGES = [
    ("Europe/Paris", date(2026, 3, 29), -HOUR),
    ("Europe/Paris", date(2026, 10, 25), HOUR),
    ("America/New_York", date(2026, 3, 8), -HOUR),
    ("America/New_York", date(2026, 11, 1), HOUR),
    ("Australia/Lord_Howe", date(2026, 10, 4), -HOUR / 2),
    ("Australia/Lord_Howe", date(2026, 4, 5), HOUR / 2),
]
ZONES = ["UTC", "Asia/Kathmandu", "Pacific/Apia", *dict.fromkeys(zone for zone, _, _ in CHANGES)]


def closed_days(year: int) -> frozenset[date]:
    return frozenset([date(year, 1, 1), date(year, 5, 1), date(year, 10, 26), date(year, 12, 25)])


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    marks = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=6)))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


weeks = st.lists(hours(), min_size=7, max_size=7).map(tuple).filter(any)
calendars = st.builds(Calendar, st.sampled_from(ZONES), weeks, st.just(closed_days))
# From before a change of year to after the next one.
instants = st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001
minutes = instants.map(lambda at: at.replace(second=0, microsecond=0))
amounts = st.timedeltas(timedelta(seconds=1), timedelta(hours=300))


@given(calendars, minutes, st.integers(0, 6 * 24 * 60))
def test_it_is_what_a_count_by_minutes_gives(calendar: Calendar, start: datetime, length: int) -> None:
    end = start + timedelta(minutes=length)

    slow = slow_working_time(start, end, calendar.zone, calendar.week, closed_days)

    assert calendar.working_time(start, end) == slow


@pytest.mark.parametrize(("zone", "day", "_length"), CHANGES)
@pytest.mark.parametrize("week", [OFFICE_WEEK, ALL_DAY, NIGHT])
def test_over_the_week_end_of_a_change_it_is_what_a_count_by_minutes_gives(
    zone: str, day: date, _length: timedelta, week: tuple[Hours, ...]
) -> None:
    calendar = Calendar(zone, week, closed_days)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    for hour in range(0, 96, 5):
        start = begin + hour * HOUR
        slow = slow_working_time(start, begin + 96 * HOUR, zone, week, closed_days)
        assert calendar.working_time(start, begin + 96 * HOUR) == slow


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "UTC"])
def test_a_new_year_is_a_day_like_others(zone: str) -> None:
    """A local day belongs to two UTC years where the zone is west or east of UTC."""
    begin = datetime(2025, 12, 30, tzinfo=UTC)
    for hour in range(0, 96, 5):
        at = begin + hour * HOUR
        for week in (ALL_DAY, NIGHT):
            slow = slow_working_time(begin, at, zone, week, no_closed_days)
            assert Calendar(zone, week).working_time(begin, at) == slow
            assert Calendar(zone, week).working_time(at, begin + 96 * HOUR) == slow_working_time(
                at, begin + 96 * HOUR, zone, week, no_closed_days
            )


@pytest.mark.parametrize(("zone", "day", "length"), CHANGES)
def test_a_day_on_which_the_clocks_change_is_longer_or_shorter(
    zone: str, day: date, length: timedelta
) -> None:
    midnight, next_midnight = (local(f"{each}T00:00", zone) for each in (day, day + timedelta(days=1)))

    assert Calendar(zone, ALL_DAY).working_time(midnight, next_midnight) == 24 * HOUR + length


def test_an_hour_that_comes_twice_counts_twice_and_one_that_is_left_out_does_not() -> None:
    """Paris, hours from 01:00 to 02:30 every day.

    On 25 October 2026 the clock shows 02:00 to 03:00 twice: 1.5 h, then 02:00 to 02:30 again: 2 h.
    On 29 March 2026 it goes from 02:00 to 03:00: 1 h.
    """
    calendar = Calendar("Europe/Paris", (((60, 150),),) * 7)

    autumn = calendar.working_time(
        local("2026-10-25T00:00", "Europe/Paris"), local("2026-10-26T00:00", "Europe/Paris")
    )
    spring = calendar.working_time(
        local("2026-03-29T00:00", "Europe/Paris"), local("2026-03-30T00:00", "Europe/Paris")
    )

    assert (autumn, spring) == (2 * HOUR, HOUR)
    # 01:00 CEST is 23:00 UTC; 1.5 h until 00:30, half an hour's break, and from 01:00 UTC a quarter more.
    begin = local("2026-10-25T00:00", "Europe/Paris")
    assert calendar.due(begin, 1.75 * HOUR) == datetime(2026, 10, 25, 1, 15, tzinfo=UTC)


def test_a_local_day_that_never_was_has_no_hours() -> None:
    """Samoa went from 29 to 31 December 2011: a Friday without hours, and a week of six days."""
    calendar = Calendar("Pacific/Apia", ALL_DAY)

    worked = calendar.working_time(
        local("2011-12-26T00:00", "Pacific/Apia"), local("2012-01-02T00:00", "Pacific/Apia")
    )

    assert worked == 6 * 24 * HOUR


def test_a_week_end_and_a_holiday_lie_between() -> None:
    """Friday 23 October 2026, 17:00 in Paris, and 4 hours of work.

    1 h until 18:00. Saturday and Sunday are free, and in the night the clocks go back. Monday the 26th is
    closed. On Tuesday 3 h from 09:00: 12:00 in winter time, 11:00 UTC.
    """
    calendar = Calendar("Europe/Paris", OFFICE_WEEK, closed_days)
    friday = local("2026-10-23T17:00", "Europe/Paris")

    due = calendar.due(friday, 4 * HOUR)

    assert due == datetime(2026, 10, 27, 11, tzinfo=UTC)
    assert calendar.working_time(friday, due) == 4 * HOUR


@given(calendars, st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_two_parts_are_the_whole(calendar: Calendar, at: list[datetime]) -> None:
    first, middle, last = at

    parts = calendar.working_time(first, middle) + calendar.working_time(middle, last)

    assert parts == calendar.working_time(first, last)
    assert timedelta() <= parts <= last - first
    assert calendar.working_time(last, first) == timedelta()


@given(calendars, instants, amounts)
def test_when_it_is_due_is_the_inverse_of_how_much_it_is(
    calendar: Calendar, start: datetime, amount: timedelta
) -> None:
    due = calendar.due(start, amount)

    assert due >= start + amount
    assert calendar.working_time(start, due) == amount
    assert calendar.working_time(start, due - timedelta(microseconds=1)) < amount


@given(calendars, instants, amounts, amounts)
def test_more_work_is_due_later(
    calendar: Calendar, start: datetime, amount: timedelta, more: timedelta
) -> None:
    assert calendar.due(start, amount) < calendar.due(start, amount + more)
    assert calendar.due(calendar.due(start, amount), more) == calendar.due(start, amount + more)


@given(instants, amounts)
def test_around_the_clock_working_time_is_time(start: datetime, amount: timedelta) -> None:
    assert ALWAYS.due(start, amount) == start + amount
    assert ALWAYS.working_time(start, start + amount) == amount


@given(calendars, instants)
def test_nothing_to_do_is_done_at_once(calendar: Calendar, start: datetime) -> None:
    assert calendar.due(start, timedelta()) == calendar.due(start, -HOUR) == start


def test_twenty_years_are_not_walked() -> None:
    calendar = Calendar("Europe/Paris", OFFICE_WEEK, closed_days)
    start, end = datetime(2016, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    worked = calendar.working_time(start, end)

    began = time.perf_counter()
    for _ in range(100):
        assert calendar.working_time(start, end) == worked
        assert calendar.working_time(start, calendar.due(start, worked)) == worked

    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("week", "reason"),
    [
        (((),) * 7, "never be open"),
        ((OFFICE,) * 6, "seven days"),
        ((((600, 500),),) * 7, "follow one another"),
        ((((0, 1441),),) * 7, "follow one another"),
        ((((0, 60), (60, 120)),) * 7, "follow one another"),
    ],
)
def test_a_week_that_is_none_is_refused(week: tuple[Hours, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Calendar("UTC", week)


def test_work_that_is_never_done_is_an_error() -> None:
    every_day = frozenset(date(2026, 1, 1) + timedelta(days=number) for number in range(365))
    calendar = Calendar("UTC", ALL_DAY, lambda year: every_day if year == 2026 else frozenset())

    assert (
        calendar.working_time(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
        == timedelta()
    )
    with pytest.raises(OverflowError):
        calendar.due(datetime(9990, 1, 1, tzinfo=UTC), timedelta(days=36500))
