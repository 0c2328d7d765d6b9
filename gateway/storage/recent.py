"""What has been said and done on one ticket lately, as a unit of work asks for it."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.domain.ticket import Comment, TimelineEntry
from gateway.storage.rows import CONTACT_COLUMNS, comment_of, contact_of, timeline_of
from gateway.storage.schema import comments, contacts, timeline

_ENTRIES = 100
_COMMENTS = 50


def read_recent(connection: sa.Connection, ticket: int) -> tuple[TimelineEntry, ...]:
    """The newest entries of a timeline, the newest first."""
    rows = connection.execute(
        sa.select(timeline).where(timeline.c.ticket == ticket).order_by(timeline.c.id.desc()).limit(_ENTRIES)
    )
    return tuple(map(timeline_of, rows))


def read_customers_mail(connection: sa.Connection, ticket: int, inbound_id: int | None) -> Comment | None:
    """What a mail said on the ticket; the customers' last, where `inbound_id` names none."""
    query = (
        sa.select(comments)
        .where(comments.c.ticket == ticket, comments.c.inbound_id.is_not(None))
        .order_by(comments.c.id.desc())
        .limit(_COMMENTS)
    )
    if inbound_id is not None:
        query = query.where(comments.c.inbound_id == inbound_id)
    rows = connection.execute(query).all()
    wanted = {row.author_id for row in rows} - {None}
    people = {
        row.id: contact_of(row)
        for row in connection.execute(sa.select(*CONTACT_COLUMNS).where(contacts.c.id.in_(wanted)))
    }
    found = (comment_of(row, people.get(row.author_id)) for row in rows)
    return next((each for each in found if each.author is None or not each.author.is_staff), None)
