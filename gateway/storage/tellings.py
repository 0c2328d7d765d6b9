"""When somebody was last told of a mail in their name: a forger must not flood them with our notices."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.storage.schema import contacts


class TellingRows:
    """See `ports.Tellings`; what was allowed is written by `write`, after the contacts."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._told: dict[int, datetime] = {}

    def allow(self, contact: int, *, now: datetime, within: timedelta) -> bool:
        """Whether nobody has told the contact for so long; from now on somebody has."""
        last = self._told.get(contact)
        if last is None:
            last = self._connection.execute(
                sa.select(contacts.c.told_at).where(contacts.c.id == contact)
            ).scalar()
        if last is not None and now - last < within:
            return False
        self._told[contact] = now
        return True

    def write(self) -> None:
        """Write when they were told."""
        for contact, at in self._told.items():
            self._connection.execute(sa.update(contacts).where(contacts.c.id == contact).values(told_at=at))
