"""Stored mail and the rows that it met, for rehearsing other rules: a transaction that can only read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from typing import Any

import sqlalchemy as sa

from gateway.domain.desk import Contact, Desk
from gateway.domain.escalation import Escalation, EscalationState
from gateway.domain.hindsight import Moment, as_it_was, followed_then
from gateway.domain.storm import BucketState
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.ports import LeasedMail, Settlement, Wanted
from gateway.ports.rehearsal import StoredMail
from gateway.storage.database import Database, translated
from gateway.storage.escalations import EscalationRows
from gateway.storage.inbound import ENVELOPE, envelope_of, raws_of, within_bytes
from gateway.storage.known_rows import KnownRows
from gateway.storage.rows import timeline_of
from gateway.storage.schema import fingerprints, inbound, timeline
from gateway.storage.storms import StormRows
from gateway.storage.tellings import TellingRows
from gateway.storage.unit_of_work import SqlUnitOfWork

_BATCH = 32
# Rows that are never written need numbers that no row has.
_FIRST_NUMBER = 1 << 48
# Of a bucket that lets nothing pass.
_FAR_AWAY = datetime(9999, 1, 1, tzinfo=UTC)


class StoredMails:
    """The ledger's mails with their decisions, in order of receipt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, since: datetime | None, until: datetime | None, limit: int | None) -> int:
        """How many there are."""
        with self._database.read() as connection:
            query = sa.select(sa.func.count()).where(*_received(since, until))
            found: int = connection.execute(query.select_from(inbound)).scalar_one()
        return found if limit is None else min(found, limit)

    def batches(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[list[StoredMail]]:
        """All of them, few at a time when they are large.

        Args:
            since, until: of their receipt.
            limit: the newest so many alone.
        """
        last = self._before(since, until, limit)
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    sa.select(
                        inbound.c.id,
                        inbound.c.size,
                        inbound.c.outcome,
                        inbound.c.settled_at,
                        inbound.c.explanation,
                        *ENVELOPE,
                    )
                    .where(inbound.c.id > last, *_received(since, until))
                    .order_by(inbound.c.id)
                    .limit(_BATCH)
                ).all()
                rows = within_bytes(rows)
                raws = raws_of(connection, [row.id for row in rows])
            if not rows:
                return
            last = rows[-1].id
            yield [
                StoredMail(
                    LeasedMail(row.id, 0, 1, envelope_of(row), "", raws.get(row.id, b"")),
                    row.outcome,
                    row.settled_at,
                    row.explanation or {},
                )
                for row in rows
            ]

    def _before(self, since: datetime | None, until: datetime | None, limit: int | None) -> int:
        """The id after which the newest `limit` mails begin."""
        if limit is None:
            return 0
        query = (
            sa.select(inbound.c.id)
            .where(*_received(since, until))
            .order_by(inbound.c.id.desc())
            .offset(limit)
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar() or 0


@contextmanager
def open_rehearsal(
    database: Database,
    desk: Desk,
    batch: Sequence[StoredMail],
    ended: Collection[str],
    nudges_are_one: timedelta,
) -> Iterator[RehearsalRows]:
    """A transaction that the database itself keeps from writing."""
    with translated(), database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA query_only=ON")
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield RehearsalRows(connection, desk, batch, ended=ended, nudges_are_one=nudges_are_one)
        finally:
            if database.is_sqlite:
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql("PRAGMA query_only=OFF")
            else:
                connection.rollback()


class _Unlocked(KnownRows):
    """Rows that are only looked at."""

    _locks = False

    def _claim(self, by_mail: Mapping[int, str]) -> None:
        wanted = set(by_mail.values())
        rows = self._connection.execute(
            sa.select(fingerprints.c.fingerprint, fingerprints.c.inbound_id).where(
                fingerprints.c.fingerprint.in_(wanted)
            )
        )
        owners: dict[str, int] = dict(rows.all())
        self._first.update({number: owners.get(mark, number) for number, mark in by_mail.items()})


class RehearsalRows(_Unlocked):
    """See `ports.Rehearsal`."""

    def __init__(
        self,
        connection: sa.Connection,
        desk: Desk,
        batch: Sequence[StoredMail],
        *,
        ended: Collection[str],
        nudges_are_one: timedelta,
    ) -> None:
        super().__init__(connection)
        self.desk = desk
        self._ended = ended
        self._nudges_are_one = nudges_are_one
        self._entries: dict[int, tuple[TimelineEntry, ...]] = {}

    def prefetch(self, wanted: Wanted) -> None:
        """The batch's rows, with the timelines of its tickets."""
        super().prefetch(wanted)
        self._fetch_entries(self._tickets)

    def as_of(self, stored: StoredMail, *, may_tell: bool, may_answer: bool) -> RehearsalUnit:
        """The rows as they were when the mail was decided on."""
        return RehearsalUnit(self._connection, self, stored, may_tell=may_tell, may_answer=may_answer)

    def entries(self, number: int) -> tuple[TimelineEntry, ...]:
        """A ticket's whole timeline, oldest first."""
        self._fetch_entries([number])
        return self._entries[number]

    def ticket_then(self, number: int, moment: Moment) -> Ticket | None:
        """A ticket as it was."""
        ticket = self.ticket(number)
        if ticket is None:
            return None
        return as_it_was(
            ticket,
            self.entries(number),
            moment,
            staff=self.desk.staff,
            ended=self._ended,
            nudges_are_one=self._nudges_are_one,
        )

    def _fetch_entries(self, wanted: Iterable[int]) -> None:
        missing = [each for each in wanted if each not in self._entries]
        if not missing:
            return
        self._entries.update(dict.fromkeys(missing, ()))
        rows = self._connection.execute(
            sa.select(timeline)
            .where(timeline.c.ticket.in_(missing))
            .order_by(timeline.c.ticket, timeline.c.id)
        )
        for number, group in groupby(map(timeline_of, rows), key=lambda entry: entry.ticket):
            self._entries[number] = tuple(group)


class RehearsalUnit(SqlUnitOfWork):
    """A unit of work that is never written: one mail's, over the rows of its batch as they were then."""

    _locks = False

    def __init__(
        self,
        connection: sa.Connection,
        known: RehearsalRows,
        stored: StoredMail,
        *,
        may_tell: bool,
        may_answer: bool,
    ) -> None:
        super().__init__(connection, known.desk, lambda _: 0)
        self._known = known
        self._moment = Moment(stored.settled_at or stored.mail.envelope.received_at, stored.mail.id)
        self._numbers_here = count(_FIRST_NUMBER)
        self.escalations = _EscalationsThen(connection, self)
        self.tellings = _TellingsThen(connection, may_tell=may_tell)
        self.storms = _StormsThen(connection, self._insert, may_answer=may_answer)

    def first_with_content(self, inbound_id: int) -> int:
        """As the ledger has it."""
        return self._known.first_with_content(inbound_id)

    def tickets_with_message(self, message_id: str) -> tuple[int, ...]:
        """As the batch has them; a ticket that was not yet there is none."""
        return self._by_message.get(message_id) or self._known.tickets_with_message(message_id)

    def ticket(self, number: int) -> Ticket | None:
        """As it was, and as the mail changes it."""
        if number not in self._tickets:
            self._tickets[number] = self._known.ticket_then(number, self._moment)
        return self._tickets[number]

    def participants(self, number: int) -> tuple[Contact, ...]:
        """Who followed the ticket then."""
        if number not in self._participants:
            following, entries = self._known.participants(number), self._known.entries(number)
            self._participants[number] = followed_then(following, entries, self._moment)
        return self._participants[number]

    def contact(self, number: int) -> Contact | None:
        """By id."""
        return self._contacts.get(number) or self._known.contact(number)

    def contact_at(self, key: str) -> Contact | None:
        """By the comparison form of the address."""
        return self._by_address.get(key) or self._known.contact_at(key)

    def recent_entries(self, ticket: int) -> tuple[TimelineEntry, ...]:
        """The timeline as it was, the newest first."""
        entries = self._known.entries(ticket)
        return tuple(each for each in reversed(entries) if not self._moment.precedes(each))

    def add_contact(self, contact: Contact, *, now: datetime) -> Contact:
        """A newcomer, for as long as this is looked at."""
        known = self.contact_at(contact.key)
        if known is not None:
            return known
        made = replace(contact, id=next(self._numbers_here))
        self._contacts[made.id] = self._by_address[made.key] = made
        return made

    def mark_returned(
        self, notification: int, *, contact: int, permanent: bool, reason: str, now: datetime
    ) -> None:
        """Nothing is marked."""

    def settle(self, mail: LeasedMail, settlement: Settlement, *, now: datetime) -> None:
        """Nothing is settled."""

    def write(self) -> None:
        """Nothing is written."""
        raise AssertionError("a rehearsal is never written")

    def _next(self, table: sa.Table, column: sa.Column[int]) -> int:
        return next(self._numbers_here)


class _EscalationsThen(EscalationRows):
    """Requests as they stood; the ticket says how."""

    def __init__(self, connection: sa.Connection, unit: RehearsalUnit) -> None:
        super().__init__(connection)
        self._unit = unit

    def of(self, ticket: int) -> Escalation | None:
        if ticket not in self._newest:
            found, then = super().of(ticket), self._unit.ticket(ticket)
            state = then.escalation if then is not None else ""
            self._newest[ticket] = replace(found, state=EscalationState(state)) if found and state else None
        return self._newest[ticket]

    def add(self, escalation: Escalation) -> Escalation:
        made = replace(escalation, id=_FIRST_NUMBER)
        self._newest[made.ticket] = made
        return made


class _TellingsThen(TellingRows):
    """Whether somebody was told shortly before is not on record for then, but whether they were told is."""

    def __init__(self, connection: sa.Connection, *, may_tell: bool) -> None:
        super().__init__(connection)
        self._may_tell = may_tell

    def allow(self, contact: int, *, now: datetime, within: timedelta) -> bool:
        return self._may_tell


class _StormsThen(StormRows):
    """How full the buckets were is not on record for then, but whether somebody was told is."""

    def __init__(self, connection: sa.Connection, insert: Callable[..., Any], *, may_answer: bool) -> None:
        super().__init__(connection, insert, locks=False)
        self._may_answer = may_answer

    def state(self, key: str, ticket: int | None = None) -> BucketState | None:
        if key.startswith("acknowledge") and not self._may_answer:
            return BucketState(key, None, _FAR_AWAY, None, 0)
        return None

    def hold(self, key: str, *, now: datetime) -> BucketState | None:
        return self.state(key)


def _received(since: datetime | None, until: datetime | None) -> Sequence[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if since is not None:
        conditions.append(inbound.c.received_at >= since)
    if until is not None:
        conditions.append(inbound.c.received_at < until)
    return conditions
