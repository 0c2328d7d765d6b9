"""The store under audit: the law's answers at one instant, the engine's own checks, and bytes hashed anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from gateway.domain.finding import Finding
from gateway.storage.database import Database
from gateway.storage.law import ask, questions, references, sum_of_outcomes
from gateway.storage.schema import inbound, inbound_raw

_BATCH_BYTES = 8 << 20
_BATCH = 500
_MOST_WORDS = 10


class Audit:
    """Looks at all of a database and changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def law(self, now: datetime) -> Iterator[Finding]:
        """Every article, all of them at one instant; rows that lead nowhere are told by table."""
        with self._database.snapshot() as connection:
            yield sum_of_outcomes(connection)
            for question in questions(now):
                yield ask(connection, question)
            answers = [ask(connection, question) for question in references()]
        yield from (answer for answer in answers if not answer.right)
        if all(answer.right for answer in answers):
            yield Finding("references", f"all {len(answers)} kinds of reference lead to a row")

    def engine(self) -> Finding:
        """What the database engine finds in its own files."""
        with self._database.snapshot() as connection:
            if self._database.is_sqlite:
                return _sqlite(connection)
            return _postgresql(connection)

    def mails(self) -> int:
        """How many there are to hash."""
        with self._database.read() as connection:
            count: int = connection.execute(sa.select(sa.func.count()).select_from(inbound)).scalar_one()
        return count

    def rehash(self, after: int) -> tuple[int, int, int, list[int]] | None:
        """Hash the bytes of some mails behind the id `after`.

        Each batch is a transaction of its own: bytes never change, and a long one would hold up the
        database's own housekeeping.

        Returns:
            The last id, how many mails and bytes these were, and the ids whose bytes are not those that
            were received; None at the end.
        """
        with self._database.read() as connection:
            sized = connection.execute(
                sa.select(inbound.c.id, inbound.c.sha256, inbound.c.size)
                .where(inbound.c.id > after)
                .order_by(inbound.c.id)
                .limit(_BATCH)
            ).all()
            if not sized:
                return None
            room, taken = _BATCH_BYTES, 0
            for row in sized:
                room -= row.size
                if taken and room < 0:
                    break
                taken += 1
            first, last = sized[0].id, sized[taken - 1].id
            digests = {row.id: hashlib.sha256() for row in sized[:taken]}
            blocks = connection.execution_options(yield_per=4).execute(
                sa.select(inbound_raw.c.inbound_id, inbound_raw.c.data)
                .where(inbound_raw.c.inbound_id.between(first, last))
                .order_by(inbound_raw.c.inbound_id, inbound_raw.c.position)
            )
            for number, data in blocks:
                if number in digests:
                    digests[number].update(data)
        wrong = [row.id for row in sized[:taken] if digests[row.id].hexdigest() != row.sha256]
        return last, taken, sum(row.size for row in sized[:taken]), wrong


def _sqlite(connection: sa.Connection) -> Finding:
    words = [row[0] for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST_WORDS})")]
    if words == ["ok"]:
        return Finding("engine", "SQLite's integrity_check finds nothing wrong")
    return Finding(
        "engine",
        f"SQLite's integrity_check finds the file damaged: {'; '.join(words)}"[:2000],
        "stop the gateway, keep the file, and restore the last good backup; then look at the disk",
        count=len(words),
    )


def _postgresql(connection: sa.Connection) -> Finding:
    """What PostgreSQL tells of itself without a superuser: checksums, indexes and constraints."""
    checksums = connection.exec_driver_sql("SHOW data_checksums").scalar_one() == "on"
    failures: int = connection.exec_driver_sql(
        "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()"
    ).scalar_one()
    invalid = connection.exec_driver_sql(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT (indisvalid AND indisready) "
        "UNION ALL SELECT conname FROM pg_constraint WHERE NOT convalidated"
    ).scalars()
    words = [f"{name} is not valid" for name in invalid]
    if failures:
        words.append(f"{failures} pages had a wrong checksum")
    if words:
        return Finding(
            "engine",
            f"PostgreSQL: {'; '.join(words)}",
            "look at the server's log and disk; run pg_amcheck, and REINDEX what it names",
            tuple(words),
            len(words),
        )
    told = "page checksums are on and none was wrong" if checksums else "page checksums are off"
    return Finding("engine", f"PostgreSQL: every index and constraint is valid, {told}")
