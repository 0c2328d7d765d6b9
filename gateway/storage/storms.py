"""The storm breaker's buckets, one row each for as long as it is not empty."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Index, Integer, Table, Text

from gateway.domain.storm import BucketState
from gateway.storage.columns import Instant
from gateway.storage.database import Database
from gateway.storage.rows import AnyRow
from gateway.storage.schema import Id, comments, metadata

storms = Table(
    "storms",
    metadata,
    Column("key", Text, primary_key=True),
    # The one it counts on, or the one whose note counts its storm.
    Column("ticket", Id),
    Column("free_at", Instant, nullable=False),
    Column("began_at", Instant),
    Column("folded", Integer, nullable=False, server_default="0"),
    Index("ix_storms_ticket", "ticket"),
    Index("ix_storms_free_at", "free_at"),
    sqlite_with_rowid=False,
)

# Empty buckets are swept with the batches that fill others, so that they never pile up.
_SWEPT = 200


class StormRows:
    """See `ports.Storms`; what was put is written by `write`, after the comments."""

    def __init__(self, connection: sa.Connection, insert: Callable[..., Any], *, locks: bool = True) -> None:
        self._connection = connection
        self._insert = insert
        # SQLite has one writer, who has all buckets.
        self._shares = locks and connection.dialect.name != "sqlite"
        self._known: dict[str, BucketState | None] = {}
        # What is put into shared buckets, which others fill at the same time.
        self._added: dict[str, timedelta] = {}
        self._tickets: set[int] = set()
        self._put: set[str] = set()
        self._notes: dict[str, dict[str, Any]] = {}
        self._now: datetime | None = None

    def fetch(self, keys: Mapping[str, bool], tickets: Iterable[int]) -> None:
        """Read the buckets with these keys, and all that count on these tickets, which are locked.

        Args:
            keys: with whether they are shared: those are read as they are and nobody waits for them.
        """
        missing = [key for key in keys if key not in self._known]
        numbers = [number for number in tickets if number not in self._tickets]
        if not missing and not numbers:
            return
        self._lock(key for key in missing if not keys[key])
        query = sa.select(storms).where(sa.or_(storms.c.key.in_(missing), storms.c.ticket.in_(numbers)))
        self._known.update(dict.fromkeys(missing))
        self._tickets.update(numbers)
        self._known.update({row.key: _state(row) for row in self._connection.execute(query)})
        if self._shares:
            self._added.update({key: timedelta() for key in missing if keys[key]})

    def state(self, key: str, ticket: int | None = None) -> BucketState | None:
        """The bucket as it is; None for an empty one. `ticket` is the one it counts on."""
        if key not in self._known and (ticket is None or ticket not in self._tickets):
            self.fetch({key: False}, [])
        return self._known.get(key)

    def hold(self, key: str, *, now: datetime) -> BucketState | None:
        """See `ports.Storms`; what others have put into a shared bucket meanwhile is in it."""
        added = self._added.pop(key, None)
        if added is not None:
            query = sa.select(storms).where(storms.c.key == key).with_for_update()
            row = self._connection.execute(query).first()
            if row is not None:
                fresh = _state(row)
                free_at = max(fresh.free_at, now) + added if added else fresh.free_at
                self._known[key] = replace(fresh, free_at=free_at)
        return self.state(key)

    def _lock(self, keys: Iterable[str]) -> None:
        """Have one sender, or one text, in one worker at a time; there may be no row yet that could be locked.

        Sorted, so that two workers that want the same wait for each other in one direction. What they read
        afterwards is what the other has committed.
        """
        numbers = sorted({_lock_number(key.partition(" ")[2] or key) for key in keys})
        if self._shares and numbers:
            self._connection.execute(_ADVISORY_LOCKS, {"numbers": numbers})

    def put(self, state: BucketState, *, now: datetime) -> None:
        """The bucket as it is from now on."""
        if state.key in self._added:
            before = self._known[state.key]
            self._added[state.key] += state.free_at - max(before.free_at if before else now, now)
        self._known[state.key] = state
        self._put.add(state.key)
        self._now = now

    def recount(self, state: BucketState, *, shown: str, text: str) -> None:
        """What the note of a storm says from now on; `shown` is its author."""
        self._notes[state.key] = {
            "b_ticket": state.ticket,
            "b_at": state.began_at,
            "b_shown": shown,
            "text": text,
        }

    def write(self) -> None:
        """Write what was put, count in the notes, and sweep buckets that are empty."""
        rows = [_row(state) for key in sorted(self._put) if (state := self._known[key]) is not None]
        own = [row for row in rows if row["key"] not in self._added]
        if own:
            statement = self._insert(storms)
            changed = {name: statement.excluded[name] for name in ("ticket", "free_at", "began_at", "folded")}
            self._connection.execute(
                statement.on_conflict_do_update(index_elements=[storms.c.key], set_=changed), own
            )
        if self._now is not None and (shared := [row for row in rows if row["key"] in self._added]):
            added = [{"added": self._added[row["key"]], "now": self._now} for row in shared]
            statement = self._insert(storms)
            over = storms.c.free_at <= _NOW
            fuller = {
                "free_at": sa.func.greatest(storms.c.free_at, _NOW) + _ADDED,
                "began_at": sa.case((over, None), else_=storms.c.began_at),
                "folded": sa.case((over, 0), else_=storms.c.folded),
            }
            self._connection.execute(
                statement.on_conflict_do_update(index_elements=[storms.c.key], set_=fuller),
                [row | more for row, more in zip(shared, added, strict=True)],
            )
        if self._notes:
            self._connection.execute(_RECOUNT, list(self._notes.values()))
        if rows and self._now is not None:
            empty = (
                sa.select(storms.c.key)
                .where(storms.c.free_at <= self._now)
                .limit(_SWEPT)
                .with_for_update(skip_locked=True)
            )
            self._connection.execute(sa.delete(storms).where(storms.c.key.in_(empty)))


_NOW = sa.bindparam("now", type_=Instant)
_ADDED = sa.bindparam("added", type_=sa.Interval)
_ADVISORY_LOCKS = sa.text(
    "SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) AS number"
)
_RECOUNT = (
    sa.update(comments)
    .where(
        comments.c.ticket == sa.bindparam("b_ticket"),
        comments.c.at == sa.bindparam("b_at"),
        comments.c.author == sa.bindparam("b_shown"),
        comments.c.source == "storm",
    )
    .values(text=sa.bindparam("text"))
)


class StormStore:
    """Storms as `gateway check` looks at them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, now: datetime) -> Sequence[BucketState]:
        """Those that go on, the oldest first."""
        query = (
            sa.select(storms)
            .where(storms.c.free_at > now, storms.c.began_at.is_not(None))
            .order_by(storms.c.began_at, storms.c.key)
        )
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(query)]


def _lock_number(name: str) -> int:
    """A name as the 64 bits of an advisory lock; two names with the same wait for each other in vain."""
    return int.from_bytes(hashlib.sha256(f"storms {name}".encode()).digest()[:8], signed=True)


def _state(row: AnyRow) -> BucketState:
    return BucketState(row.key, row.ticket, row.free_at, row.began_at, row.folded)


def _row(state: BucketState) -> dict[str, Any]:
    return {
        "key": state.key,
        "ticket": state.ticket,
        "free_at": state.free_at,
        "began_at": state.began_at,
        "folded": state.folded,
    }
