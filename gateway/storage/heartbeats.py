"""Which processes are alive, on any number of machines: a row each, renewed while it lives, gone when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Column, Table, Text

from gateway.domain.measured import Pulse
from gateway.storage.columns import Instant
from gateway.storage.database import Database
from gateway.storage.schema import metadata

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("host", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("beat_at", Instant, nullable=False),
    sqlite_with_rowid=False,
    # Of no use once its process is gone: no part of a backup.
    info={"passing": True},
)

# A machine that was taken away is not alarmed about for ever.
_FORGOTTEN_AFTER = timedelta(days=1)


class Heartbeats:
    """The rows of `heartbeats`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, host: str, name: str, *, now: datetime) -> None:
        """The process is alive."""
        mine = (heartbeats.c.host == host, heartbeats.c.name == name)
        with self._database.write() as connection:
            renewed = connection.execute(sa.update(heartbeats).where(*mine).values(beat_at=now))
            if renewed.rowcount == 0:
                connection.execute(sa.insert(heartbeats).values(host=host, name=name, beat_at=now))
            connection.execute(sa.delete(heartbeats).where(heartbeats.c.beat_at < now - _FORGOTTEN_AFTER))

    def end(self, host: str, name: str) -> None:
        """The process ends as it was told to: nobody need miss it."""
        with self._database.write() as connection:
            connection.execute(
                sa.delete(heartbeats).where(heartbeats.c.host == host, heartbeats.c.name == name)
            )


def pulses(connection: sa.Connection) -> tuple[Pulse, ...]:
    """All processes that have not said goodbye."""
    rows = connection.execute(sa.select(heartbeats).order_by(heartbeats.c.host, heartbeats.c.name))
    return tuple(Pulse(row.host, row.name, row.beat_at) for row in rows)
