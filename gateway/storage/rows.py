"""Between rows and the domain's values."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from gateway.domain.address import Mailbox
from gateway.domain.desk import Contact
from gateway.domain.intent.result import Suggestion
from gateway.domain.mail import Attachment
from gateway.domain.notification import Notification
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.ports import NewNotification
from gateway.storage.clocks import (
    before_document,
    before_of,
    clock_document,
    clock_of,
    held_document,
    held_of,
    waiting_document,
    waiting_of,
)
from gateway.storage.schema import contacts, outbox

AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]
"""A row of any columns."""


def contact_of(row: AnyRow) -> Contact:
    """A row of `contacts`."""
    return Contact(
        id=row.id,
        key=row.address_key,
        address=row.address,
        name=row.name,
        language=row.language,
        organisation_id=row.organisation_id,
        roles=frozenset(row.roles),
        team=row.team,
        offers=tuple(row.offers),
        listed=row.listed,
    )


def contact_row(contact: Contact) -> dict[str, Any]:
    """The columns of `contacts` but for `id` and `created_at`."""
    return {
        "address_key": contact.key,
        "address": contact.address,
        "name": contact.name,
        "language": contact.language,
        "organisation_id": contact.organisation_id,
        "roles": sorted(contact.roles),
        "team": contact.team,
        "offers": list(contact.offers),
        "listed": contact.listed,
    }


CONTACT_COLUMNS = tuple(
    column
    for column in contacts.c
    if column.name not in {"bounced_at", "bounce_reason", "told_at", "created_at"}
)


def ticket_of(row: AnyRow, requester: Contact | None, assignee: Contact | None) -> Ticket:
    """A row of `tickets` with its people."""
    return Ticket(
        number=row.number,
        subject=row.subject,
        state=row.state,
        resolution=row.resolution,
        priority=row.priority,
        claimed_priority=row.claimed_priority,
        type=row.type,
        language=row.language,
        organisation_id=row.organisation_id,
        requester=requester,
        desk_address=row.desk_address,
        team=row.team,
        assignee=assignee,
        root_message_id=row.root_message_id,
        last_message_id=row.last_message_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        closed_at=row.closed_at,
        nudges=row.nudges,
        nudged_at=row.nudged_at,
        escalation=row.escalation,
        promised_since=row.promised_since,
        response=clock_of(row.clocks["response"]),
        resolution_clock=clock_of(row.clocks["resolution"]),
        waiting=waiting_of(row.waiting),
        flex_minutes=row.flex_minutes,
        held=held_of(row.held),
    )


def ticket_row(ticket: Ticket, *, rank: int) -> dict[str, Any]:
    """The columns of `tickets`; `rank` is the priority's place in the queue's order."""
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "state": ticket.state,
        "resolution": ticket.resolution,
        "priority": ticket.priority,
        "priority_rank": rank,
        "claimed_priority": ticket.claimed_priority,
        "type": ticket.type,
        "language": ticket.language,
        "organisation_id": ticket.organisation_id,
        "requester_id": ticket.requester.id if ticket.requester else None,
        "desk_address": ticket.desk_address,
        "team": ticket.team,
        "assignee_id": ticket.assignee.id if ticket.assignee else None,
        "root_message_id": ticket.root_message_id,
        "last_message_id": ticket.last_message_id,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "closed_at": ticket.closed_at,
        "nudges": ticket.nudges,
        "nudged_at": ticket.nudged_at,
        "escalation": ticket.escalation,
        "promised_since": ticket.promised_since,
        "clocks": {
            "response": clock_document(ticket.response),
            "resolution": clock_document(ticket.resolution_clock),
        },
        "waiting": waiting_document(ticket.waiting),
        "flex_minutes": ticket.flex_minutes,
        "held": held_document(ticket.held),
    }


def comment_row(comment: Comment) -> dict[str, Any]:
    """The columns of `comments` but for `id`."""
    return {
        "ticket": comment.ticket,
        "at": comment.at,
        "author_id": comment.author.id if comment.author else None,
        "author": comment.author_shown,
        "visibility": comment.visibility,
        "text": comment.text,
        "source": comment.source,
        "evidence": comment.evidence,
        "verified": comment.verified,
        "inbound_id": comment.inbound_id,
        "attachments": [asdict(each) for each in comment.attachments],
        "suggested": [asdict(each) for each in comment.suggested],
    }


def comment_of(row: AnyRow, author: Contact | None) -> Comment:
    """A row of `comments`."""
    return Comment(
        ticket=row.ticket,
        at=row.at,
        author=author,
        author_shown=row.author,
        visibility=row.visibility,
        text=row.text,
        source=row.source,
        evidence=row.evidence,
        verified=row.verified,
        inbound_id=row.inbound_id,
        attachments=tuple(Attachment(**each) for each in row.attachments),
        suggested=tuple(Suggestion(**each) for each in row.suggested or ()),
    )


def timeline_row(entry: TimelineEntry) -> dict[str, Any]:
    """The columns of `timeline` but for `id`."""
    return {
        "ticket": entry.ticket,
        "at": entry.at,
        "actor": entry.actor,
        "kind": entry.kind,
        "from_value": entry.from_value,
        "to_value": entry.to_value,
        "reason": entry.reason,
        "evidence": entry.evidence,
        "inbound_id": entry.inbound_id,
        "undoes": entry.undoes,
        "before": before_document(entry.before),
    }


def timeline_of(row: AnyRow) -> TimelineEntry:
    """A row of `timeline`."""
    return TimelineEntry(
        ticket=row.ticket,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        from_value=row.from_value,
        to_value=row.to_value,
        reason=row.reason,
        evidence=row.evidence,
        inbound_id=row.inbound_id,
        undoes=row.undoes,
        before=before_of(row.before),
        id=row.id,
    )


def new_notification_row(new: NewNotification) -> dict[str, Any]:
    """A row of `outbox`, due at once."""
    notification = new.notification
    return {
        "id": new.id,
        "contact_id": new.contact_id,
        "reverse_path": new.reverse_path,
        "subject": new.subject,
        "state": "pending",
        "created_at": notification.date,
        "due_at": notification.date,
        "ticket": notification.ticket,
        "template": notification.template,
        "language": notification.language,
        "recipient": notification.to.address,
        "message_id": notification.message_id,
        "written": {
            "sender": [notification.sender.name, notification.sender.address],
            "to": notification.to.name,
            "reply_to": notification.reply_to,
            "in_reply_to": notification.in_reply_to,
            "references": notification.references,
            "subject": notification.subject,
            "auto_submitted": notification.auto_submitted,
            "date": notification.date.isoformat(),
            "context": notification.context,
        },
    }


NOTIFICATION_COLUMNS = (
    outbox.c.ticket,
    outbox.c.template,
    outbox.c.language,
    outbox.c.recipient,
    outbox.c.message_id,
    outbox.c.written,
)


def notification_of(row: AnyRow) -> Notification:
    """A row of `NOTIFICATION_COLUMNS`."""
    written = row.written
    return Notification(
        template=row.template,
        language=row.language,
        sender=Mailbox(*written["sender"]),
        to=Mailbox(written["to"], row.recipient),
        reply_to=written["reply_to"],
        message_id=row.message_id,
        in_reply_to=written["in_reply_to"],
        references=tuple(written["references"]),
        ticket=row.ticket,
        subject=written["subject"],
        auto_submitted=written["auto_submitted"],
        date=datetime.fromisoformat(written["date"]),
        context=written["context"],
    )
