"""Alarms: what is wrong now, one row each, and when the operator was last told."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Column, Table, Text

from gateway.domain.alarm import Alarm
from gateway.domain.text import clean_line
from gateway.errors import StorageUnavailable
from gateway.ports import Clock
from gateway.storage.columns import Instant
from gateway.storage.database import Database
from gateway.storage.schema import metadata

log = logging.getLogger(__name__)

alarms = Table(
    "alarms",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("told_at", Instant),
    # An alarm that has ended keeps its row for the day: one that comes and goes is told of once.
    Column("ended_at", Instant),
    sqlite_with_rowid=False,
)

_TOLD_EVERY = timedelta(days=1)
_TELLING = timedelta(minutes=5)
_LONGEST_REASON = 400


class AlarmBoard:
    """The rows of `alarms`: see `ports.Alarms` and `ports.AlarmStore`.

    What this process knows to be written is not written again. A database that is down costs the
    row, not the log's line; it is written when the alarm is next sounded.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, str] = {}

    def sound(self, key: str, reason: str) -> None:
        """It is so, with the reason of today."""
        reason = clean_line(reason, limit=_LONGEST_REASON)
        if self._known.get(key) == reason:
            return
        log.error("alarm", extra={"alarm": key, "reason": reason})
        now = self._clock.now()
        try:
            with self._database.write() as connection:
                again = sa.update(alarms).where(alarms.c.key == key)
                still = connection.execute(again.where(alarms.c.ended_at.is_(None)).values(reason=reason))
                fresh = {"reason": reason, "raised_at": now, "ended_at": None}
                if still.rowcount == 0 and connection.execute(again.values(fresh)).rowcount == 0:
                    connection.execute(sa.insert(alarms).values(key=key, told_at=None, **fresh))
        except StorageUnavailable as error:
            log.warning("alarm.not-stored", extra={"alarm": key, "error": error.code})
        else:
            self._known[key] = reason

    def end(self, key: str) -> None:
        """It is not so any more."""
        if self._known.get(key) == "":
            return
        try:
            with self._database.write() as connection:
                ended = connection.execute(
                    sa.update(alarms)
                    .where(alarms.c.key == key, alarms.c.ended_at.is_(None))
                    .values(ended_at=self._clock.now())
                )
        except StorageUnavailable as error:
            log.warning("alarm.not-stored", extra={"alarm": key, "error": error.code})
        else:
            self._known[key] = ""
            if ended.rowcount:
                log.info("alarm.ended", extra={"alarm": key})

    def end_others(self, family: str, known: Sequence[str]) -> None:
        """End the alarms whose key begins with `family` and with none of `known`: what they speak of is gone."""
        for alarm in self.current():
            if alarm.key.startswith(family) and not alarm.key.startswith(tuple(known)):
                self.end(alarm.key)

    def current(self) -> list[Alarm]:
        """What is wrong now, the oldest first."""
        with self._database.read() as connection:
            return _read(connection, alarms.c.ended_at.is_(None))

    def take_due(self, now: datetime) -> list[Alarm]:
        """Those that the operator has not been told of within a day.

        Whoever takes them has some minutes to say that they are told; then they are due again.
        """
        due = sa.and_(
            alarms.c.ended_at.is_(None),
            sa.or_(alarms.c.told_at.is_(None), alarms.c.told_at <= now - _TOLD_EVERY),
        )
        with self._database.read() as connection:
            if not _read(connection, due):
                return []
        with self._database.write() as connection:
            # Of several workers one finds them due.
            connection.execute(sa.select(alarms.c.key).where(due).order_by(alarms.c.key).with_for_update())
            found = _read(connection, due)
            connection.execute(
                sa.update(alarms)
                .where(alarms.c.key.in_([each.key for each in found]))
                .values(told_at=now - _TOLD_EVERY + _TELLING)
            )
        return found

    def told(self, heard: Sequence[Alarm], *, now: datetime) -> None:
        """The operator has been told of them."""
        keys = [each.key for each in heard]
        with self._database.write() as connection:
            connection.execute(sa.update(alarms).where(alarms.c.key.in_(keys)).values(told_at=now))


def untold(now: datetime) -> sa.ColumnElement[bool]:
    """Of open alarms: those that the operator should have been told of by now, and was not."""
    return sa.or_(alarms.c.told_at.is_(None), alarms.c.told_at <= now - _TOLD_EVERY + _TELLING)


def _read(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[Alarm]:
    rows = connection.execute(sa.select(alarms).where(which).order_by(alarms.c.raised_at, alarms.c.key))
    return [Alarm(row.key, row.reason, row.raised_at) for row in rows]
