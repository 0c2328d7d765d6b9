"""What every change of a ticket is made of: the row as it is, what is said, what the timeline keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain.acts import OPENED, Said
from gateway.domain.contract import contract_of
from gateway.domain.desk import Contact
from gateway.domain.escalation import escalation_timers
from gateway.domain.events import Event, SlaBreached, SlaWarned
from gateway.domain.policy import Policy
from gateway.domain.sla import Mark, news
from gateway.domain.ticket import Before, Comment, Ticket, TimelineEntry
from gateway.domain.timers import Waiting, pending
from gateway.domain.undo import RESTORABLE
from gateway.errors import NotFound
from gateway.pipeline.follow_clocks import follow
from gateway.ports import UnitOfWork


class TicketChange:
    """One run of acts, in one transaction.

    Attributes:
        at: when what is done was wanted, such as a mail's receipt; clocks reckon from there.
        historic: whether old mail is filed, for which nothing is promised.
        mail: ledger id of the mail that brings it about, or None.
        opened: number of the ticket that was opened last, or 0.
        last_said: by ticket, what this run has added to its comments last.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        policy: Policy,
        now: datetime,
        at: datetime,
        *,
        historic: bool,
        mail: int | None = None,
    ) -> None:
        self.uow = uow
        self.policy = policy
        self.now = now
        self.at = at
        self.historic = historic
        self.mail = mail
        self.opened = 0
        self.last_said: dict[int, Comment] = {}
        self._touched: dict[int, None] = {}
        self._marks: list[tuple[int, str, Mark]] = []
        self._saved: dict[int, Ticket] = {}

    def ticket(self, number: int) -> Ticket:
        """The ticket as it is now; raises NotFound."""
        ticket = self.uow.ticket(self.opened if number == OPENED else number)
        if ticket is None:
            raise NotFound(f"there is no ticket {number}")
        return ticket

    def save(self, ticket: Ticket) -> None:
        """The ticket as it is from now on; its clocks and its waiting follow its state and priority."""
        before = self.ticket(ticket.number)
        after = follow(before, replace(ticket, updated_at=self.now), self.uow.desk, self.policy, at=self.at)
        self._marks += [
            (ticket.number, name, mark)
            for name, old, new in (
                ("response", before.response, after.response),
                ("resolution", before.resolution_clock, after.resolution_clock),
            )
            for mark in news(old, new)
        ]
        self._saved[ticket.number] = before
        self.uow.save_ticket(after)
        self._touched[ticket.number] = None

    def put(self, ticket: Ticket) -> None:
        """The ticket as it is from now on, with the clocks and the waiting that it is given."""
        self.uow.save_ticket(replace(ticket, updated_at=self.now))
        self._touched[ticket.number] = None

    def spoken(self, number: int) -> None:
        """A person has said something for both sides: what waits for an answer begins again."""
        ticket = self.ticket(number)
        if ticket.waiting is not None:
            # Whoever is away is away whatever the desk adds meanwhile.
            self.save(replace(ticket, waiting=Waiting(self.now, away_until=ticket.waiting.away_until)))

    def finish(self) -> tuple[Event, ...]:
        """Plan what falls due on every ticket that was touched; what its clocks have come to."""
        for number in self._touched:
            self._plan(number, is_new=number == self.opened)
        events: list[Event] = []
        for number, name, mark in self._marks:
            self.enter(number, "", f"sla_{mark}", "", name, "", "")
            clock = (
                self.ticket(number).response if name == "response" else self.ticket(number).resolution_clock
            )
            event = SlaBreached if mark is Mark.BREACHED else SlaWarned
            events.append(event(self.ticket(number), None, name, clock.due_at))
        return tuple(events)

    def _plan(self, number: int, *, is_new: bool) -> None:
        ticket = self.ticket(number)
        clocks = ticket.response, ticket.resolution_clock
        due = [*pending(self.policy.timers, *clocks, ticket.waiting, ticket.held)]
        request = self.uow.escalations.of(number) if ticket.escalation == "requested" else None
        contract = contract_of(ticket, self.uow.desk)
        due += escalation_timers(request, ticket, contract, self.policy.escalation)
        self.uow.timers.plan(number, tuple(due), is_new=is_new)

    def touch(self, number: int) -> None:
        """Have what falls due on the ticket planned again."""
        self._touched[number] = None

    def known(self, contact: Contact | None, language: str) -> Contact | None:
        """The contact with its row: a newcomer's is made here."""
        if contact is None or contact.id:
            return contact
        return self.uow.add_contact(replace(contact, language=contact.language or language), now=self.now)

    def say(self, number: int, said: Said, visibility: str) -> Comment:
        """Add what was said to the comments."""
        comment = self.as_comment(number, said, visibility)
        self.uow.add_comment(comment)
        self.last_said[number] = comment
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
            suggested=said.suggested,
        )

    def note(self, number: int, kind: str, said: Said, *, to: str, reason: str = "") -> None:
        """Enter into the timeline what somebody's words did."""
        actor = said.author.address if said.author else said.author_shown
        self.enter(number, actor, kind, "", to, reason, said.evidence)

    def enter(
        self,
        number: int,
        actor: str,
        kind: str,
        before: str,
        after: str,
        reason: str,
        evidence: str,
        *,
        undoes: int | None = None,
    ) -> None:
        """Enter a change into the timeline; one that can be undone, right after it was saved."""
        saved = self._saved.get(number) if kind in RESTORABLE and undoes is None else None
        self.uow.add_timeline(
            TimelineEntry(
                number,
                self.now,
                actor,
                kind,
                before,
                after,
                reason,
                evidence,
                inbound_id=self.mail,
                undoes=undoes,
                before=Before.of(saved) if saved is not None else None,
            )
        )


def by_itself(text: str) -> Said:
    """What the gateway says by itself."""
    return Said(
        author=None,
        author_shown="",
        text=text,
        attachments=(),
        source="timer",
        evidence="E4",
        verified=True,
        inbound_id=None,
        message_id="",
    )
