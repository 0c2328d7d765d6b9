"""A ticket and what hangs on it, as frozen values; a change is a new value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.desk import Contact
from gateway.domain.held import HeldMail
from gateway.domain.intent.result import Suggestion
from gateway.domain.mail import Attachment
from gateway.domain.sla import Clock
from gateway.domain.timers import Waiting


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request.

    Attributes:
        requester: None where the mail that opened it could not be read.
        desk_address: comparison form of the address that was written to.
        language: of the requester, for all that goes to customers.
        root_message_id: the ticket's first mail; every mail we send refers to it.
        last_message_id: the customer's last mail; what we send answers it.
        nudged_at: when a nudge was last told to the desk.
        created_at: when its mail was received; both clocks start there.
        escalation: state of its newest request for escalation, or empty; approved ones stand first
            in the queue.
        promised_since: when the customer was last told something, where regular news are promised.
        waiting: None in any other state than waiting_customer.
        held: mails that wait for the desk's decision.
        flex_minutes: what a Flex contract was charged for it; 0 until then.
    """

    number: int
    subject: str
    state: str
    resolution: str
    priority: str
    claimed_priority: str
    type: str
    language: str
    organisation_id: int | None
    requester: Contact | None
    desk_address: str
    team: str
    assignee: Contact | None
    root_message_id: str
    last_message_id: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    nudges: int
    nudged_at: datetime | None
    escalation: str
    promised_since: datetime | None
    response: Clock
    resolution_clock: Clock
    waiting: Waiting | None
    flex_minutes: int
    held: tuple[HeldMail, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """Something said on a ticket.

    Attributes:
        author: None where nobody is known to have said it.
        author_shown: name and address as they stood in the mail.
        visibility: public or internal.
        source: smtp, lmtp, pipe, imap or cli.
        evidence: E0 to E4.
        verified: whether the author is proven (E2 and above).
        suggested: what was read in it without any effect, for the desk alone.
    """

    ticket: int
    at: datetime
    author: Contact | None
    author_shown: str
    visibility: str
    text: str
    source: str
    evidence: str
    verified: bool
    inbound_id: int | None
    attachments: tuple[Attachment, ...]
    suggested: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """What a ticket was before a change, beside what the change's entry itself says; for its undoing."""

    resolution: str
    closed_at: datetime | None
    team: str
    response: Clock
    resolution_clock: Clock
    waiting: Waiting | None
    promised_since: datetime | None

    @classmethod
    def of(cls, ticket: Ticket) -> Before:
        """As it is now."""
        return cls(
            ticket.resolution,
            ticket.closed_at,
            ticket.team,
            ticket.response,
            ticket.resolution_clock,
            ticket.waiting,
            ticket.promised_since,
        )


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Who, when, what, from, to, why, and on what evidence.

    Attributes:
        id: 0 until it has a row.
        inbound_id: ledger id of the mail that brought it about, or None.
        undoes: id of the entry that it takes back, or None.
        before: of a change that can be undone.
    """

    ticket: int
    at: datetime
    actor: str
    kind: str
    from_value: str
    to_value: str
    reason: str
    evidence: str
    inbound_id: int | None = None
    undoes: int | None = None
    before: Before | None = None
    id: int = 0
