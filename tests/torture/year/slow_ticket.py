"""One ticket as it must be, by the desk's rules."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.torture.year.owed import Happened
from tests.torture.year.rules import Rules
from tests.torture.year.slow_clock import SlowClock

CLOCKS = ("response", "resolution")


@dataclass(slots=True)
class Wait:
    """A ticket that waits for its customer.

    Attributes:
        since: when it began or, if that is later, when a person last wrote.
        reminders: when each was sent, and whether the requester's came back.
    """

    since: datetime
    reminders: list[tuple[datetime, bool]] = field(default_factory=list)
    away_until: datetime | None = None


@dataclass(slots=True)
class Request:
    """An open request for escalation."""

    at: datetime
    by: str
    level: int = 1


@dataclass(slots=True)
class SlowTicket:
    """A ticket, and what its people have done to it.

    Attributes:
        languages: of people who are no staff, as far as anybody knows it.
        moves: every change of state.
        held: the mails that wait for the desk, and when it was last told of each.
        past: the last acts, newest last.
    """

    rules: Rules
    number: int
    subject: str
    language: str
    requester: str
    team: str
    desk_address: str
    state: str
    priority: str
    clocks: dict[str, SlowClock]
    languages: dict[str, str]
    assignee: str = ""
    resolution: str = ""
    claimed: str = ""
    participants: list[str] = field(default_factory=list)
    nudges: int = 0
    nudged_at: datetime | None = None
    escalation: str = ""
    request: Request | None = None
    promised_since: datetime | None = None
    update_told: bool = False
    closed_at: datetime | None = None
    waiting: Wait | None = None
    held: dict[int, datetime] = field(default_factory=dict)
    public: int = 0
    internal: int = 0
    follows: int = 0
    moves: list[tuple[str, str]] = field(default_factory=list)
    past: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    reminded: int = 0
    closings: int = 0

    def table(self, who: str) -> list[str]:
        """The states that `who` (desk, customer, timer) may bring it to."""
        return [to for to, whose in self.rules.states[self.state].becomes.items() if who in whose]

    def move(self, to: str, at: datetime, now: datetime, *, resolution: str = "") -> list[Happened]:
        """It comes into another state; what its clocks have to say."""
        state = self.rules.states[to]
        self.moves.append((self.state, to))
        self.state = to
        self.resolution = "" if state.is_open else resolution or self.resolution
        self.closed_at = None if state.is_open else now
        self.waiting = Wait(at) if to == "waiting_customer" else None
        if not state.is_open:
            self.promised_since = None
        return [
            Happened(each, about=name)
            for name in CLOCKS
            for each in self.clocks[name].does(state.clocks[name], at)
        ]

    def reprioritise(self, to: str, at: datetime) -> list[Happened]:
        """It has another priority; what its clocks have to say."""
        self.priority = to
        news = []
        for name in CLOCKS:
            target = self.rules.targets[to][name]
            aims = self.clocks[name].aims(target, target * self.rules.warn_share, at)
            news += [Happened(each, about=name) for each in aims]
        return news

    def spoken(self, now: datetime) -> None:
        """A person has said something for both sides: the waiting begins again."""
        if self.waiting is not None:
            self.waiting = Wait(now, away_until=self.waiting.away_until)

    def told_roles(self) -> list[str]:
        """Who is told of the open request at its level."""
        level = self.request.level if self.request else 0
        found = [role for row in self._rows(level) for role in row["tells"]]
        return list(dict.fromkeys(found))

    def _rows(self, level: int) -> list[dict[str, Any]]:
        return [
            row
            for row in self.rules.matrix
            if int(row["level"]) == level and self.priority in row.get("priorities", [self.priority])
        ]

    def climbs_at(self) -> datetime | None:
        """When silence takes the request to the next level, by the rows that are this ticket's."""
        if self.request is None:
            return None
        waits = [timedelta(hours=float(row["after_hours"])) for row in self._rows(self.request.level + 1)]
        return self.request.at + min(waits) if waits else None

    def waits_until(self) -> tuple[datetime, str] | None:
        """The next reminder, or the closing after the last, and when."""
        waiting, rules = self.waiting, self.rules
        if waiting is None or any(returned for _, returned in waiting.reminders):
            return None
        sent = len(waiting.reminders)
        soonest = waiting.reminders[-1][0] + rules.notice if sent else waiting.since
        if sent < len(rules.remind_after):
            return max(waiting.since + rules.remind_after[sent], soonest), "reminder"
        if self.held:
            return None
        at = max(waiting.since + rules.close_after, soonest)
        if waiting.away_until is not None:
            at = max(at, waiting.away_until + rules.notice)
        return at, "auto_close"

    def due(self) -> list[tuple[datetime, str]]:
        """Everything that is to fall due on it, the earliest first."""
        found: list[tuple[datetime, str]] = []
        for name in CLOCKS:
            clock = self.clocks[name]
            if (warning := clock.warning()) is not None:
                found.append((warning, f"{name}_warning"))
            if clock.effect == "run" and clock.breached_at is None and (at := clock.due()) is not None:
                found.append((at, f"{name}_breach"))
        if (wait := self.waits_until()) is not None:
            found.append(wait)
        if self.held:
            found.append((min(self.held.values()) + self.rules.held_every, "held_mail"))
        if (climbs := self.climbs_at()) is not None:
            found.append((climbs, "escalation_silence"))
        if self.promised_since is not None and not self.update_told:
            found.append((self.promised_since + self.rules.update_every, "promised_update"))
        return sorted(found)
