"""Requests for escalation as rows; few, so each is read when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.desk import Contact
from gateway.domain.escalation import Escalation, EscalationState
from gateway.storage.rows import CONTACT_COLUMNS, AnyRow, contact_of
from gateway.storage.schema import comments, contacts, escalations
from gateway.storage.sequences import allocate


class EscalationRows:
    """See `ports.Escalations`; what was saved is written by `write`, after the tickets."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._newest: dict[int, Escalation | None] = {}
        self._new: dict[int, None] = {}
        self._saved: dict[int, None] = {}

    def of(self, ticket: int) -> Escalation | None:
        """The ticket's newest request."""
        if ticket not in self._newest:
            found = list(read_newest(self._connection, [ticket]))
            self._newest[ticket] = found[0] if found else None
        return self._newest[ticket]

    def add(self, escalation: Escalation) -> Escalation:
        """A new request, with its id."""
        made = replace(escalation, id=allocate(self._connection, escalations.c.id, 1)[0])
        self._newest[made.ticket] = made
        self._new[made.ticket] = None
        return made

    def save(self, escalation: Escalation) -> None:
        """The request as it is from now on."""
        self._newest[escalation.ticket] = escalation
        if escalation.ticket not in self._new:
            self._saved[escalation.ticket] = None

    def desk_active_at(self, ticket: int) -> datetime | None:
        """When somebody of the desk commented last."""
        spoke = (
            sa.select(comments.c.at, contacts.c.roles)
            .join_from(comments, contacts, comments.c.author_id == contacts.c.id)
            .where(comments.c.ticket == ticket)
            .order_by(comments.c.id.desc())
            .limit(50)
        )
        for row in self._connection.execute(spoke):
            if row.roles:
                at: datetime = row.at
                return at
        return None

    def write(self) -> None:
        """Write what was added and saved."""
        for ticket in self._new:
            self._connection.execute(sa.insert(escalations), [self._row(ticket)])
        for ticket in self._saved:
            row = self._row(ticket)
            changed = {name: value for name, value in row.items() if name != "id"}
            self._connection.execute(
                sa.update(escalations).where(escalations.c.id == row["id"]).values(changed)
            )

    def _row(self, ticket: int) -> dict[str, Any]:
        found = self._newest[ticket]
        if found is None:
            raise KeyError(ticket)
        return {
            "id": found.id,
            "ticket": found.ticket,
            "state": str(found.state),
            "requested_at": found.requested_at,
            "requested_by_id": found.requested_by.id if found.requested_by else None,
            "reason": found.reason,
            "evidence": found.evidence,
            "asked": found.asked,
            "grounds": found.grounds,
            "refusals": found.refusals,
            "missing": found.missing,
            "level": found.level,
            "decided_at": found.decided_at,
            "decided_by_id": found.decided_by.id if found.decided_by else None,
            "decision_reason": found.decision_reason,
            "estimate": found.estimate,
        }


def read_newest(connection: sa.Connection, tickets: Sequence[int] | None = None) -> Iterator[Escalation]:
    """The newest request of each of `tickets` (of all, when None), the oldest request first."""
    newest = sa.select(sa.func.max(escalations.c.id)).group_by(escalations.c.ticket)
    if tickets is not None:
        newest = newest.where(escalations.c.ticket.in_(tickets))
    rows = connection.execute(
        sa.select(escalations).where(escalations.c.id.in_(newest)).order_by(escalations.c.id)
    ).all()
    wanted = {row.requested_by_id for row in rows} | {row.decided_by_id for row in rows}
    people = {
        row.id: contact_of(row)
        for row in connection.execute(sa.select(*CONTACT_COLUMNS).where(contacts.c.id.in_(wanted - {None})))
    }
    return (_escalation(row, people) for row in rows)


def _escalation(row: AnyRow, people: dict[int, Contact]) -> Escalation:
    return Escalation(
        id=row.id,
        ticket=row.ticket,
        state=EscalationState(row.state),
        requested_at=row.requested_at,
        requested_by=people.get(row.requested_by_id),
        reason=row.reason,
        evidence=row.evidence,
        asked=row.asked,
        grounds=tuple(row.grounds),
        refusals=tuple(row.refusals),
        missing=tuple(row.missing),
        level=row.level,
        decided_at=row.decided_at,
        decided_by=people.get(row.decided_by_id),
        decision_reason=row.decision_reason,
        estimate=row.estimate,
    )
