"""The outbox: notifications as rows, each sent at least once and always with the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway import faults
from gateway.domain.notification import Notification
from gateway.errors import NotFound
from gateway.ports import LeasedNotification, OutboxEntry, SendingResult
from gateway.storage import leases
from gateway.storage.database import Database
from gateway.storage.rows import NOTIFICATION_COLUMNS, AnyRow, notification_of
from gateway.storage.schema import outbox, timeline

# A slow relay may take seconds a mail. Who dies meanwhile has its rows given back at its restart.
_LEASE = timedelta(minutes=30)
_PENDING = outbox.c.state == "pending"
_ENTRY = (
    outbox.c.id,
    outbox.c.created_at,
    outbox.c.template,
    outbox.c.language,
    outbox.c.recipient,
    outbox.c.subject,
    outbox.c.ticket,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.message_id,
    outbox.c.reply,
    outbox.c.due_at,
)


class Outbox:
    """The rows of `outbox` after they have been written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(self, *, limit: int, owner: str, now: datetime) -> list[LeasedNotification]:
        """Take the oldest notifications that are due."""
        with self._database.write() as connection:
            taken = leases.lease(
                connection,
                outbox,
                _PENDING,
                choose=lambda found: [row.id for row in found],
                limit=limit,
                owner=owner,
                now=now,
                duration=_LEASE,
            )
            if not taken:
                return []
            rows = connection.execute(
                sa.select(
                    outbox.c.id, outbox.c.created_at, outbox.c.reverse_path, *NOTIFICATION_COLUMNS
                ).where(outbox.c.id.in_([number for number, _, _ in taken]))
            )
            details = {row.id: row for row in rows}
        faults.reached("outbox.leased")
        return [
            LeasedNotification(
                id=number,
                fence=fence,
                attempts=attempts,
                created_at=details[number].created_at,
                reverse_path=details[number].reverse_path,
                notification=notification_of(details[number]),
            )
            for number, fence, attempts in taken
        ]

    def has_due(self, now: datetime) -> bool:
        """Whether a notification waits for a worker."""
        free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < now)
        with self._database.read() as connection:
            found = sa.select(outbox.c.id).where(_PENDING, outbox.c.due_at <= now, free).limit(1)
            return connection.execute(found).first() is not None

    def record(self, results: Sequence[SendingResult], *, now: datetime) -> None:
        """Write down what became of some notifications, in one commit.

        What failed for good is a fact on its ticket, where the desk sees it.

        Raises:
            LeaseLost: another worker has one of them by now; nothing is written.
        """
        rows = [
            {
                "b_id": result.id,
                "b_fence": result.fence,
                "state": result.state,
                "reply": result.reply,
                "due_at": result.due_at or now,
                "sent_at": now if result.state == "sent" else None,
            }
            for result in results
        ]
        facts = [
            {
                "ticket": result.ticket,
                "at": now,
                "actor": "",
                "kind": "notification_failed",
                "from_value": "",
                "to_value": result.recipient,
                "reason": result.reply,
                "evidence": "",
            }
            for result in results
            if result.state == "failed"
        ]
        with self._database.write() as connection:
            leases.finish(connection, outbox, rows)
            if facts:
                connection.execute(sa.insert(timeline), facts)

    def release_of(self, owner: str, *, untried: bool = False) -> int:
        """Give back at once what a worker held and will not finish; `untried`: through no fault of theirs."""
        with self._database.write() as connection:
            return leases.release_of(connection, outbox, _PENDING, owner=owner, untried=untried)

    def entries(self, *, limit: int) -> Iterator[OutboxEntry]:
        """The outbox's rows, oldest first."""
        with self._database.read() as connection:
            rows = connection.execution_options(yield_per=500).execute(
                sa.select(*_ENTRY).order_by(outbox.c.id).limit(limit)
            )
            for row in rows:
                yield _entry(row)

    def notification(self, number: int) -> Notification:
        """What is or will be sent.

        Raises:
            NotFound: there is no such notification.
        """
        with self._database.read() as connection:
            found = read_notification(connection, number)
        if found is None:
            raise NotFound(f"there is no notification {number} in the outbox")
        return found

    def retry(self, number: int, *, now: datetime) -> None:
        """Make a notification due now, as if it had not been tried: a failed one gets its five days again."""
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(outbox)
                .where(outbox.c.id == number, outbox.c.state.in_(["pending", "failed", "suppressed"]))
                .values(
                    state="pending",
                    due_at=now,
                    created_at=now,
                    attempts=0,
                    lease_until=None,
                    leased_by="",
                    fence=outbox.c.fence + 1,
                )
            )
            if changed.rowcount != 1:
                raise NotFound(f"there is no notification {number} that could be sent again")

    def counts(self) -> dict[str, int]:
        """How many notifications are in each state."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state))
            return dict(rows.all())


def read_notification(connection: sa.Connection, number: int) -> Notification | None:
    """What is or will be sent; None where there is no such notification."""
    row = connection.execute(sa.select(*NOTIFICATION_COLUMNS).where(outbox.c.id == number)).first()
    return None if row is None else notification_of(row)


def _entry(row: AnyRow) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        at=row.created_at,
        template=row.template,
        language=row.language,
        to=row.recipient,
        subject=row.subject,
        ticket=row.ticket,
        state=row.state,
        attempts=row.attempts,
        message_id=row.message_id,
        reply=row.reply,
        due_at=row.due_at,
    )
