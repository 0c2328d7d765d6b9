"""What the gateway's rows say, against what they must say; the first difference ends the year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.storage.database import Database
from gateway.storage.schema import (
    comments,
    contacts,
    escalations,
    inbound,
    outbox,
    participants,
    tickets,
    timeline,
    timers,
)
from tests.torture.year.owed import Owed
from tests.torture.year.reckon import Reckoning
from tests.torture.year.slow_clock import SlowClock
from tests.torture.year.slow_ticket import CLOCKS, SlowTicket

_SAMPLED_EACH = 97
_SAMPLE_AT_MOST = timedelta(hours=9)


class Divergence(AssertionError):
    """The gateway did something else than the rules say."""


class Comparison:
    """Looks at the database.

    Attributes:
        clocks, sampled: comparisons of clocks, and how many of them were counted second by second.
        notifications: rows of the outbox that were owed.
        moves: changes of state that were looked up in the table.
    """

    def __init__(self, database: Database, reckoning: Reckoning) -> None:
        self.database = database
        self._reckoning = reckoning
        self._last_row = 0
        self._runs = 0
        self.clocks = self.sampled = self.notifications = self.moves = 0

    def new_rows(self) -> list[Any]:
        """The outbox's rows since the last time."""
        query = (
            sa.select(
                outbox.c.id,
                outbox.c.ticket,
                outbox.c.template,
                outbox.c.recipient,
                outbox.c.language,
                outbox.c.created_at,
            )
            .where(outbox.c.id > self._last_row)
            .order_by(outbox.c.id)
        )
        with self.database.read() as connection:
            rows = list(connection.execute(query).all())
        self._last_row = max((row.id for row in rows), default=self._last_row)
        return rows

    def notified(self, rows: Iterable[Any], expected: list[Owed]) -> None:
        """Every notification that is owed is there once, in its order, and none that is not."""
        got: dict[int, list[Owed]] = {}
        want: dict[int, list[Owed]] = {}
        for row in rows:
            got.setdefault(row.ticket, []).append(Owed(row.ticket, row.template, row.recipient, row.language))
        for each in expected:
            want.setdefault(each.ticket, []).append(each)
        self.notifications += len(expected)
        for number in sorted(got.keys() | want.keys()):
            # In which order the people of one audience are told is nothing.
            if _in_order(got.get(number, [])) != _in_order(want.get(number, [])):
                missing = Counter(want.get(number, [])) - Counter(got.get(number, []))
                more = Counter(got.get(number, [])) - Counter(want.get(number, []))
                raise self.difference(
                    number,
                    "notifications",
                    f"missing: {_shown(missing)}; order: {_shown(want.get(number, []))}",
                    f"more: {_shown(more)}; order: {_shown(got.get(number, []))}",
                )

    def settled(self, numbers: list[int]) -> dict[int, tuple[str, int | None]]:
        """Of each mail: outcome and ticket, as the ledger has it."""
        query = sa.select(inbound.c.id, inbound.c.outcome, inbound.c.ticket).where(inbound.c.id.in_(numbers))
        with self.database.read() as connection:
            return {row.id: (row.outcome, row.ticket) for row in connection.execute(query)}

    def look_at(self, numbers: Iterable[int], now: datetime) -> None:
        """Compare whole tickets."""
        wanted = sorted(numbers)
        for at in range(0, len(wanted), 200):
            self._look_at(wanted[at : at + 200], now)

    def _look_at(self, numbers: list[int], now: datetime) -> None:
        if not numbers:
            return
        with self.database.read() as connection:
            rows = connection.execute(sa.select(tickets).where(tickets.c.number.in_(numbers))).all()
            people: dict[int, str] = dict(
                connection.execute(sa.select(contacts.c.id, contacts.c.address)).all()
            )
            following = _gathered(
                connection.execute(
                    sa.select(participants.c.ticket, contacts.c.address)
                    .join_from(participants, contacts)
                    .where(participants.c.ticket.in_(numbers))
                )
            )
            said = _gathered(
                connection.execute(
                    sa.select(comments.c.ticket, comments.c.visibility).where(comments.c.ticket.in_(numbers))
                )
            )
            moved = _gathered(
                connection.execute(
                    sa.select(timeline.c.ticket, timeline.c.from_value + ">" + timeline.c.to_value)
                    .where(timeline.c.ticket.in_(numbers), timeline.c.kind == "state")
                    .order_by(timeline.c.id)
                )
            )
            levels: dict[int, int] = dict(
                connection.execute(
                    sa.select(escalations.c.ticket, escalations.c.level).where(
                        escalations.c.ticket.in_(numbers), escalations.c.state == "requested"
                    )
                ).all()
            )
            planned = _gathered(
                connection.execute(
                    sa.select(timers.c.ticket, timers.c.due_at, timers.c.kind).where(
                        timers.c.ticket.in_(numbers), timers.c.done_at.is_(None)
                    )
                ),
            )
        by_number = {row.number: row for row in rows}
        for number in numbers:
            ticket, row = self._reckoning.tickets[number], by_number[number]
            got = _as_it_is(row, people) | {
                "participants": sorted(following.get(number, [])),
                "public": said.get(number, []).count("public"),
                "internal": said.get(number, []).count("internal"),
                "moves": moved.get(number, []),
                "level": levels.get(number, 0),
                "timers": sorted(planned.get(number, [])),
            }
            for name, expected in _as_it_must_be(ticket).items():
                if got[name] != expected:
                    raise self.difference(number, name, expected, got[name])
            self._table(ticket, moved.get(number, []))
            for name in CLOCKS:
                self._clock(ticket, ticket.clocks[name], row.clocks[name], now)

    def _table(self, ticket: SlowTicket, moved: list[str]) -> None:
        states = self._reckoning.rules.states
        for move in moved:
            before, _, after = move.partition(">")
            if after not in states[before].becomes:
                raise self.difference(ticket.number, "transition", "one of the table's", move)
        self.moves += len(moved)

    def _clock(self, ticket: SlowTicket, clock: SlowClock, got: dict[str, Any], now: datetime) -> None:
        self.clocks += 1
        expected = {
            "effect": clock.effect,
            "since": _iso(clock.since),
            "consumed_s": round(clock.before_now().total_seconds()),
            "due_at": _iso(clock.due()),
            "breached_at": _iso(clock.breached_at),
            "warn_at": _iso(clock.warning()),
            "target_s": round(clock.target.total_seconds()),
        }
        for name, value in expected.items():
            if got.get(name) != value:
                raise self.difference(ticket.number, f"{clock.name} {name}", value, got.get(name))
        runs = [*clock.ran, *([(clock.since, now)] if clock.effect == "run" else [])]
        for start, end in runs[-1:]:
            self._runs += 1
            if self._runs % _SAMPLED_EACH == 0:
                until = min(end, start + _SAMPLE_AT_MOST).replace(microsecond=0)
                self.sampled += 1
                if clock.hours.worked(start, until) != clock.hours.counted(start, until):
                    raise self.difference(
                        ticket.number,
                        "counted",
                        clock.hours.counted(start, until),
                        clock.hours.worked(start, until),
                    )

    def difference(self, number: int, what: str, expected: object, got: object) -> Divergence:
        """What differs, and the ticket's last acts."""
        ticket = self._reckoning.tickets.get(number)
        past = "\n  ".join(ticket.past) if ticket else "(no such ticket in the reckoning)"
        return Divergence(
            f"ticket {number}: {what}\n  expected {expected}\n  got      {got}\nits last acts:\n  {past}"
        )


