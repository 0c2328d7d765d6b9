"""What contracts promise: `rules/sla.yaml`, with the calendars it names."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from gateway.domain.service_levels import ServiceLevels
from gateway.domain.sla import Goal
from gateway.rulebook.calendars import load_calendars
from gateway.rulebook.durations import WorkingDuration
from gateway.rulebook.preset import read_rules
from gateway.rulebook.source import Strict, Words, known, typed

COVERAGES = ("24x7", "business-hours")


def _percent(text: object) -> int:
    digits = str(text).removesuffix("%")
    if digits == text or not digits.isascii() or not digits.isdecimal() or not 1 <= int(digits[:4]) <= 100:
        raise ValueError(f"{text!r} is not a share such as 75%")
    return int(digits)


Percent = Annotated[int, BeforeValidator(_percent)]


class TargetEntry(Strict):
    """The working time within which a priority is answered and resolved; `none` where nothing is promised."""

    why: Words
    response: WorkingDuration
    resolution: WorkingDuration


class ClockExample(Strict):
    """What the clocks of a ticket say after some steps.

    Attributes:
        steps: local time in the calendar's zone, and a priority or state: `2026-11-20 17:00 low`. The
            first has the priority at the opening.
        at: the local time of looking, when it is later than the last step.
    """

    coverage: str
    calendar: str = ""
    steps: list[Words] = Field(min_length=1)
    at: str = ""
    response: str
    resolution: str


class ServiceLevelsFile(Strict):
    """sla.yaml."""

    warn_after: Percent
    default_coverage: str
    coverages: dict[str, str]
    targets: dict[str, TargetEntry]
    examples: list[ClockExample] = Field(default_factory=list)


def load_service_levels(
    folder: Path, preset: str = "", *, priorities: list[str], countries: bool = True
) -> ServiceLevels:
    """Calendars and goals.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    calendars = load_calendars(folder, preset, countries=countries)
    source = read_rules(folder, "sla.yaml", preset)
    read = typed(source, ServiceLevelsFile)
    known(source, ("default_coverage",), read.default_coverage, list(COVERAGES), "coverage")
    for coverage, calendar in read.coverages.items():
        known(source, ("coverages", coverage), coverage, list(COVERAGES), "coverage")
        known(source, ("coverages", coverage), calendar, list(calendars), "calendar")
    for coverage in COVERAGES:
        if coverage not in read.coverages:
            raise source.refuse(("coverages",), f"the calendar of {coverage!r} is missing")
    for priority, entry in read.targets.items():
        place = ("targets", priority)
        known(source, place, priority, priorities, "priority")
        if entry.response and entry.resolution and entry.response > entry.resolution:
            raise source.refuse((*place, "resolution"), "a ticket cannot be resolved before it is answered")
        for name, target in (("response", entry.response), ("resolution", entry.resolution)):
            if target == timedelta():
                raise source.refuse((*place, name), "nobody can keep 0 minutes; nothing promised is 'none'")
    for priority in priorities:
        if priority not in read.targets:
            raise source.refuse(("targets",), f"the targets of {priority!r} are missing")
    return ServiceLevels(
        calendars=calendars,
        coverages=read.coverages,
        default_coverage=read.default_coverage,
        goals={
            priority: {
                "response": _goal(entry.response, read.warn_after),
                "resolution": _goal(entry.resolution, read.warn_after),
            }
            for priority, entry in read.targets.items()
        },
    )


def _goal(target: timedelta | None, percent: int) -> Goal:
    if target is None:
        return Goal(None, None)
    return Goal(target, timedelta(seconds=target // timedelta(seconds=1) * percent // 100))
