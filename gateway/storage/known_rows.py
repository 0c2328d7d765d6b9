"""What a unit of work has read: fetched a batch at a time, asked for once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.domain.articles import Heading
from gateway.domain.desk import Contact
from gateway.domain.ticket import Ticket
from gateway.ports import Wanted
from gateway.storage.articles import search_articles
from gateway.storage.rows import CONTACT_COLUMNS, contact_of, ticket_of
from gateway.storage.schema import contacts, fingerprints, message_ids, organisations, participants, tickets


class KnownRows:
    """The reading half of `ports.UnitOfWork`."""

    _locks = True
    """Whether what is read stays as it is until the transaction ends."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        # What is known. None and empty are answers too: nobody asks twice.
        self._tickets: dict[int, Ticket | None] = {}
        self._contacts: dict[int, Contact | None] = {}
        self._by_address: dict[str, Contact | None] = {}
        self._participants: dict[int, tuple[Contact, ...]] = {}
        self._by_message: dict[str, tuple[int, ...]] = {}
        self._first: dict[int, int] = {}
        self._articles: dict[int, tuple[Heading, ...]] = {}

    def prefetch(self, wanted: Wanted) -> None:
        """Fetch for a whole batch what would otherwise be fetched for each mail."""
        self._claim(wanted.fingerprints)
        self._fetch_message_ids(wanted.message_ids)
        numbers = wanted.tickets.union(*(self._by_message[each] for each in wanted.message_ids))
        self._fetch_tickets(numbers)
        self._fetch_contacts(contacts.c.id, wanted.contacts, self._contacts)
        self._fetch_contacts(contacts.c.address_key, wanted.addresses, self._by_address)
        if wanted.searches:
            self._articles.update(search_articles(self._connection, wanted.searches))

    def found_articles(self, inbound_id: int) -> tuple[Heading, ...]:
        """What the mail's search for articles has found, the best first."""
        return self._articles.get(inbound_id, ())

    def first_with_content(self, inbound_id: int) -> int:
        """The ledger id of the first mail with that mail's fingerprint."""
        return self._first.get(inbound_id, inbound_id)

    def tickets_with_message(self, message_id: str) -> tuple[int, ...]:
        """Tickets on which a mail with that id was received."""
        if message_id not in self._by_message:
            self._fetch_message_ids([message_id])
        return self._by_message[message_id]

    def ticket(self, number: int) -> Ticket | None:
        """The ticket, locked."""
        if number not in self._tickets:
            self._fetch_tickets([number])
        return self._tickets[number]

    def participants(self, number: int) -> tuple[Contact, ...]:
        """Who follows the ticket beside its requester."""
        if number not in self._participants:
            self._fetch_participants([number])
        return self._participants[number]

    def contact(self, number: int) -> Contact | None:
        """By id."""
        if number not in self._contacts:
            self._fetch_contacts(contacts.c.id, [number], self._contacts)
        return self._contacts[number]

    def contact_at(self, key: str) -> Contact | None:
        """By the comparison form of the address."""
        if key not in self._by_address:
            self._fetch_contacts(contacts.c.address_key, [key], self._by_address)
        return self._by_address[key]

    def flex_used(self, organisation: int) -> int:
        """Minutes that its tickets have taken from the organisation's Flex balance."""
        # Whoever closes another ticket of the organisation waits here, so that both see one balance.
        lock = sa.select(organisations.c.id).where(organisations.c.id == organisation).with_for_update()
        if self._locks:
            self._connection.execute(lock)
        used = sa.select(sa.func.coalesce(sa.func.sum(tickets.c.flex_minutes), 0)).where(
            tickets.c.organisation_id == organisation,
            tickets.c.flex_minutes > 0,
            tickets.c.number.not_in(list(self._tickets)),
        )
        written: int = self._connection.execute(used).scalar_one()
        known = (each for each in self._tickets.values() if each and each.organisation_id == organisation)
        return written + sum(each.flex_minutes for each in known)

    def _claim(self, by_mail: Mapping[int, str]) -> None:
        """Enter fingerprints that nobody has entered, and learn who was first with the others."""
        if not by_mail:
            return
        first_here: dict[str, int] = {}
        for number in sorted(by_mail):
            first_here.setdefault(by_mail[number], number)
        rows = [
            {"fingerprint": fingerprint, "inbound_id": number}
            for fingerprint, number in sorted(first_here.items())
        ]
        # Sorted, so that two workers that meet the same mails wait for each other in one direction.
        self._connection.execute(self._insert(fingerprints).on_conflict_do_nothing(), rows)
        found = self._connection.execute(
            sa.select(fingerprints.c.fingerprint, fingerprints.c.inbound_id).where(
                fingerprints.c.fingerprint.in_(list(first_here))
            )
        )
        owners: dict[str, int] = dict(found.all())
        self._first.update({number: owners[fingerprint] for number, fingerprint in by_mail.items()})

    def _fetch_message_ids(self, wanted: Iterable[str]) -> None:
        missing = [each for each in wanted if each not in self._by_message]
        if not missing:
            return
        found: dict[str, list[int]] = {}
        rows = self._connection.execute(
            sa.select(message_ids.c.message_id, message_ids.c.ticket)
            .where(message_ids.c.message_id.in_(missing))
            .order_by(message_ids.c.message_id, message_ids.c.ticket)
        )
        for message_id, ticket in rows:
            found.setdefault(message_id, []).append(ticket)
        self._by_message.update({each: tuple(found.get(each, ())) for each in missing})

    def _fetch_tickets(self, wanted: Iterable[int]) -> None:
        missing = sorted(each for each in wanted if each not in self._tickets)
        if not missing:
            return
        select = sa.select(tickets).where(tickets.c.number.in_(missing)).order_by(tickets.c.number)
        rows = self._connection.execute(select.with_for_update() if self._locks else select).all()
        people = {row.requester_id for row in rows} | {row.assignee_id for row in rows}
        self._fetch_contacts(contacts.c.id, people - {None}, self._contacts)
        self._tickets.update(dict.fromkeys(missing))
        for row in rows:
            self._tickets[row.number] = ticket_of(
                row, self._contacts.get(row.requester_id), self._contacts.get(row.assignee_id)
            )
        self._fetch_participants([row.number for row in rows])

    def _fetch_participants(self, wanted: Iterable[int]) -> None:
        missing = [each for each in wanted if each not in self._participants]
        if not missing:
            return
        self._participants.update(dict.fromkeys(missing, ()))
        rows = self._connection.execute(
            sa.select(participants.c.ticket, *CONTACT_COLUMNS)
            .join_from(participants, contacts)
            .where(participants.c.ticket.in_(missing))
            .order_by(participants.c.ticket, contacts.c.id)
        )
        for row in rows:
            self._participants[row.ticket] += (contact_of(row),)

    def _fetch_contacts(
        self, column: sa.Column[Any], wanted: Iterable[Any], known: dict[Any, Contact | None]
    ) -> None:
        missing = [each for each in wanted if each not in known]
        if not missing:
            return
        known.update(dict.fromkeys(missing))
        rows = self._connection.execute(sa.select(*CONTACT_COLUMNS).where(column.in_(missing)))
        for row in rows:
            contact = contact_of(row)
            self._contacts[contact.id] = self._by_address[contact.key] = contact
