"""Tickets as they are looked at: lists in queue order, and one with all that hangs on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.domain.desk import Contact
from gateway.domain.escalation import Escalation
from gateway.domain.service_alert import LinkState, ServiceAlert
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.errors import NotFound
from gateway.storage.database import Database
from gateway.storage.escalations import read_newest
from gateway.storage.rows import CONTACT_COLUMNS, AnyRow, comment_of, contact_of, ticket_of, timeline_of
from gateway.storage.schema import comments, contacts, links, organisations, participants, tickets, timeline
from gateway.storage.service_alerts import read_of_ticket


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with everything; lists are oldest first."""

    ticket: Ticket
    organisation: str
    participants: tuple[Contact, ...]
    comments: tuple[Comment, ...]
    timeline: tuple[TimelineEntry, ...]
    links: tuple[tuple[str, int], ...]
    escalation: Escalation | None
    alerts: tuple[tuple[LinkState, ServiceAlert], ...] = ()


class TicketStore:
    """Reads tickets; changes go through a unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, *, state: str = "", organisation: str = "", limit: int = 10_000) -> Iterator[TicketView]:
        """Escalated ones first, then by priority, then first come, first served; without what hangs on them."""
        query = (
            sa.select(tickets, organisations.c.name.label("organisation"))
            .join_from(tickets, organisations, isouter=True)
            .order_by((tickets.c.escalation == "approved").desc(), tickets.c.priority_rank, tickets.c.number)
            .limit(limit)
        )
        if state:
            query = query.where(tickets.c.state == state)
        if organisation:
            query = query.where(organisations.c.name == organisation)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            people = _people(connection, rows)
        for row in rows:
            ticket = ticket_of(row, people.get(row.requester_id), people.get(row.assignee_id))
            yield TicketView(ticket, row.organisation or "", (), (), (), (), None)

    def ticket(self, number: int) -> TicketView:
        """One ticket whole.

        Raises:
            NotFound: there is no such ticket.
        """
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(tickets, organisations.c.name.label("organisation"))
                .join_from(tickets, organisations, isouter=True)
                .where(tickets.c.number == number)
            ).first()
            if row is None:
                raise NotFound(f"there is no ticket {number}")
            said = connection.execute(
                sa.select(comments).where(comments.c.ticket == number).order_by(comments.c.id)
            ).all()
            entries = connection.execute(
                sa.select(timeline).where(timeline.c.ticket == number).order_by(timeline.c.id)
            )
            following = connection.execute(
                sa.select(*CONTACT_COLUMNS)
                .join_from(participants, contacts)
                .where(participants.c.ticket == number)
                .order_by(contacts.c.id)
            )
            tied = connection.execute(sa.select(links.c.kind, links.c.other).where(links.c.ticket == number))
            people = _people(connection, [row], {each.author_id for each in said})
            return TicketView(
                ticket=ticket_of(row, people.get(row.requester_id), people.get(row.assignee_id)),
                organisation=row.organisation or "",
                participants=tuple(map(contact_of, following)),
                comments=tuple(comment_of(each, people.get(each.author_id)) for each in said),
                timeline=tuple(map(timeline_of, entries)),
                links=tuple((kind, other) for kind, other in tied),
                escalation=next(read_newest(connection, [number]), None),
                alerts=read_of_ticket(connection, number),
            )

    def escalations(self) -> list[Escalation]:
        """The newest request of every ticket that has one, the oldest first."""
        with self._database.read() as connection:
            return list(read_newest(connection))

    def words(self) -> dict[str, dict[str, int]]:
        """By state, resolution, priority and type: the words in use, each with the lowest number of its tickets."""
        columns = (tickets.c.state, tickets.c.resolution, tickets.c.priority, tickets.c.type)
        query = sa.select(*columns, sa.func.min(tickets.c.number).label("lowest")).group_by(*columns)
        found: dict[str, dict[str, int]] = {column.name: {} for column in columns}
        with self._database.read() as connection:
            for row in connection.execute(query):
                for kind, lowest in found.items():
                    word = getattr(row, kind)
                    lowest[word] = min(row.lowest, lowest.get(word, row.lowest))
        return found


def _people(
    connection: sa.Connection, rows: Sequence[AnyRow], others: set[Any] | None = None
) -> dict[int, Contact]:
    wanted = {row.requester_id for row in rows} | {row.assignee_id for row in rows} | (others or set())
    wanted.discard(None)
    if not wanted:
        return {}
    found = connection.execute(sa.select(*CONTACT_COLUMNS).where(contacts.c.id.in_(wanted)))
    return {row.id: contact_of(row) for row in found}
