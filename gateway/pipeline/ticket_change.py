"""What every change of a ticket is made of: the row as it is, what is said, what the timeline keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain.acts import OPENED, Said
from gateway.domain.desk import Contact
from gateway.domain.policy import Policy
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.errors import NotFound
from gateway.ports import UnitOfWork


class TicketChange:
    """One run of acts, in one transaction.

    Attributes:
        opened: number of the ticket that was opened last, or 0.
    """

    def __init__(self, uow: UnitOfWork, policy: Policy, now: datetime) -> None:
        self.uow = uow
        self.policy = policy
        self.now = now
        self.opened = 0

    def ticket(self, number: int) -> Ticket:
        """The ticket as it is now; raises NotFound."""
        ticket = self.uow.ticket(self.opened if number == OPENED else number)
        if ticket is None:
            raise NotFound(f"there is no ticket {number}")
        return ticket

    def save(self, ticket: Ticket) -> None:
        """The ticket as it is from now on."""
        self.uow.save_ticket(replace(ticket, updated_at=self.now))

    def known(self, contact: Contact | None, language: str) -> Contact | None:
        """The contact with its row: a newcomer's is made here."""
        if contact is None or contact.id:
            return contact
        return self.uow.add_contact(replace(contact, language=contact.language or language), now=self.now)

    def say(self, number: int, said: Said, visibility: str) -> Comment:
        """Add what was said to the comments."""
        comment = self.as_comment(number, said, visibility)
        self.uow.add_comment(comment)
        if said.message_id:
            self.uow.add_message_id(said.message_id, number)
        return comment

    def as_comment(self, number: int, said: Said, visibility: str) -> Comment:
        """What was said, as a comment that is not added."""
        return Comment(
            ticket=number,
            at=self.now,
            author=said.author,
            author_shown=said.author_shown,
            visibility=visibility,
            text=said.text,
            source=said.source,
            evidence=said.evidence,
            verified=said.verified,
            inbound_id=said.inbound_id,
            attachments=said.attachments,
        )

    def note(self, number: int, kind: str, said: Said, *, to: str, reason: str = "") -> None:
        """Enter into the timeline what somebody's words did."""
        actor = said.author.address if said.author else said.author_shown
        self.enter(number, actor, kind, "", to, reason, said.evidence)

    def enter(
        self, number: int, actor: str, kind: str, before: str, after: str, reason: str, evidence: str
    ) -> None:
        """Enter a change into the timeline."""
        self.uow.add_timeline(TimelineEntry(number, self.now, actor, kind, before, after, reason, evidence))
