"""One transaction over the desk's rows: reads are fetched a batch at a time, writes are gathered.

Whatever is changed is kept as values until the end, and written then with one statement a table:
a batch of sixty mails costs about as many statements as a single one. A failure rolls all of it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway import faults
from gateway.domain.desk import Contact, Desk
from gateway.domain.notification import Notification
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.ports import LeasedMail, NewNotification, Settlement, Wanted
from gateway.storage import leases
from gateway.storage.actions import ActionRows, action_tokens
from gateway.storage.cases import CaseRows
from gateway.storage.database import Database
from gateway.storage.escalations import EscalationRows
from gateway.storage.inbound import decide_held
from gateway.storage.known_rows import KnownRows
from gateway.storage.outbox import read_notification
from gateway.storage.recent import read_customers_mail, read_recent
from gateway.storage.rows import (
    comment_row,
    contact_row,
    new_notification_row,
    ticket_row,
    timeline_row,
)
from gateway.storage.schema import (
    comments,
    contacts,
    inbound,
    links,
    message_ids,
    outbox,
    participants,
    tickets,
    timeline,
)
from gateway.storage.sequences import allocate
from gateway.storage.service_alerts import AlertRows
from gateway.storage.storms import StormRows
from gateway.storage.tellings import TellingRows
from gateway.storage.timers import TimerRows


@contextmanager
def open_unit_of_work(database: Database, desk: Desk, rank: Callable[[str], int]) -> Iterator[SqlUnitOfWork]:
    """A unit of work that is written and committed at the end of the block.

    Args:
        rank: a priority's place in the queue's order.

    Raises:
        LeaseLost: a mail that was settled is not ours any more; nothing is written.
        StorageUnavailable: nothing is written.
    """
    with database.write() as connection:
        uow = SqlUnitOfWork(connection, desk, rank)
        yield uow
        uow.write()
        faults.reached("unit.written")


@contextmanager
def open_looking(database: Database, desk: Desk) -> Iterator[SqlUnitOfWork]:
    """The same rows for a look: nothing is locked, and nothing is written."""
    with database.read() as connection:
        yield _Looking(connection, desk, lambda _: 0)


class SqlUnitOfWork(KnownRows):
    """See `ports.UnitOfWork`."""

    def __init__(self, connection: sa.Connection, desk: Desk, rank: Callable[[str], int]) -> None:
        super().__init__(connection)
        self.desk = desk
        self._rank = rank
        self.escalations = EscalationRows(connection)
        self.tellings = TellingRows(connection)
        self.alerts = AlertRows(connection, self._insert)
        self.actions = ActionRows(connection, self._gather)
        self.cases = CaseRows(connection, self._insert)
        self.storms = StormRows(connection, self._insert, locks=self._locks)
        self.timers = TimerRows(connection, self._insert)
        # What is to be written.
        self._new_tickets: dict[int, None] = {}
        self._saved_tickets: dict[int, None] = {}
        self._rows: dict[sa.Table, list[dict[str, Any]]] = {}
        self._settled: list[dict[str, Any]] = []
        self._put_off: list[dict[str, Any]] = []
        self._numbers: dict[sa.Table, Iterator[int]] = {}

    def prefetch(self, wanted: Wanted) -> None:
        """Fetch for a whole batch what would otherwise be fetched for each mail."""
        super().prefetch(wanted)
        # After the tickets: whoever holds a bucket waits for no ticket.
        self.storms.fetch(wanted.buckets, [number for number, each in self._tickets.items() if each])

    def ticket_of_mail(self, inbound_id: int) -> int | None:
        """Where a mail went, in this transaction or before."""
        for row in self._settled:
            if row["b_id"] == inbound_id:
                ticket: int | None = row["ticket"]
                return ticket
        return self._connection.execute(
            sa.select(inbound.c.ticket).where(inbound.c.id == inbound_id)
        ).scalar()

    # --- changing ----------------------------------------------------------------------------

    def add_contact(self, contact: Contact, *, now: datetime) -> Contact:
        """A new contact with its id, or the one that somebody has just made with that address."""
        known = self.contact_at(contact.key)
        if known is not None:
            return known
        made = replace(contact, id=self._next(contacts, contacts.c.id))
        row = {"id": made.id, "created_at": now} | contact_row(made)
        if self._connection.dialect.name == "postgresql":
            # Another worker may be making the same one: whoever commits first has made it.
            self._connection.execute(self._insert(contacts).on_conflict_do_nothing(), [row])
            self._by_address.pop(contact.key)
            made = self.contact_at(contact.key) or made
        else:
            self._gather(contacts, row)
            self._contacts[made.id] = self._by_address[made.key] = made
        return made

    def add_ticket(self, ticket: Ticket) -> Ticket:
        """A new ticket, with its number."""
        made = replace(ticket, number=self._next(tickets, tickets.c.number))
        self._tickets[made.number] = made
        self._participants[made.number] = ()
        self._new_tickets[made.number] = None
        return made

    def save_ticket(self, ticket: Ticket) -> None:
        """The ticket as it is from now on."""
        self._tickets[ticket.number] = ticket
        if ticket.number not in self._new_tickets:
            self._saved_tickets[ticket.number] = None

    def add_comment(self, comment: Comment) -> None:
        """Append to the ticket's comments."""
        self._gather(comments, comment_row(comment))

    def add_timeline(self, entry: TimelineEntry) -> None:
        """Append to the ticket's timeline."""
        self._gather(timeline, timeline_row(entry))

    def recent_entries(self, ticket: int) -> tuple[TimelineEntry, ...]:
        """The newest of the ticket's timeline, those of this transaction included."""
        gathered = self._rows.get(timeline, [])
        here = [row for row in gathered if row["ticket"] == ticket]
        if here and ticket not in self._new_tickets:
            # They get their ids by being written.
            self._connection.execute(sa.insert(timeline), here)
            self._rows[timeline] = [row for row in gathered if row["ticket"] != ticket]
        return read_recent(self._connection, ticket)

    def customers_mail(self, ticket: int, inbound_id: int | None) -> Comment | None:
        """What a mail said on the ticket; the customers' last, where `inbound_id` names none."""
        return read_customers_mail(self._connection, ticket, inbound_id)

    def add_message_id(self, message_id: str, ticket: int) -> None:
        """Remember that a mail with that id was received on the ticket."""
        known = self._by_message.get(message_id, ())
        if ticket in known:
            return
        self._gather(message_ids, {"message_id": message_id, "ticket": ticket})
        self._by_message[message_id] = (*known, ticket)

    def add_participant(self, ticket: int, contact: Contact) -> None:
        """Let a contact follow the ticket."""
        following = self.participants(ticket)
        if contact.id not in {each.id for each in following}:
            self._gather(participants, {"ticket": ticket, "contact_id": contact.id})
            self._participants[ticket] = (*following, contact)

    def add_link(self, ticket: int, kind: str, other: int) -> None:
        """Tie two tickets together."""
        self._gather(links, {"ticket": ticket, "kind": kind, "other": other})

    def next_notification_id(self) -> int:
        """An outbox id for the row that comes next."""
        return self._next(outbox, outbox.c.id)

    def notification(self, number: int) -> Notification | None:
        """See `ports.UnitOfWork`."""
        return read_notification(self._connection, number)

    def add_notification(self, new: NewNotification) -> None:
        """Put a mail into the outbox, due at once."""
        self._gather(outbox, new_notification_row(new))

    def mark_returned(
        self, notification: int, *, contact: int, permanent: bool, reason: str, now: datetime
    ) -> None:
        """A notification came back; a permanent failure marks the contact's address too."""
        self._connection.execute(
            sa.update(outbox)
            .where(outbox.c.id == notification)
            .values(returned_at=now, returned_reason=reason)
        )
        if permanent and contact:
            self._connection.execute(
                sa.update(contacts)
                .where(contacts.c.id == contact)
                .values(bounced_at=now, bounce_reason=reason)
            )

    def decide_held(self, inbound_id: int, outcome: str, *, reason: str, now: datetime) -> bool:
        """See `ports.UnitOfWork`."""
        return decide_held(self._connection, inbound_id, outcome, reason=reason, now=now)

    def settle(self, mail: LeasedMail, settlement: Settlement, *, now: datetime) -> None:
        """End the mail's way."""
        self._settled.append(
            {
                "b_id": mail.id,
                "b_fence": mail.fence,
                "outcome": str(settlement.outcome),
                "ticket": settlement.ticket,
                "evidence": settlement.evidence,
                "reason": settlement.reason,
                "message_id": settlement.message_id,
                "author": settlement.author,
                "subject": settlement.subject,
                "explanation": settlement.explanation,
                "instruction": "",
                "settled_at": now,
            }
        )

    def put_off(self, mail: LeasedMail, settlement: Settlement, *, until: datetime) -> None:
        """Have the mail read again at `until`, when its turn has come."""
        self._put_off.append(
            {
                "b_id": mail.id,
                "b_fence": mail.fence,
                "outcome": str(settlement.outcome),
                "evidence": settlement.evidence,
                "reason": settlement.reason,
                "message_id": settlement.message_id,
                "author": settlement.author,
                "subject": settlement.subject,
                "instruction": "slowed",
                "attempts": 0,
                "due_at": until,
            }
        )

    def _gather(self, table: sa.Table, row: dict[str, Any]) -> None:
        self._rows.setdefault(table, []).append(row)

    def _next(self, table: sa.Table, column: sa.Column[int]) -> int:
        """A new id. PostgreSQL's sequences are asked one by one, so that ticket numbers have no gaps."""
        numbers = self._numbers.get(table)
        if numbers is None or self._connection.dialect.name != "sqlite":
            first = allocate(self._connection, column, 1)[0]
            if self._connection.dialect.name != "sqlite":
                return first
            numbers = self._numbers[table] = iter(range(first, first + (1 << 31)))
        return next(numbers)

    # --- the end -----------------------------------------------------------------------------

    def write(self) -> None:
        """Write all that was gathered, in the order in which rows refer to each other.

        Raises:
            LeaseLost: a settled mail is not ours any more.
        """
        execute = self._connection.execute
        if rows := self._rows.get(contacts):
            execute(sa.insert(contacts), rows)
        if self._new_tickets:
            execute(sa.insert(tickets), [self._ticket_row(number) for number in self._new_tickets])
        # Entries before the tickets that they vouch for: no priority changes without one.
        if rows := self._rows.get(timeline):
            execute(sa.insert(timeline), rows)
        if self._saved_tickets:
            saved = [self._ticket_row(number) for number in sorted(self._saved_tickets)]
            execute(_UPDATE_TICKET, [row | {"b_number": row.pop("number")} for row in saved])
        for table in (comments, outbox, action_tokens):
            if rows := self._rows.get(table):
                execute(sa.insert(table), rows)
        for table in (message_ids, participants, links):
            if rows := self._rows.get(table):
                execute(self._insert(table).on_conflict_do_nothing(), rows)
        self.escalations.write()
        self.timers.write()
        self.tellings.write()
        self.alerts.write()
        self.cases.write()
        self.storms.write()
        leases.finish(self._connection, inbound, self._settled)
        leases.finish(self._connection, inbound, self._put_off)

    def _ticket_row(self, number: int) -> dict[str, Any]:
        ticket = self._tickets[number]
        if ticket is None:
            raise KeyError(number)
        return ticket_row(ticket, rank=self._rank(ticket.priority))


class _Looking(SqlUnitOfWork):
    _locks = False


_UPDATE_TICKET = (
    sa.update(tickets)
    .where(tickets.c.number == sa.bindparam("b_number"))
    .values({column.name: sa.bindparam(column.name) for column in tickets.c if column.name != "number"})
)
