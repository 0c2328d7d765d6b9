"""Step 8: carry out the acts, in the transaction; what has happened comes out as events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.domain.acts import (
    Act,
    AddComment,
    AddParticipants,
    AssignTicket,
    ChangePriority,
    ChangeState,
    ChangeType,
    HoldMail,
    Nudge,
    OpenTicket,
    RecordAutomatic,
    RecordReturn,
    Said,
)
from gateway.domain.desk import Contact
from gateway.domain.events import (
    CommentedByCustomer,
    CommentedByDesk,
    Event,
    MailHeld,
    NotificationReturned,
    Nudged,
    PriorityChanged,
    PriorityLowered,
    StateChanged,
    TicketAssigned,
    TicketOpened,
    TicketReopened,
)
from gateway.domain.policy import Policy
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.errors import NotFound
from gateway.ports import UnitOfWork


def change_ticket(
    acts: Iterable[Act], uow: UnitOfWork, policy: Policy, *, now: datetime
) -> tuple[Event, ...]:
    """Do all of `acts` in order; each says what has happened."""
    change = _Change(uow, policy, now)
    return tuple(event for act in acts for event in change.carry_out(act))


class _Change:
    """One run of `change_ticket`."""

    def __init__(self, uow: UnitOfWork, policy: Policy, now: datetime) -> None:
        self._uow = uow
        self._policy = policy
        self._now = now

    def carry_out(self, act: Act) -> tuple[Event, ...]:
        """Do one act."""
        match act:
            case OpenTicket():
                return self._open(act)
            case AddComment():
                return self._comment(act)
            case ChangeState():
                return self._change_state(act)
            case ChangePriority():
                return self._change_priority(act)
            case AssignTicket():
                return self._assign(act)
            case ChangeType():
                return self._change_type(act)
            case Nudge():
                return self._nudge(act)
            case AddParticipants():
                return self._add_participants(act)
            case HoldMail():
                return self._hold(act)
            case RecordReturn():
                return self._record_return(act)
            case RecordAutomatic():
                return self._record_automatic(act)

    def _open(self, act: OpenTicket) -> tuple[Event, ...]:
        desk = self._uow.desk
        address = desk.addresses.get(act.desk_address) or desk.default_address()
        said = replace(act.said, author=self._known(act.said.author, act.language))
        requester = said.author
        ticket = self._uow.add_ticket(
            Ticket(
                number=0,
                subject=act.subject,
                state=self._policy.workflow.initial,
                resolution="",
                priority=self._policy.default_priority,
                claimed_priority="",
                type=self._policy.default_type,
                language=act.language,
                organisation_id=requester.organisation_id if requester else None,
                requester=requester,
                desk_address=address.key,
                team=address.team,
                assignee=None,
                root_message_id=said.message_id,
                last_message_id=said.message_id,
                created_at=self._now,
                updated_at=self._now,
                closed_at=None,
                nudges=0,
            )
        )
        self._note(ticket.number, "opened", said, to=ticket.state)
        if act.follow_up_of is not None:
            self._uow.add_link(ticket.number, "follows_up", act.follow_up_of)
            self._uow.add_link(act.follow_up_of, "followed_up_by", ticket.number)
        comment = self._say(ticket.number, said, "public")
        return (TicketOpened(ticket, requester, comment, act.confirm),)

    def _comment(self, act: AddComment) -> tuple[Event, ...]:
        ticket = self._ticket(act.ticket)
        said = replace(act.said, author=self._known(act.said.author, ticket.language))
        comment = self._say(ticket.number, said, act.visibility)
        if not act.by_desk and said.message_id:
            ticket = replace(ticket, last_message_id=said.message_id)
        self._save(ticket)
        ticket = self._ticket(act.ticket)
        if act.visibility == "internal":
            return ()
        if act.by_desk:
            return (CommentedByDesk(ticket, said.author, comment),)
        return (CommentedByCustomer(ticket, said.author, comment),)

    def _change_state(self, act: ChangeState) -> tuple[Event, ...]:
        before = self._ticket(act.ticket)
        target = self._policy.workflow.states[act.to]
        details = dict(act.details)
        ticket = replace(
            before,
            state=act.to,
            resolution="" if target.is_open else details.get("resolution", before.resolution),
            closed_at=None if target.is_open else self._now,
        )
        self._save(ticket)
        actor = act.actor.address if act.actor else ""
        words = [act.reason, *(f"{name}: {value}" for name, value in act.details)]
        self._enter(
            ticket.number, actor, "state", before.state, act.to, "; ".join(filter(None, words)), act.evidence
        )
        ticket = self._ticket(act.ticket)
        comment = self._as_comment(ticket.number, act.said, "public") if act.said else None
        if act.reopening and comment is not None:
            return (TicketReopened(ticket, act.actor, before.state, comment),)
        return (StateChanged(ticket, act.actor, before.state, comment, act.details),)

    def _change_priority(self, act: ChangePriority) -> tuple[Event, ...]:
        before = self._ticket(act.ticket)
        self._save(replace(before, priority=act.to))
        actor = act.actor.address if act.actor else ""
        self._enter(act.ticket, actor, "priority", before.priority, act.to, act.reason, act.evidence)
        lowered = self._policy.rank(act.to) > self._policy.rank(before.priority)
        event = PriorityLowered if lowered else PriorityChanged
        return (event(self._ticket(act.ticket), act.actor, before.priority, act.reason),)

    def _assign(self, act: AssignTicket) -> tuple[Event, ...]:
        before = self._ticket(act.ticket)
        team = act.assignee.team or before.team
        self._save(replace(before, assignee=act.assignee, team=team))
        old = before.assignee.address if before.assignee else ""
        actor = act.actor.address if act.actor else ""
        self._enter(act.ticket, actor, "assignee", old, act.assignee.address, "", act.evidence)
        return (TicketAssigned(self._ticket(act.ticket), act.actor),)

    def _change_type(self, act: ChangeType) -> tuple[Event, ...]:
        before = self._ticket(act.ticket)
        self._save(replace(before, type=act.to))
        actor = act.actor.address if act.actor else ""
        self._enter(act.ticket, actor, "type", before.type, act.to, "", act.evidence)
        return ()

    def _nudge(self, act: Nudge) -> tuple[Event, ...]:
        ticket = self._ticket(act.ticket)
        self._save(replace(ticket, nudges=ticket.nudges + 1))
        comment = self._say(act.ticket, act.said, "public")
        self._note(act.ticket, "nudge", act.said, to=str(ticket.nudges + 1))
        return (Nudged(self._ticket(act.ticket), act.said.author, comment),)

    def _add_participants(self, act: AddParticipants) -> tuple[Event, ...]:
        ticket = self._ticket(act.ticket)
        following = {contact.key for contact in self._uow.participants(act.ticket)}
        if ticket.requester is not None:
            following.add(ticket.requester.key)
        actor = act.actor.address if act.actor else ""
        for contact in act.contacts:
            if contact.key in following:
                continue
            known = self._known(contact, ticket.language)
            if known is not None:
                self._uow.add_participant(act.ticket, known)
                self._enter(
                    act.ticket, actor, "participant", "", known.address, "named in the mail", act.evidence
                )
        return ()

    def _hold(self, act: HoldMail) -> tuple[Event, ...]:
        if act.ticket is None or act.said.inbound_id is None:
            return ()
        self._note(act.ticket, "mail_held", act.said, to=str(act.said.inbound_id), reason=act.reason)
        ticket = self._ticket(act.ticket)
        return (MailHeld(ticket, None, act.said.author_shown, act.said.inbound_id, act.reason),)

    def _record_return(self, act: RecordReturn) -> tuple[Event, ...]:
        contact = self._uow.contact(act.contact) if act.contact else None
        self._uow.mark_returned(
            act.notification, contact=act.contact, permanent=act.permanent, reason=act.reason, now=self._now
        )
        address = contact.address if contact else ""
        self._enter(act.ticket, "", "notification_returned", "", address, act.reason, act.evidence)
        return (NotificationReturned(self._ticket(act.ticket), None, contact, act.reason),)

    def _record_automatic(self, act: RecordAutomatic) -> tuple[Event, ...]:
        self._enter(act.ticket, act.author_shown, act.kind, "", "", "automatic mail", act.evidence)
        if act.message_id:
            self._uow.add_message_id(act.message_id, act.ticket)
        return ()

    def _ticket(self, number: int) -> Ticket:
        ticket = self._uow.ticket(number)
        if ticket is None:
            raise NotFound(f"there is no ticket {number}")
        return ticket

    def _save(self, ticket: Ticket) -> None:
        self._uow.save_ticket(replace(ticket, updated_at=self._now))

    def _known(self, contact: Contact | None, language: str) -> Contact | None:
        """The contact with its row: a newcomer's is made here."""
        if contact is None or contact.id:
            return contact
        return self._uow.add_contact(replace(contact, language=contact.language or language), now=self._now)

    def _say(self, number: int, said: Said, visibility: str) -> Comment:
        comment = self._as_comment(number, said, visibility)
        self._uow.add_comment(comment)
        if said.message_id:
            self._uow.add_message_id(said.message_id, number)
        return comment

    def _as_comment(self, number: int, said: Said, visibility: str) -> Comment:
        return Comment(
            ticket=number,
            at=self._now,
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

    def _note(self, number: int, kind: str, said: Said, *, to: str, reason: str = "") -> None:
        actor = said.author.address if said.author else said.author_shown
        self._enter(number, actor, kind, "", to, reason, said.evidence)

    def _enter(
        self, number: int, actor: str, kind: str, before: str, after: str, reason: str, evidence: str
    ) -> None:
        self._uow.add_timeline(TimelineEntry(number, self._now, actor, kind, before, after, reason, evidence))
