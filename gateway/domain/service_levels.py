"""What the contracts promise: a calendar by coverage, a goal by priority for each clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.business_hours import Calendar
from gateway.domain.sla import Goal


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """What rules/sla.yaml and rules/calendars.yaml say.

    Attributes:
        calendars: by name.
        coverages: the calendar of each coverage, for contracts that name none.
        default_coverage: of whoever has no contract.
        goals: by priority, then clock.
    """

    calendars: Mapping[str, Calendar]
    coverages: Mapping[str, str]
    default_coverage: str
    goals: Mapping[str, Mapping[str, Goal]]

    def calendar(self, coverage: str, name: str) -> Calendar:
        """The calendar that a contract's clocks run in.

        Args:
            coverage: of the contract, empty where there is none.
            name: of the calendar that the contract names, empty where it names none.
        """
        return self.calendars[name or self.coverages[coverage or self.default_coverage]]
