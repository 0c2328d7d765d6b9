"""Measuring the store: cheap questions for whoever watches it every few seconds, dearer ones for metrics."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import sqlalchemy as sa

from gateway.domain.measured import Measured, Queue, Queues
from gateway.storage.alarms import alarms, untold
from gateway.storage.database import Database
from gateway.storage.heartbeats import pulses
from gateway.storage.schema import inbound, outbox, tickets, timers

# Ids are given before they are committed: those of the last few may still come.
_UNSETTLED_IDS = 5000
_LATEST = 1000


class Measures:
    """Measures one database; keeps in mind how many mails it has counted, which never change their channel."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: Counter[str] = Counter()
        self._up_to = 0

    def queues(self, now: datetime) -> Queues:
        """By indexes that hold what waits alone."""
        with self._database.read() as connection:
            return _queues(connection, now)

    def measure(self, now: datetime) -> Measured:
        """All of it, at one instant."""
        with self._database.snapshot() as connection:
            return Measured(
                at=now,
                queues=_queues(connection, now),
                received=self._received(connection),
                outcomes=_by(connection, inbound.c.outcome),
                outbox=_by(connection, outbox.c.state),
                tickets=_by(connection, tickets.c.state),
                settled_in_s=_settled_in_s(connection),
            )

    def _received(self, connection: sa.Connection) -> Counter[str]:
        greatest: int = connection.execute(sa.select(sa.func.max(inbound.c.id))).scalar() or 0
        settled = max(self._up_to, greatest - _UNSETTLED_IDS)
        self._counted += _channels(connection, self._up_to, settled)
        self._up_to = settled
        return self._counted + _channels(connection, settled, greatest)


def _channels(connection: sa.Connection, after: int, up_to: int) -> Counter[str]:
    rows = connection.execute(
        sa.select(inbound.c.channel, sa.func.count())
        .where(inbound.c.id > after, inbound.c.id <= up_to)
        .group_by(inbound.c.channel)
    )
    return Counter(dict(rows.all()))


def _queues(connection: sa.Connection, now: datetime) -> Queues:
    # As text, so that the partial indexes are seen to fit.
    waits: sa.ColumnElement[bool] = sa.literal_column("outcome = 'pending'", sa.Boolean)
    leaves: sa.ColumnElement[bool] = sa.literal_column("state = 'pending'", sa.Boolean)
    # A mail that is read again, or slowed, waits from when it is due on.
    is_new = sa.and_(inbound.c.settled_at.is_(None), inbound.c.instruction == "")
    since = sa.case((is_new, inbound.c.received_at), else_=inbound.c.due_at)
    opened = alarms.c.ended_at.is_(None)
    keys = connection.execute(sa.select(alarms.c.key).where(opened).order_by(alarms.c.key)).scalars()
    not_told = sa.select(sa.func.count()).select_from(alarms).where(opened, untold(now))
    return Queues(
        inbound=_queue(connection, since, waits, inbound.c.historic.is_(False)),
        outbox=_queue(connection, outbox.c.created_at, leaves),
        timers=_queue(connection, timers.c.due_at, timers.c.done_at.is_(None), timers.c.due_at <= now),
        pulses=pulses(connection),
        alarms=tuple(keys),
        untold=connection.execute(not_told).scalar_one(),
    )


def _queue(
    connection: sa.Connection, since: sa.ColumnElement[datetime], *which: sa.ColumnElement[bool]
) -> Queue:
    waiting, oldest = connection.execute(sa.select(sa.func.count(), sa.func.min(since)).where(*which)).one()
    return Queue(waiting, oldest)


def _by(connection: sa.Connection, column: sa.Column[str]) -> dict[str, int]:
    rows = connection.execute(sa.select(column, sa.func.count()).group_by(column))
    return dict(rows.all())


def _settled_in_s(connection: sa.Connection) -> tuple[float, ...]:
    rows = connection.execute(
        sa.select(inbound.c.received_at, inbound.c.settled_at)
        .where(inbound.c.historic.is_(False))
        .order_by(inbound.c.id.desc())
        .limit(_LATEST)
    )
    return tuple(sorted((done - came).total_seconds() for came, done in rows if done is not None))
