"""Dates as people and programs write them in a text: `15 août 2026`, `le 15/08`, `August 15th, 2026`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from gateway.domain.reading.folding import fold

_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2}))?(?!\d)")
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[./-](\d{1,2})[./-](\d{1,2})(?!\d)")
_CJK = re.compile(r"((?:19|20)\d\d)[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:er|re|st|nd|rd|th|\.|º|°)?,? (?:de |d'|of )?([^\W\d_]{3,12})\.?,?(?: (?:de |del )?(\d{4}))?(?!\d)"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?(?![\d:])")
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:.h](\d{2})(?::\d{2})?(?: ?([AaPp])\.?[Mm])?")
_NOON = 12
_CENTURY = 2000
_LONG_AGO = timedelta(days=200)


def find_date(text: str, months: Mapping[str, int], *, near: date | None) -> date | None:
    """The first date in `text`, or None.

    Args:
        near: fills in a missing year, with the next such day after it (less half a year), and tells
            5/1 from 1/5 where both are days: day first unless that is far in the past of it.
    """
    found = _ISO.search(text) or _CJK.search(text)
    if found:
        return _day(int(found[1]), int(found[2]), int(found[3]))
    best: tuple[int, date] | None = None
    for pattern, reading in ((_NUMERIC, _numeric), (_DAY_FIRST, _named), (_MONTH_FIRST, _named_month_first)):
        for match in pattern.finditer(text):
            day = reading(match, months, near)
            if day is not None:
                if best is None or match.start() < best[0]:
                    best = (match.start(), day)
                break
    return best[1] if best else None


def read_written_date(text: str, months: Mapping[str, int]) -> datetime | None:
    """The instant that a copied header line names, its zone unknown and read as UTC; None where none is told."""
    day = find_date(text, months, near=None)
    if day is None:
        return None
    hour = minute = 0
    time = _TIME.search(text)
    if time:
        hour, minute = int(time[1]), int(time[2])
        if time[3] and time[3].lower() == "p" and hour < _NOON:
            hour += _NOON
    try:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    except ValueError:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _numeric(match: re.Match[str], _months: Mapping[str, int], near: date | None) -> date | None:
    first, second = int(match[1]), int(match[2])
    year = int(match[3]) if match[3] else 0
    if match[3] and len(match[3]) == 2:
        year += _CENTURY
    if not year and near is None:
        return None
    day_first = _dated(year, second, first, near)
    month_first = _dated(year, first, second, near)
    if day_first and month_first and near and year and day_first < near - _LONG_AGO <= month_first:
        return month_first
    if (
        day_first
        and month_first
        and near
        and year
        and abs(day_first - near) > 2 * _LONG_AGO > abs(month_first - near)
    ):
        return month_first
    return day_first or month_first


def _named(match: re.Match[str], months: Mapping[str, int], near: date | None) -> date | None:
    month = months.get(fold(match[2]))
    return _dated(int(match[3] or 0), month, int(match[1]), near) if month else None


def _named_month_first(match: re.Match[str], months: Mapping[str, int], near: date | None) -> date | None:
    month = months.get(fold(match[1]))
    return _dated(int(match[3] or 0), month, int(match[2]), near) if month else None


def _dated(year: int, month: int, day: int, near: date | None) -> date | None:
    if year:
        return _day(year, month, day)
    if near is None:
        return None
    this_year = _day(near.year, month, day)
    if this_year and this_year < near - _LONG_AGO:
        return _day(near.year + 1, month, day)
    return this_year


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
