"""What falls due, as rows: planned anew with every change of a ticket, carried out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.timers import DueTimer, Timer
from gateway.storage.database import Database
from gateway.storage.rows import AnyRow
from gateway.storage.schema import tickets, timers

_UNDONE = timers.c.done_at.is_(None)


class TimerRows:
    """See `ports.Timers`; what was planned is written by `write`, after the tickets."""

    def __init__(self, connection: sa.Connection, insert: Callable[..., Any]) -> None:
        self._connection = connection
        self._insert = insert
        self._planned: dict[int, tuple[DueTimer, ...]] = {}
        self._new: set[int] = set()
        self._done: list[dict[str, Any]] = []

    def plan(self, ticket: int, due: tuple[DueTimer, ...], *, is_new: bool) -> None:
        """From now on these and no others are to fall due on the ticket."""
        self._planned[ticket] = due
        if is_new:
            self._new.add(ticket)

    def undone(self, ticket: int, now: datetime) -> list[DueTimer]:
        """What has fallen due on a ticket that is locked, the oldest first."""
        rows = self._connection.execute(
            sa.select(timers).where(timers.c.ticket == ticket, timers.c.due_at <= now, _UNDONE)
        )
        return sorted(map(_timer, rows), key=lambda each: (each.due_at, each.kind))

    def done(self, ticket: int, timer: DueTimer, *, now: datetime) -> None:
        """The timer was carried out, for ever."""
        self._done.append(
            {
                "ticket": ticket,
                "kind": str(timer.kind),
                "number": timer.number,
                "since": timer.since,
                "due_at": timer.due_at,
                "done_at": now,
            }
        )

    def write(self) -> None:
        """Write what was done and planned."""
        known = [number for number in self._planned if number not in self._new]
        if known:
            self._connection.execute(sa.delete(timers).where(timers.c.ticket.in_(known), _UNDONE))
        if self._done:
            self._connection.execute(self._insert(timers).on_conflict_do_nothing(), self._done)
        rows = [
            {
                "ticket": ticket,
                "kind": str(each.kind),
                "number": each.number,
                "since": each.since,
                "due_at": each.due_at,
                "done_at": None,
            }
            for ticket, planned in self._planned.items()
            for each in planned
        ]
        if rows:
            self._connection.execute(self._insert(timers).on_conflict_do_nothing(), rows)


class TimerStore:
    """Timers as the scheduler and the command line look at them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime, *, limit: int, after: int = 0) -> list[int]:
        """Tickets on which something has fallen due, by number from `after` on."""
        query = (
            sa.select(timers.c.ticket)
            .where(_UNDONE, timers.c.due_at <= now, timers.c.ticket > after)
            .distinct()
            .order_by(timers.c.ticket)
            .limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def until(self, at: datetime, *, limit: int = 10_000) -> Iterator[tuple[int, DueTimer]]:
        """Ticket and timer of all that falls due until `at`, the earliest first."""
        query = (
            sa.select(timers)
            .where(_UNDONE, timers.c.due_at <= at)
            .order_by(timers.c.due_at, timers.c.ticket)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows: Sequence[AnyRow] = connection.execute(query).all()
        return ((row.ticket, _timer(row)) for row in rows)

    def closings(self, now: datetime, ended: Sequence[str]) -> tuple[int, int]:
        """How many closings have fallen due, and how many tickets are open.

        Args:
            ended: the states that are not open.
        """
        due = sa.select(sa.func.count()).where(
            _UNDONE, timers.c.due_at <= now, timers.c.kind == str(Timer.AUTO_CLOSE)
        )
        still_open = sa.select(sa.func.count()).where(tickets.c.state.not_in(ended))
        with self._database.read() as connection:
            return connection.execute(due).scalar_one(), connection.execute(still_open).scalar_one()


def _timer(row: AnyRow) -> DueTimer:
    return DueTimer(Timer(row.kind), row.due_at, row.since, row.number)
