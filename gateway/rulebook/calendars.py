"""The calendars that contracts name: `rules/calendars.yaml`, with public holidays by country and region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from gateway.domain.business_hours import Calendar, Hours
from gateway.rulebook.durations import Duration
from gateway.rulebook.preset import read_rules
from gateway.rulebook.source import Place, Source, Strict, Words, known, typed


class WeekEntry(Strict):
    """The hours of each day, such as `09:00-12:30 14:00-18:00`; empty when closed."""

    monday: str = ""
    tuesday: str = ""
    wednesday: str = ""
    thursday: str = ""
    friday: str = ""
    saturday: str = ""
    sunday: str = ""


class ClosedDayEntry(Strict):
    """A day on which the desk is closed although it is no public holiday."""

    day: date
    why: Words


class CalendarEntry(Strict):
    """See `domain.business_hours.Calendar`."""

    why: Words
    zone: str
    hours: WeekEntry
    country: str = ""
    region: str = ""
    closed: list[ClosedDayEntry] = Field(default_factory=list)


class CalendarExample(Strict):
    """Working from one local time takes until another."""

    calendar: str
    start: str = Field(alias="from")
    work: Duration
    until: str


class CalendarsFile(Strict):
    """calendars.yaml."""

    calendars: dict[str, CalendarEntry] = Field(min_length=1)
    examples: list[CalendarExample] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """The public holidays of a country or region, and the days that the desk adds."""

    country: str
    region: str
    added: frozenset[date]

    def __call__(self, year: int) -> frozenset[date]:
        """Those of one year; added days of other years are among them."""
        return (
            _public_holidays(self.country, self.region, year) if self.country else frozenset()
        ) | self.added


@lru_cache(maxsize=512)
def _public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    # 0.2 s and 26 MiB: only where a calendar has a country.
    from holidays import country_holidays

    return frozenset(country_holidays(country, subdiv=region or None, years=year))


def load_calendars(folder: Path, preset: str = "", *, countries: bool = True) -> Mapping[str, Calendar]:
    """All calendars by name.

    Args:
        countries: whether to ask the library whether it knows each country, which costs 0.2 s and
            20 MiB; it is asked at start, and for its holidays when they are first needed.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source = read_rules(folder, "calendars.yaml", preset)
    read = typed(source, CalendarsFile)
    return {
        name: _calendar(source, ("calendars", name), each, countries=countries)
        for name, each in read.calendars.items()
    }


def _calendar(source: Source, place: Place, entry: CalendarEntry, *, countries: bool) -> Calendar:
    try:
        ZoneInfo(entry.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        reason = f"there is no time zone {entry.zone!r}; it is written as Europe/Paris"
        raise source.refuse((*place, "zone"), reason) from error
    if countries:
        _check_country(source, place, entry)
    week = tuple(_hours(source, (*place, "hours", day), text) for day, text in entry.hours)
    closed = ClosedDays(entry.country, entry.region, frozenset(each.day for each in entry.closed))
    try:
        return Calendar(entry.zone, week, closed)
    except ValueError as error:
        raise source.refuse((*place, "hours"), str(error)) from error


def _check_country(source: Source, place: Place, entry: CalendarEntry) -> None:
    if not entry.country:
        if entry.region:
            raise source.refuse((*place, "region"), "a region needs its country")
        return
    from holidays import country_holidays, list_supported_countries

    try:
        country_holidays(entry.country, subdiv=entry.region or None)
    except NotImplementedError:
        regions = list_supported_countries()
        known(source, (*place, "country"), entry.country, list(regions), "country with public holidays")
        known(source, (*place, "region"), entry.region, regions[entry.country], f"region of {entry.country}")
        raise


def _hours(source: Source, place: Place, text: str) -> Hours:
    hours = tuple(_spans(source, place, text))
    marks = [minute for span in hours for minute in span]
    if marks != sorted(set(marks)):
        raise source.refuse(place, f"{text!r}: hours must follow one another")
    return hours


def _spans(source: Source, place: Place, text: str) -> Iterator[tuple[int, int]]:
    for span in text.split():
        opens, closes = map(_minute, span.partition("-")[::2])
        if opens is None or closes is None:
            raise source.refuse(place, f"{span!r} is not like 09:00-12:30")
        yield opens, closes


def _minute(text: str) -> int | None:
    hour, minute = text[:2], text[3:]
    if len(text) != 5 or text[2] != ":" or not (hour + minute).isdecimal() or not text.isascii():
        return None
    after = timedelta(hours=int(hour), minutes=int(minute))
    return after // timedelta(minutes=1) if int(minute) < 60 and after <= timedelta(days=1) else None
