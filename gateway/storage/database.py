"""One way to reach the database, and what is particular to SQLite and to PostgreSQL."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from gateway.errors import ConfigurationError, GatewayError, StorageDamaged, StorageFull, StorageUnavailable

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_TIMEOUT_MS = 10_000
_POOL_SIZE = 8
_CONNECT_TIMEOUT_S = 5


class Database:
    """An engine with the settings that the promises rest on.

    SQLite: WAL, `synchronous=FULL` (a commit is on disk before it returns), foreign keys, and one
    queue of writers. SQLite makes a second writer sleep and try again, up to 100 ms at a time; so
    every writing transaction first takes a file lock, whose waiters the kernel wakes in turn.
    """

    def __init__(self, url: str) -> None:
        """Open lazily: the first connection is made by the first transaction."""
        try:
            self.url = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise ConfigurationError(
                "not a database URL; expected sqlite:///path or postgresql+psycopg://…",
                file="gateway.database_url",
            ) from error
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine = self._sqlite_engine()
        else:
            self.engine = sa.create_engine(
                self.url,
                pool_size=_POOL_SIZE,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": _CONNECT_TIMEOUT_S,
                    # A role may have synchronous_commit off, and then a 250 is not on disk.
                    "options": "-c timezone=UTC -c lock_timeout=30s -c statement_timeout=60s "
                    "-c synchronous_commit=on",
                },
            )

    def _sqlite_engine(self) -> sa.Engine:
        path = Path(self.url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock_path = path.with_name(path.name + "-writers")
        engine = sa.create_engine(
            self.url,
            poolclass=QueuePool,
            pool_size=_POOL_SIZE,
            connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_MS / 1000},
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
            # Transactions are begun by us: the driver's own habit begins them late and deferred.
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("PRAGMA cache_size=-8000")
            cursor.close()
            record.info["writers"] = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

        @event.listens_for(engine, "close")
        def _forget(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
            os.close(record.info.pop("writers"))

        return engine

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One writing transaction: commits at the end, rolls back on any exception.

        Raises:
            StorageUnavailable, StorageFull: the database cannot take it now.
        """
        with translated(), self.engine.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    yield connection
                return
            driver: Any = connection.connection.dbapi_connection
            writers: int = connection.info["writers"]
            fcntl.flock(writers, fcntl.LOCK_EX)
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                # A full disk has rolled it back already.
                if driver.in_transaction:
                    connection.exec_driver_sql("ROLLBACK")
                raise
            finally:
                fcntl.flock(writers, fcntl.LOCK_UN)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading; no transaction outlives the block."""
        with translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, and sees one instant, however long it takes."""
        with translated(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            try:
                yield connection
            finally:
                if self.is_sqlite:
                    connection.exec_driver_sql("ROLLBACK")
                else:
                    connection.rollback()

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the drivers' trouble into ours; what is wrong with the data stays as it is."""
    try:
        yield
    except GatewayError:
        raise
    except (OperationalError, InterfaceError) as error:
        raise _trouble(error) from error
    except PoolTimeout as error:
        raise StorageUnavailable("all connections to the database are busy") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StorageUnavailable(str(error.orig)) from error
        # SQLite's malformed files and PostgreSQL's invalid pages; what else is wrong has its own class.
        if type(error) in {DatabaseError, InternalError}:
            raise StorageDamaged(f"the database cannot be read: {error.orig}") from error
        raise


def _trouble(error: DBAPIError) -> StorageUnavailable:
    words: Any = str(error.orig)
    if "disk is full" in words or "No space left" in words or "could not extend file" in words:
        return StorageFull(words)
    return StorageUnavailable(words)
