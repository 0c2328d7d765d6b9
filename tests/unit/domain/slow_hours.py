"""Working time counted minute by minute from the wall clock: slow, and written without the module it checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
Week = tuple[tuple[tuple[int, int], ...], ...]


def is_open(at: datetime, zone: str, week: Week, closed: Callable[[int], frozenset[date]]) -> bool:
    """Whether the wall clock of the zone shows an hour of the week."""
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    spans = week[local.weekday()]
    return local.date() not in closed(local.year) and any(a <= minute < b for a, b in spans)


def slow_working_time(
    start: datetime, end: datetime, zone: str, week: Week, closed: Callable[[int], frozenset[date]]
) -> timedelta:
    """From one whole minute to another."""
    at, total = start.astimezone(UTC), timedelta()
    while at < end:
        total += MINUTE * is_open(at, zone, week, closed)
        at += MINUTE
    return total
