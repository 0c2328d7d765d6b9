"""Working time: how much of it lies between two instants, and when an amount of it has passed.

An instant is working time when the wall clock of the calendar's zone shows an hour of the week's table on
a day that is not closed. So an hour that daylight saving repeats counts twice, and one that it leaves out
does not count; everything is reckoned between UTC instants.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)
# No zone is further from UTC than this, so that a local day lies within its UTC day and this on both sides.
_FURTHEST = timedelta(hours=15)

Hours = tuple[tuple[int, int], ...]
"""From and to, in minutes since local midnight, ascending; `to` is the first minute that is closed again."""


def no_closed_days(_year: int) -> frozenset[date]:
    """The closed days of a calendar that has none."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a desk works.

    Attributes:
        zone: IANA time zone.
        week: the hours of Monday to Sunday.
        closed_days: the local dates of a year on which the desk is closed all day.

    Raises:
        ValueError: the week has no hours, not seven days, or hours that overlap or leave the day.
        ZoneInfoNotFoundError: there is no such zone.
    """

    zone: str
    week: tuple[Hours, ...]
    closed_days: Callable[[int], frozenset[date]] = no_closed_days

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        if not any(self.week):
            raise ValueError("the desk would never be open")
        for hours in self.week:
            marks = [minute for span in hours for minute in span]
            if marks != sorted(set(marks)) or (marks and not 0 <= marks[0] < marks[-1] <= DAY_MINUTES):
                raise ValueError("hours must follow one another within the day")

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`, two aware instants; zero when `end` is not later."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return timedelta()
        whole = sum((_year(self, year).total for year in range(start.year, end.year)), timedelta())
        return whole + _year(self, end.year).until(end) - _year(self, start.year).until(start)

    def due(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant (UTC) at which `amount` of working time has passed since `start`.

        `start` itself when `amount` is not positive.

        Raises:
            OverflowError: that is after the year 9998.
        """
        start = start.astimezone(UTC)
        if amount <= timedelta():
            return start
        year = _year(self, start.year)
        amount += year.until(start)
        for following in range(start.year + 1, 9999):
            if amount <= year.total:
                return year.reached(amount)
            amount -= year.total
            year = _year(self, following)
        raise OverflowError("the working time is never reached")


ALWAYS = Calendar("UTC", (((0, DAY_MINUTES),),) * 7)
"""24/7."""


@dataclass(frozen=True, slots=True)
class _Year:
    """The open spans of one UTC year, ascending and apart, with the working time up to the end of each."""

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]

    @property
    def total(self) -> timedelta:
        return self.worked[-1] if self.worked else timedelta()

    def until(self, instant: datetime) -> timedelta:
        """The working time of the year before `instant`."""
        span = bisect_right(self.opens, instant) - 1
        if span < 0:
            return timedelta()
        return self.worked[span] - max(self.closes[span] - instant, timedelta())

    def reached(self, amount: timedelta) -> datetime:
        """When `amount`, positive and at most `total`, has been worked."""
        span = bisect_left(self.worked, amount)
        return self.closes[span] - (self.worked[span] - amount)


@lru_cache(maxsize=512)
def _year(calendar: Calendar, year: int) -> _Year:
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    opens: list[datetime] = []
    closes: list[datetime] = []
    # A local date may begin in the UTC year before or end in the one after.
    days = (begin.date() + _DAY * number for number in range(-1, (end - begin).days + 1))
    for opened, closed in sorted(span for day in days for span in _open_spans(calendar, day)):
        opened, closed = max(opened, begin), min(closed, end)  # noqa: PLW2901  (cut to the year)
        if closes and opened == closes[-1]:
            closes[-1] = closed
        elif opened < closed:
            opens.append(opened)
            closes.append(closed)
    worked = accumulate(closed - opened for opened, closed in zip(opens, closes, strict=True))
    return _Year(tuple(opens), tuple(closes), tuple(worked))


def _open_spans(calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The UTC spans of one local date."""
    hours = calendar.week[day.weekday()]
    if not hours or day in calendar.closed_days(day.year):
        return
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    zone = ZoneInfo(calendar.zone)
    for begin, end, offset in _offsets(zone, midnight - _FURTHEST, midnight + _DAY + _FURTHEST):
        for opens, closes in hours:
            opened = max(begin, midnight + timedelta(minutes=opens) - offset)
            closed = min(end, midnight + timedelta(minutes=closes) - offset)
            if opened < closed:
                yield opened, closed


def _offsets(
    zone: ZoneInfo, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The parts of a span within which the zone's distance from UTC is the same.

    No zone has ever changed twice within the two days that are asked for and come back to the same distance.
    """
    first, last = _offset(zone, begin), _offset(zone, end)
    if first == last or end - begin == timedelta(seconds=1):
        yield begin, end, first
    else:
        middle = begin + timedelta(seconds=(end - begin) // timedelta(seconds=2))
        yield from _offsets(zone, begin, middle)
        yield from _offsets(zone, middle, end)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