def _in_order(owed: list[Owed]) -> tuple[list[str], list[Owed]]:
    by_person = sorted(owed, key=lambda each: (each.template, each.to, each.language))
    return [each.template for each in owed], by_person


def _gathered(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, *rest in rows:
        found.setdefault(number, []).append(rest[0] if len(rest) == 1 else tuple(rest))
    return found


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _shown(owed: Iterable[Owed]) -> str:
    return ", ".join(f"{each.template} to {each.to} ({each.language})" for each in owed) or "-"


def _as_it_is(row: Any, people: dict[int, str]) -> dict[str, Any]:
    waiting = row.waiting
    return {
        "subject": row.subject,
        "language": row.language,
        "requester": people.get(row.requester_id, ""),
        "team": row.team,
        "assignee": people.get(row.assignee_id, ""),
        "state": row.state,
        "resolution": row.resolution,
        "priority": row.priority,
        "claimed": row.claimed_priority,
        "nudges": row.nudges,
        "escalation": row.escalation,
        "promised": row.promised_since,
        "closed_at": row.closed_at,
        "since": waiting and waiting["since"],
        "reminders": waiting and [tuple(each) for each in waiting["reminders"]],
        "away_until": waiting and waiting["away_until"],
    }


def _as_it_must_be(ticket: SlowTicket) -> dict[str, Any]:
    waiting = ticket.waiting
    return {
        "subject": ticket.subject,
        "language": ticket.language,
        "requester": ticket.requester,
        "team": ticket.team,
        "assignee": ticket.assignee,
        "state": ticket.state,
        "moves": [f"{a}>{b}" for a, b in ticket.moves],
        "resolution": ticket.resolution,
        "priority": ticket.priority,
        "claimed": ticket.claimed,
        "nudges": ticket.nudges,
        "escalation": ticket.escalation,
        "level": ticket.request.level if ticket.request else 0,
        "promised": ticket.promised_since,
        "closed_at": ticket.closed_at,
        "since": waiting and _iso(waiting.since),
        "reminders": waiting and [(_iso(at), returned) for at, returned in waiting.reminders],
        "away_until": waiting and _iso(waiting.away_until),
        "participants": sorted(ticket.participants),
        "public": ticket.public,
        "internal": ticket.internal,
        "timers": sorted(ticket.due()),
    }
