"""From a backup to a database: everything is verified first, and nothing is changed unless all of it is.

SQLite: a new file beside the old one, which takes its place in one step. PostgreSQL: one transaction,
the making of the tables included. Whatever is killed in between, the database is as before or as it shall be.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from gateway.errors import BackupRefused
from gateway.storage.backup.archive import Archive, fsync_folder
from gateway.storage.backup.rows import KINDS, read
from gateway.storage.database import Database
from gateway.storage.everything import all_tables
from gateway.storage.schema import inbound, outbox
from gateway.storage.upgrade import knows, migrated

_BATCH = 500
_READERS_END_S = 10.0


def check_restorable(archive: Archive, progress: Callable[[str], None]) -> None:
    """Return when the whole backup is as it was written, and of a schema that this gateway knows.

    Raises:
        BackupRefused: in words.
    """
    manifest = archive.manifest
    if not knows(manifest.schema):
        raise BackupRefused(
            f"the backup was made by gateway {manifest.gateway}, whose schema {manifest.schema!r} this one "
            "does not know; restore it with that version or a later one"
        )
    for shape in manifest.tables.values():
        if not {kind for _, kind in shape.columns} <= KINDS:
            raise BackupRefused("the backup has columns of a kind that no backup has")
    for name in archive.verify():
        progress(f"{name} is as it was written")


def is_empty(database: Database) -> bool:
    """Whether no table of the gateway has a row."""
    if database.is_sqlite and not Path(database.url.database or "").exists():
        return True
    with database.read() as connection:
        there = set(sa.inspect(connection).get_table_names())
        return not any(
            connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
            for table in all_tables()
            if table.name in there and not table.info.get("passing")
        )


def restore(
    archive: Archive, database: Database, *, stamp: str, progress: Callable[[str], None]
) -> Path | None:
    """Make the database what the backup holds, of this version's schema.

    Args:
        stamp: names the database that was there before.

    Returns:
        Where the database is that was there before: on SQLite, if there was one.

    Raises:
        BackupRefused: the backup does not fit; nothing is changed.
        StorageUnavailable: the database cannot take it; nothing is changed.
    """
    if not database.is_sqlite:
        with migrated(database, afresh=True) as (connection, upgrade):
            _fill(archive, connection, upgrade, progress)
        return None
    path = Path(database.url.database or "")
    free = shutil.disk_usage(path.parent).free
    if archive.table_bytes > free:
        raise BackupRefused(
            f"the backup unpacks to {archive.table_bytes >> 20} MiB, and {path.parent} has {free >> 20} MiB left"
        )
    fresh = path.with_name(path.name + ".restoring")
    _remove(fresh)
    try:
        made = Database(f"sqlite:///{fresh}")
        with closing(made), _unsafe(made), migrated(made, afresh=False) as (connection, upgrade):
            _fill(archive, connection, upgrade, progress)
        return _take_place(fresh, path, stamp)
    finally:
        _remove(fresh)


def _fill(
    archive: Archive,
    connection: sa.Connection,
    upgrade: Callable[[str], None],
    progress: Callable[[str], None],
) -> None:
    manifest = archive.manifest
    upgrade(manifest.schema)
    known = sa.MetaData()
    there = set(sa.inspect(connection).get_table_names())
    if not set(manifest.tables) <= there:
        raise BackupRefused("the backup holds tables that its schema does not have")
    known.reflect(connection, only=list(manifest.tables))
    for name, shape in manifest.tables.items():
        table = known.tables[name]
        columns = [column for column, _ in shape.columns]
        if set(columns) != set(table.columns.keys()):
            raise BackupRefused(f"the backup's table {name} has other columns than its schema")
        kinds = [kind for _, kind in shape.columns]
        rows = _rows(archive, name, kinds, progress)
        try:
            if connection.dialect.name == "postgresql":
                _copy(connection, table, columns, rows)
                _set_sequence(connection, table)
            else:
                _insert(connection, table, columns, rows)
        except (IntegrityError, DataError) as error:
            raise BackupRefused(f"the backup's table {name} does not fit: {error.orig}") from error
    upgrade("head")
    # Nobody works on anything yet.
    for queue in (inbound, outbox):
        connection.execute(
            sa.update(queue).where(queue.c.lease_until.is_not(None)).values(lease_until=None, leased_by="")
        )


def _rows(
    archive: Archive, table: str, kinds: Sequence[str], progress: Callable[[str], None]
) -> Iterator[list[Any]]:
    for number, line in enumerate(archive.lines(table)):
        if number % _BATCH == 0:
            progress(f"{table}: {number} rows restored")
        try:
            yield read(line, kinds)
        except (ValueError, RecursionError) as error:
            raise BackupRefused(f"row {number + 1} of {table} in the backup: {error}") from error


def _insert(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterator[list[Any]]
) -> None:
    while some := [dict(zip(columns, row, strict=True)) for row in islice(rows, _BATCH)]:
        connection.execute(sa.insert(table), some)


def _copy(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterator[list[Any]]
) -> None:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _set_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """The next row gets the number after the greatest."""
    for column in table.primary_key:
        found = connection.execute(
            sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
        ).scalar()
        if found is not None:
            greatest = connection.execute(sa.select(sa.func.max(column))).scalar()
            connection.execute(sa.select(sa.func.setval(found, greatest or 1, greatest is not None)))


@contextmanager
def _unsafe(made: Database) -> Iterator[None]:
    """A file that is thrown away if anything happens needs no log and no waiting for the disk."""
    with made.read() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=OFF")
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
    yield
    with made.read() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def _take_place(fresh: Path, path: Path, stamp: str) -> Path | None:
    """Put the new file where the old one was, in one step; where the old one is now."""
    descriptor = os.open(fresh, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if not path.exists():
        fresh.replace(path)
        fsync_folder(path.parent)
        return None
    before = path.with_name(f"{path.name}.before-{stamp}")
    with _whole_and_alone(path, before):
        os.link(path, before)
        fresh.replace(path)
        fsync_folder(path.parent)
    return before


@contextmanager
def _whole_and_alone(path: Path, before: Path) -> Iterator[None]:
    """Make the old file whole by itself and let nobody open it: no log of its may ever be read with the new one.

    Raises:
        BackupRefused: somebody has it open.
    """
    with closing(sqlite3.connect(path, timeout=_READERS_END_S, isolation_level=None)) as old:
        try:
            # Ends the log, which takes that nobody else has the file open.
            old.execute("PRAGMA journal_mode=DELETE").fetchone()
            old.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise BackupRefused(
                    f"{path} is open in another program, such as a command of the gateway; end it and try again"
                ) from error
            # It is damaged; its log goes with it, and the log's index can be made anew.
            log = path.with_name(f"{path.name}-wal")
            if log.exists() and log.stat().st_size:
                log.rename(before.with_name(f"{before.name}-wal"))
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        yield


def _remove(fresh: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-writers", "-journal"):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
