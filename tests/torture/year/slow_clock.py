"""One clock of a ticket, kept as the list of times in which it ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.torture.year.hours import Hours


def second(at: datetime) -> datetime:
    """Clocks know whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0)


@dataclass(slots=True)
class SlowClock:
    """Response or resolution.

    Attributes:
        since: when what it does now began.
        ran: the times in which it ran before.
        kept_due: what was due when it stopped.
    """

    name: str
    hours: Hours
    effect: str
    since: datetime
    target: timedelta
    warn_after: timedelta
    ran: list[tuple[datetime, datetime]] = field(default_factory=list)
    warned: bool = False
    breached_at: datetime | None = None
    kept_due: datetime | None = None

    @property
    def stopped(self) -> bool:
        """Whether it stands still until a reopening, or for good."""
        return self.effect in {"stop", "end"}

    def before_now(self) -> timedelta:
        """What it had used when `since` began."""
        return sum((self.hours.worked(*each) for each in self.ran), timedelta())

    def due(self) -> datetime | None:
        """When the target is used up, as things stand."""
        if self.effect == "run":
            return self.hours.reached(self.since, self.target - self.before_now())
        return self.kept_due if self.stopped else None

    def warning(self) -> datetime | None:
        """When the desk is to be warned, as things stand."""
        if self.effect != "run" or self.warned or self.breached_at:
            return None
        return self.hours.reached(self.since, self.warn_after - self.before_now())

    def look(self, at: datetime) -> list[str]:
        """Time has passed until `at`: what is new of it. A breach makes a warning pointless."""
        if self.effect != "run":
            return []
        due, warning = self.due(), self.warning()
        if due is not None and due <= at and self.breached_at is None:
            self.breached_at = due
            return ["sla_breached"]
        if warning is not None and warning <= at:
            self.warned = True
            return ["sla_warned"]
        return []

    def does(self, effect: str, at: datetime) -> list[str]:
        """The ticket has come into a state that does `effect` to it."""
        if self.effect in {effect, "end"}:
            return []
        if self.effect == "stop" and effect == "end":
            self.effect = effect
            return []
        news = self._cut(at)
        self.effect = effect
        return news + self.look(self.since)

    def aims(self, target: timedelta, warn_after: timedelta, at: datetime) -> list[str]:
        """The priority is another: what was used is kept."""
        if self.effect == "end":
            return []
        news = [] if self.stopped else self._cut(at)
        self.target, self.warn_after = target, warn_after
        if self.before_now() < warn_after:
            # To be warned of a target that is no more would help nobody.
            self.warned = False
            news = [each for each in news if each != "sla_warned"]
        return news + self.look(self.since)

    def _cut(self, at: datetime) -> list[str]:
        at = max(second(at), self.since)
        news = self.look(at)
        self.kept_due = self.due() if self.effect == "run" else None
        if self.effect == "run":
            self.ran.append((self.since, at))
        self.since = at
        return news
