"""Whose turn a row is: leases with an end, fenced by a number that grows with each lease.

The same few columns stand on `inbound` and `outbox`. PostgreSQL skips rows that another worker is
just taking; SQLite has one writer at a time, so nobody else can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.errors import LeaseLost
from gateway.storage.rows import AnyRow


def lease(
    connection: sa.Connection,
    table: sa.Table,
    pending: sa.ColumnElement[bool],
    *,
    choose: Callable[[Sequence[AnyRow]], list[int]],
    limit: int,
    owner: str,
    now: datetime,
    duration: timedelta,
) -> list[tuple[int, int, int]]:
    """Take up to `limit` rows that are due and that nobody holds: (id, fence, attempts), oldest first.

    Args:
        choose: which of the free rows to take together; gets whole rows but for large columns.
        owner: who takes them; see `release_of`.
        duration: after which they are anybody's again.
    """
    free = sa.or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    wanted = [table.c.id, table.c.attempts] + ([table.c.size] if "size" in table.c else [])
    due = (
        sa.select(*wanted)
        .where(pending, table.c.due_at <= now, free)
        .order_by(table.c.due_at, table.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    ids = choose(connection.execute(due).all())
    if not ids:
        return []
    taken = connection.execute(
        sa.update(table)
        .where(table.c.id.in_(ids))
        .values(
            lease_until=now + duration,
            leased_by=owner,
            fence=table.c.fence + 1,
            attempts=table.c.attempts + 1,
        )
        .returning(table.c.id, table.c.fence, table.c.attempts)
    ).all()
    return sorted((row.id, row.fence, row.attempts) for row in taken)


def release_of(
    connection: sa.Connection,
    table: sa.Table,
    pending: sa.ColumnElement[bool],
    *,
    owner: str,
    untried: bool = False,
) -> int:
    """Give back at once what a worker held and will not finish; returns how many rows that were.

    Args:
        pending: rows that can be held at all: of all others there may be millions.
        untried: nothing was wrong with them: the attempt does not count.
    """
    tried = {"attempts": table.c.attempts - 1} if untried else {}
    return connection.execute(
        sa.update(table)
        .where(pending, table.c.leased_by == owner, table.c.lease_until.is_not(None))
        .values(lease_until=None, leased_by="", **tried)
    ).rowcount


def finish(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write the end of some leases; each row has `b_id`, `b_fence` and the columns to set.

    Raises:
        LeaseLost: another worker holds at least one of them by now; roll back.
    """
    if not rows:
        return
    columns = [name for name in rows[0] if name not in {"b_id", "b_fence"}]
    statement = (
        sa.update(table)
        .where(
            table.c.id == sa.bindparam("b_id"),
            table.c.fence == sa.bindparam("b_fence"),
            table.c.lease_until.is_not(None),
        )
        .values({name: sa.bindparam(name) for name in columns} | {"lease_until": None, "leased_by": ""})
    )
    result = connection.execute(statement, rows)
    if result.rowcount != len(rows):
        raise LeaseLost("another worker has taken over")
