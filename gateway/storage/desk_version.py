"""The desk's version: what workers hold in memory of the desk is right for as long as it stays the same."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage.schema import desks


def renew_desk(connection: sa.Connection) -> None:
    """Have all workers read the desk anew, its people, open alerts and articles' headings."""
    connection.execute(sa.update(desks).values(version=desks.c.version + 1))
