"""The links in mails that do something: rows that know a link by its hash, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, String, Table

from gateway.domain.action import ActionToken, IssuedAction
from gateway.storage.columns import Instant
from gateway.storage.database import Database
from gateway.storage.schema import Id, metadata

# So long after its end a link still says what it was.
_REMEMBERED = timedelta(days=90)

action_tokens = Table(
    "action_tokens",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("act", String(32), nullable=False),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("contact_id", Id, ForeignKey("contacts.id")),
    Column("notification", Id, nullable=False),
    Column("about", Id, nullable=False),
    Column("asked_by_mail", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    sqlite_with_rowid=False,
)
Index("ix_action_tokens_expires_at", action_tokens.c.expires_at)


class ActionStore:
    """The links of the whole database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next: datetime | None = None

    def forget(self, now: datetime) -> bool:
        """Once a day, forget links that expired long ago; whether there is more to do."""
        if self._next is not None and now < self._next:
            return False
        with self._database.write() as connection:
            connection.execute(sa.delete(action_tokens).where(action_tokens.c.expires_at < now - _REMEMBERED))
        self._next = now + timedelta(days=1)
        return False


class ActionRows:
    """See `ports.Actions`."""

    def __init__(self, connection: sa.Connection, gather: Callable[[sa.Table, dict[str, Any]], None]) -> None:
        self._connection = connection
        self._gather = gather

    def add(self, issued: IssuedAction) -> None:
        """A new link."""
        token = issued.token
        row = {
            "hash": issued.hash,
            "act": token.act,
            "ticket": token.ticket,
            "contact_id": token.contact or None,
            "notification": token.notification,
            "about": token.about,
            "asked_by_mail": issued.asked_by_mail,
            "created_at": issued.created_at,
            "expires_at": datetime.fromtimestamp(token.expires_at, issued.created_at.tzinfo),
            "used_at": None,
        }
        self._gather(action_tokens, row)

    def find(self, token: ActionToken, hashed: str) -> IssuedAction | None:
        """The row of a link that was read."""
        return find_action(self._connection, token, hashed)

    def use(self, hashed: str, *, now: datetime) -> bool:
        """Use a link up; False when somebody has used it before."""
        changed = self._connection.execute(
            sa.update(action_tokens)
            .where(action_tokens.c.hash == hashed, action_tokens.c.used_at.is_(None))
            .values(used_at=now)
        )
        return changed.rowcount == 1


def find_action(connection: sa.Connection, token: ActionToken, hashed: str) -> IssuedAction | None:
    """The row of a link that was read; None when there is none, or one of something else."""
    row = connection.execute(sa.select(action_tokens).where(action_tokens.c.hash == hashed)).first()
    if row is None or (row.act, row.ticket) != (token.act, token.ticket):
        return None
    return IssuedAction(hashed, token, row.asked_by_mail, row.created_at, row.used_at)
