"""Mails that were read wrongly, kept as cases to test; one a mail, the last word on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Table, Text

from gateway.domain.intent.case import Case, KeptCase
from gateway.errors import NotFound
from gateway.storage.columns import Document, Instant
from gateway.storage.database import Database
from gateway.storage.schema import Id, metadata
from gateway.storage.sequences import allocate

reading_cases = Table(
    "reading_cases",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("inbound_id", Id, ForeignKey("inbound.id"), nullable=False, unique=True),
    Column("actor", Text, nullable=False),
    Column("was_read", Document, nullable=False),
    Column("means", Document, nullable=False),
    Column("text", Text, nullable=False),
)


class CaseRows:
    """See `ports.Cases`; what was kept is written by `write`."""

    def __init__(self, connection: sa.Connection, insert: Callable[..., Any]) -> None:
        self._connection = connection
        self._insert = insert
        self._kept: dict[int, dict[str, Any]] = {}

    def keep(self, case: Case, *, actor: str, now: datetime) -> None:
        """Keep a case, instead of one that was kept of the same mail."""
        self._kept[case.inbound_id] = {
            "at": now,
            "inbound_id": case.inbound_id,
            "actor": actor,
            "was_read": list(case.was_read),
            "means": list(case.means),
            "text": case.text,
        }

    def write(self) -> None:
        """Write what was kept."""
        for row in self._kept.values():
            row["id"] = allocate(self._connection, reading_cases.c.id, 1)[0]
            changed = {name: value for name, value in row.items() if name not in {"id", "inbound_id"}}
            insert = self._insert(reading_cases)
            self._connection.execute(
                insert.on_conflict_do_update(index_elements=["inbound_id"], set_=changed), [row]
            )


class CaseStore:
    """The cases as the command line looks at them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Iterator[KeptCase]:
        """Oldest first."""
        with self._database.read() as connection:
            for row in connection.execute(sa.select(reading_cases).order_by(reading_cases.c.id)):
                case = Case(row.inbound_id, tuple(row.was_read), tuple(row.means), row.text)
                yield KeptCase(row.id, row.at, row.actor, case)

    def drop(self, number: int) -> None:
        """Forget one; raises NotFound."""
        with self._database.write() as connection:
            gone = connection.execute(sa.delete(reading_cases).where(reading_cases.c.id == number))
            if gone.rowcount != 1:
                raise NotFound(f"there is no case {number}")
