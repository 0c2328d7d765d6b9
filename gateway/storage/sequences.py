"""Ids for a batch of new rows, known before the rows are written."""

from __future__ import annotations

import sqlalchemy as sa


def allocate(connection: sa.Connection, column: sa.Column[int], count: int) -> list[int]:
    """`count` ascending ids that no other row has, for use in this writing transaction only.

    SQLite has one writer at a time, so the next ids are those after the greatest; PostgreSQL hands
    them out from the column's own sequence.
    """
    if count == 0:
        return []
    if connection.dialect.name == "sqlite":
        # Written out: making the expression anew would cost as much as inserting a row.
        query = f"SELECT coalesce(max({column.name}), 0) FROM {column.table.name}"  # noqa: S608  (names of ours)
        greatest: int = connection.exec_driver_sql(query).scalar_one()
        return list(range(greatest + 1, greatest + 1 + count))
    sequence = f"{column.table.name}_{column.name}_seq"
    rows = connection.execute(
        sa.text("SELECT nextval(:sequence) FROM generate_series(1, :count)"),
        {"sequence": sequence, "count": count},
    )
    return sorted(rows.scalars())
