"""Working time, slowly: day by day in the calendar's own zone, and second by second to check that."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from tests.torture.year.rules import minutes

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)


class Hours:
    """When one calendar of rules/calendars.yaml is worked."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self._zone = ZoneInfo(entry["zone"])
        self._week = [
            [minutes(span) for span in entry["hours"][day].split()] if day in entry["hours"] else []
            for day in _DAYS
        ]
        closed = {date.fromisoformat(each["day"]) for each in entry.get("closed", [])}
        country: Any = {}
        if "country" in entry:
            country = holidays.country_holidays(entry["country"], subdiv=entry.get("region"))
        self._is_closed = cache(lambda day: day in closed or day in country)
        self._spans = cache(self._spans_of)

    def _spans_of(self, day: date) -> list[tuple[datetime, datetime]]:
        if self._is_closed(day):
            return []
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return [
            tuple((midnight + timedelta(minutes=each)).astimezone(UTC) for each in span)  # type: ignore[misc]
            for span in self._week[day.weekday()]
        ]

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two instants."""
        total, day = timedelta(), start.astimezone(self._zone).date()
        last = end.astimezone(self._zone).date()
        while day <= last:
            for opens, closes in self._spans(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += _DAY
        return total

    def reached(self, start: datetime, amount: timedelta) -> datetime:
        """When so much has been worked since `start`; `start` where there is nothing to work."""
        if amount <= timedelta():
            return start
        day = start.astimezone(self._zone).date()
        while True:
            for opens, closes in self._spans(day):
                room = closes - max(opens, start)
                if room >= amount:
                    return max(opens, start) + amount
                amount -= max(room, timedelta())
            day += _DAY

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """The same as `worked`, by looking at the clock on the wall once a second."""
        seconds, at = 0, start
        while at < end:
            wall = at.astimezone(self._zone)
            minute = wall.hour * 60 + wall.minute
            if not self._is_closed(wall.date()):
                seconds += any(a <= minute < b for a, b in self._week[wall.weekday()])
            at += timedelta(seconds=1)
        return timedelta(seconds=seconds)
