"""What falls due by itself, as it must: looked at again at every look, and held by the brake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.torture.year.owed import Happened, owed
from tests.torture.year.reckon import Reckoning
from tests.torture.year.slow_ticket import CLOCKS, SlowTicket


@dataclass(slots=True)
class Brake:
    """What one scheduler remembers of its looks; a restart forgets it."""

    looked: tuple[datetime, float] | None = None
    jumped: bool = False


class FallDue:
    """Carries out on the reckoning's tickets what is due.

    Attributes:
        figures: reminders, closings, warnings, breaches and the like, by kind.
    """

    def __init__(self, reckoning: Reckoning) -> None:
        self._reckoning = reckoning
        self._next: dict[int, datetime | None] = {}
        self.brake = Brake()
        self.done: dict[str, int] = {}
        self.held_looks = 0

    def touch(self, numbers: set[int]) -> None:
        """Something has happened to these tickets."""
        for number in numbers:
            due = self._reckoning.tickets[number].due()
            self._next[number] = due[0][0] if due else None

    def next_at(self) -> datetime | None:
        """When something falls due next."""
        return min(filter(None, self._next.values()), default=None)

    def look(self, now: datetime, monotonic: float) -> None:
        """Everything that is due at `now`, until nothing is left."""
        self.touch(self._reckoning.touched)
        closings = not self._holds(now, monotonic)
        while self._once(now, closings=closings):
            closings = not self._holds(now, monotonic)

    def carry_out(self, now: datetime) -> None:
        """A human has looked: everything, closings included, once."""
        self.touch(self._reckoning.touched)
        while self._once(now, closings=True):
            pass

    def _holds(self, now: datetime, monotonic: float) -> bool:
        rules, brake = self._reckoning.rules, self.brake
        before, brake.looked = brake.looked, (now, monotonic)
        if before is not None:
            apart = (now - before[0]) - timedelta(seconds=monotonic - before[1])
            brake.jumped = brake.jumped or abs(apart) > rules.clock_jump
        tickets = self._reckoning.tickets
        closings = sum(
            kind == "auto_close" and at <= now
            for number, first in self._next.items()
            if first is not None and first <= now
            for at, kind in tickets[number].due()
        )
        still_open = sum(rules.states[each.state].is_open for each in tickets.values())
        many = closings > rules.brake_least and closings > rules.brake_share * still_open
        self.held_looks += brake.jumped or many
        return brake.jumped or many

    def _once(self, now: datetime, *, closings: bool) -> bool:
        anything = False
        for number in sorted(each for each, at in self._next.items() if at is not None and at <= now):
            ticket = self._reckoning.tickets[number]
            for at, kind in ticket.due():
                if at > now or (kind == "auto_close" and not closings):
                    continue
                anything = True
                self.done[kind] = self.done.get(kind, 0) + 1
                happened = self._do(kind, ticket, now)
                self._reckoning.owed += owed(ticket, happened)
                self._reckoning.touched.add(number)
                ticket.past.append(f"{now:%Y-%m-%d %H:%M:%S.%f} falls due: {kind} of {at:%Y-%m-%d %H:%M:%S}")
            self.touch({number})
        return anything

    @staticmethod
    def _do(kind: str, ticket: SlowTicket, now: datetime) -> list[Happened]:
        match kind:
            case "reminder" if ticket.waiting is not None:
                ticket.waiting.reminders.append((now, False))
                ticket.public += 1
                return [Happened("customer_reminded")]
            case "auto_close":
                marks = ticket.move("closed", now, now, resolution="no_answer")
                return [Happened("state:closed"), *marks]
            case "escalation_silence" if ticket.request is not None:
                ticket.request.level += 1
                return [Happened("escalation_climbed", about=ticket.request.by)]
            case "held_mail":
                ticket.held = dict.fromkeys(ticket.held, now)
                return [Happened("held_reminded")]
            case "promised_update":
                ticket.update_told = True
                return [Happened("update_owed")]
        # A look at one clock is a look at both.
        return [Happened(each, about=name) for name in CLOCKS for each in ticket.clocks[name].look(now)]
