"""Bring the database to the schema that this version needs."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.storage.database import Database, translated

# Any number that no other program on the database uses.
_ADVISORY_LOCK = 0x6761_7465


def upgrade(database: Database, revision: str = "head") -> tuple[str, str]:
    """Run the migrations that are missing; returns the revisions before and after.

    Only one process at a time: others wait, and then find nothing to do.
    """
    with _alone(database) as connection:
        before = revision_of(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
        return before, revision_of(connection)


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to `revision`."""
    with _alone(database) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()


def pending(database: Database) -> str:
    """The revision that the database lacks, or empty when it is up to date."""
    with database.read() as connection:
        head = ScriptDirectory.from_config(_config()).get_current_head() or ""
        return "" if revision_of(connection) == head else head


def knows(revision: str) -> bool:
    """Whether `revision` is one of the schemas that this version can come from."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


@contextmanager
def migrated(database: Database, *, afresh: bool) -> Iterator[tuple[sa.Connection, Callable[[str], None]]]:
    """One transaction of nobody else's, and what brings its schema to a revision, step by step.

    Args:
        afresh: begin without tables; those that are there are dropped with what is in them.
    """
    with _alone(database) as connection:
        connection.begin()
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        config = _config()
        config.attributes["connection"] = connection
        if afresh:
            command.downgrade(config, "base")
        yield connection, partial(command.upgrade, config)
        connection.commit()


@contextmanager
def _alone(database: Database) -> Iterator[sa.Connection]:
    with translated(), database.engine.connect() as connection:
        if database.is_sqlite:
            # Schema changes on SQLite must see foreign keys off, and nobody else's changes. The driver
            # begins no transaction by itself: without ours, a killed migration would leave half of it.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.rollback()
            sa.event.listen(connection, "begin", _begin)
            path = Path(database.url.database or "")
            with path.with_name(path.name + "-writers").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                try:
                    yield connection
                finally:
                    connection.rollback()
                    sa.event.remove(connection, "begin", _begin)
                    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            return
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})")
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_ADVISORY_LOCK})")
            connection.commit()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def revision_of(connection: sa.Connection) -> str:
    """The revision that the database is at; empty before the first."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config
