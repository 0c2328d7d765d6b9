"""Step 8: carry out the acts, in the transaction; what has happened comes out as events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from gateway.domain.acts import (
    OPENED,
    Act,
    AddComment,
    AddParticipants,
    AnswerCommands,
    AskToConfirm,
    AssignTicket,
    ChangePriority,
    ChangeState,
    ChangeType,
    ChargeFlex,
    ClaimPriority,
    DecideEscalation,
    HoldMail,
    MarkWrong,
    Nudge,
    OpenTicket,
    PutOffEscalation,
    RecordAutomatic,
    RecordReturn,
    RefuseMail,
    RequestEscalation,
    UndoChange,
    UndoDecision,
)
from gateway.domain.events import (
    CommandsAnswered,
    CommentedByCustomer,
    CommentedByDesk,
    ConfirmationAsked,
    CustomerReminded,
    Event,
    FlexCharged,
    MailRefused,
    Nudged,
    StateChanged,
    TicketAssigned,
    TicketReopened,
    UpdateOwed,
)
from gateway.domain.evidence import Level
from gateway.domain.held import EndHolding, FoldMail, MailDropped, MailReleased, RemindOfHeld
from gateway.domain.policy import Policy
from gateway.domain.service_alert import LinkAlert
from gateway.domain.sla import on_time
from gateway.domain.ticket import Ticket
from gateway.domain.timer_acts import CheckClocks, ClimbMatrix, OweUpdate, RemindCustomer
from gateway.domain.timers import Reminder
from gateway.errors import ActRefused
from gateway.pipeline.acknowledge import opened
from gateway.pipeline.change_escalation import change_escalation
from gateway.pipeline.change_priority import change_priority
from gateway.pipeline.charge_flex import charge_of, enter_charge
from gateway.pipeline.decide_held import decide_held
from gateway.pipeline.fold_mail import fold_mail
from gateway.pipeline.follow_clocks import started
from gateway.pipeline.hold_mail import change_holding
from gateway.pipeline.let_follow import let_follow
from gateway.pipeline.link_alert import link_alert
from gateway.pipeline.mark_wrong import mark_wrong
from gateway.pipeline.record_return import record_return
from gateway.pipeline.tell_closing import closing_events
from gateway.pipeline.ticket_change import TicketChange, by_itself
from gateway.pipeline.undo_change import undo_change
from gateway.ports import UnitOfWork

# Whoever asks for news ten times within an hour is one who asks for news.
NUDGES_ARE_ONE = timedelta(hours=1)
# Whoever forges somebody's name must not flood them with our notices.
_TOLD_ONCE_IN = timedelta(hours=1)


def change_ticket(
    acts: Iterable[Act],
    uow: UnitOfWork,
    policy: Policy,
    *,
    now: datetime,
    at: datetime | None = None,
    historic: bool = False,
    mail: int | None = None,
) -> tuple[Event, ...]:
    """Do all of `acts` in order; each says what has happened.

    Args:
        at: when it was wanted, such as a mail's receipt; `now` where it is wanted now.
        historic: old mail is filed: nothing is promised for the tickets that it opens.
        mail: ledger id of the mail that wants it, or None.
    """
    change = _Change(uow, policy, now, at or now, historic=historic, mail=mail)
    happened = [event for act in acts for event in _carry_out(act, change)]
    return (*happened, *change.finish())


def _carry_out(act: Act, change: _Change) -> tuple[Event, ...]:
    if isinstance(act, RequestEscalation | PutOffEscalation | DecideEscalation | UndoDecision | ClimbMatrix):
        return change_escalation(act, change)
    if isinstance(act, HoldMail | EndHolding | RemindOfHeld):
        return change_holding(act, change)
    if isinstance(act, RecordReturn):
        return record_return(act, change)
    if isinstance(act, ChangePriority | ClaimPriority):
        return change_priority(act, change)
    if isinstance(act, AddParticipants):
        return let_follow(act, change)
    if isinstance(act, UndoChange):
        return undo_change(act, change)
    if isinstance(act, FoldMail):
        return fold_mail(act, change, change.open)
    if isinstance(act, MailDropped | MailReleased):
        return decide_held(act, change)
    if isinstance(act, MarkWrong):
        return mark_wrong(act, change)
    if isinstance(act, LinkAlert):
        return link_alert(act, change)
    return _HOW[type(act)](change, act)


class _Change(TicketChange):
    """One run of `change_ticket`."""

    def open(self, act: OpenTicket) -> tuple[Event, ...]:
        desk = self.uow.desk
        address = desk.addresses.get(act.desk_address) or desk.default_address()
        said = replace(act.said, author=self.known(act.said.author, act.language))
        requester = said.author
        organisation = requester.organisation_id if requester else None
        priority = act.priority or self.policy.default_priority
        response, resolution = started(
            organisation, priority, desk, self.policy, at=self.at, promised=not self.historic
        )
        ticket = self.uow.add_ticket(
            Ticket(
                number=0,
                subject=act.subject,
                state=self.policy.workflow.initial,
                resolution="",
                priority=priority,
                claimed_priority="",
                type=self.policy.default_type,
                language=act.language,
                organisation_id=organisation,
                requester=requester,
                desk_address=address.key,
                team=address.team,
                assignee=None,
                root_message_id=said.message_id,
                last_message_id=said.message_id,
                created_at=self.at,
                updated_at=self.now,
                closed_at=None,
                nudges=0,
                nudged_at=None,
                escalation="",
                promised_since=None,
                response=response,
                resolution_clock=resolution,
                waiting=None,
                flex_minutes=0,
            )
        )
        self.opened = ticket.number
        self.touch(ticket.number)
        self.note(ticket.number, "opened", said, to=ticket.state)
        if act.priority:
            self.enter(
                ticket.number,
                requester.address if requester else "",
                "priority",
                self.policy.default_priority,
                act.priority,
                act.chosen_with,
                said.evidence,
            )
        if act.follow_up_of is not None:
            self.uow.add_link(ticket.number, "follows_up", act.follow_up_of)
            self.uow.add_link(act.follow_up_of, "followed_up_by", ticket.number)
        comment = self.say(ticket.number, said, "public")
        return opened(act, ticket, comment, self)

    def comment(self, act: AddComment) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        said = replace(act.said, author=self.known(act.said.author, ticket.language))
        comment = self.say(ticket.number, said, act.visibility)
        if not act.by_desk and said.message_id:
            ticket = replace(ticket, last_message_id=said.message_id)
        if act.by_desk and act.visibility == "public" and ticket.promised_since is not None:
            ticket = replace(ticket, promised_since=self.now)
        self.save(ticket)
        ticket = self.ticket(act.ticket)
        if act.visibility == "internal":
            return ()
        self.spoken(ticket.number)
        if act.by_desk:
            return (CommentedByDesk(ticket, said.author, comment),)
        return (CommentedByCustomer(ticket, said.author, comment),)

    def change_state(self, act: ChangeState) -> tuple[Event, ...]:
        before = self.ticket(act.ticket)
        if not self.policy.workflow.allows(before.state, act.to, act.by):
            raise ActRefused(f"{' or '.join(sorted(act.by))} may not bring {before.state} to {act.to}")
        target = self.policy.workflow.states[act.to]
        details = dict(act.details)
        charge = charge_of(before, act.charge, self.uow) if act.charge else None
        ticket = replace(
            before,
            flex_minutes=act.charge or before.flex_minutes,
            state=act.to,
            resolution="" if target.is_open else details.get("resolution", before.resolution),
            closed_at=None if target.is_open else self.now,
        )
        self.save(ticket)
        actor = act.actor.address if act.actor else ""
        words = [act.reason, *(f"{name}: {value}" for name, value in act.details)]
        self.enter(
            ticket.number, actor, "state", before.state, act.to, "; ".join(filter(None, words)), act.evidence
        )
        if charge is not None:
            enter_charge(self, ticket.number, actor, charge, act.evidence)
        ticket = self.ticket(act.ticket)
        comment = self.as_comment(ticket.number, act.said, "public") if act.said else None
        if act.reopening and comment is not None:
            return (TicketReopened(ticket, act.actor, before.state, comment),)
        changed = StateChanged(ticket, act.actor, before.state, comment, act.details, charge)
        return (changed, *closing_events(act, before.state, ticket, self))

    def charge(self, act: ChargeFlex) -> tuple[Event, ...]:
        before = self.ticket(act.ticket)
        charge = charge_of(before, act.minutes, self.uow)
        self.save(replace(before, flex_minutes=act.minutes))
        enter_charge(self, act.ticket, act.actor.address, charge, act.evidence)
        return (FlexCharged(self.ticket(act.ticket), act.actor, charge),)

    def ask_to_confirm(self, act: AskToConfirm) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        contact = self.known(act.contact, ticket.language)
        if contact is None:
            return ()
        self.note(ticket.number, "confirmation_asked", act.said, to=contact.address, reason=act.deed)
        # Of a new ticket they hear by its acknowledgement, which is capped, or not at all.
        is_new = act.ticket == OPENED
        if is_new or not self.uow.tellings.allow(contact.id, now=self.now, within=_TOLD_ONCE_IN):
            return ()
        comment = self.as_comment(ticket.number, act.said, "public")
        return (ConfirmationAsked(ticket, None, contact, act.deed, comment),)

    def answer_commands(self, act: AnswerCommands) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        if act.message_id:
            self.uow.add_message_id(act.message_id, ticket.number)
        actor = self.known(act.actor, ticket.language) or act.actor
        # Whoever is only claimed to have given orders must not be flooded with what became of them.
        unproven = act.evidence in {Level.E0.name, Level.E1.name}
        if unproven and not self.uow.tellings.allow(act.actor.id, now=self.now, within=_TOLD_ONCE_IN):
            return ()
        return (CommandsAnswered(ticket, None, actor, act.answers, act.evidence),)

    def refuse_mail(self, act: RefuseMail) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        self.note(ticket.number, "mail_refused", act.said, to=act.contact.address, reason=act.reason)
        if not self.uow.tellings.allow(act.contact.id, now=self.now, within=_TOLD_ONCE_IN):
            return ()
        comment = self.as_comment(ticket.number, act.said, "internal")
        return (MailRefused(ticket, None, act.contact, act.reason, comment),)

    def assign(self, act: AssignTicket) -> tuple[Event, ...]:
        before = self.ticket(act.ticket)
        team = act.assignee.team or before.team
        self.save(replace(before, assignee=act.assignee, team=team))
        old = before.assignee.address if before.assignee else ""
        actor = act.actor.address if act.actor else ""
        self.enter(act.ticket, actor, "assignee", old, act.assignee.address, "", act.evidence)
        return (TicketAssigned(self.ticket(act.ticket), act.actor),)

    def change_type(self, act: ChangeType) -> tuple[Event, ...]:
        before = self.ticket(act.ticket)
        self.save(replace(before, type=act.to))
        actor = act.actor.address if act.actor else ""
        self.enter(act.ticket, actor, "type", before.type, act.to, "", act.evidence)
        return ()

    def nudge(self, act: Nudge) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        told = ticket.nudged_at is not None and self.now - ticket.nudged_at < NUDGES_ARE_ONE
        nudged_at = ticket.nudged_at if told else self.now
        self.save(replace(ticket, nudges=ticket.nudges + 1, nudged_at=nudged_at))
        said = replace(act.said, author=self.known(act.said.author, ticket.language))
        comment = self.say(ticket.number, said, "public")
        self.spoken(ticket.number)
        self.note(ticket.number, "nudge", said, to=str(ticket.nudges + 1))
        return () if told else (Nudged(self.ticket(ticket.number), said.author, comment),)

    def remind(self, act: RemindCustomer) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        waiting = ticket.waiting
        if waiting is None:
            return ()
        reminders = (*waiting.reminders, Reminder(self.now, returned=False))
        self.save(replace(ticket, waiting=replace(waiting, reminders=reminders)))
        said = by_itself(act.text)
        comment = self.say(ticket.number, said, "public")
        self.note(ticket.number, "reminded", said, to=str(act.number))
        rules = self.policy.timers.reminders
        closes_at = max(waiting.since + rules.close_after, self.now + rules.notice)
        return (CustomerReminded(self.ticket(ticket.number), None, act.number, closes_at, comment),)

    def check_clocks(self, act: CheckClocks) -> tuple[Event, ...]:
        ticket = self.ticket(act.ticket)
        self.save(
            replace(
                ticket,
                response=on_time(ticket.response, self.now),
                resolution_clock=on_time(ticket.resolution_clock, self.now),
            )
        )
        return ()

    def owe_update(self, act: OweUpdate) -> tuple[Event, ...]:
        self.touch(act.ticket)
        return (UpdateOwed(self.ticket(act.ticket), None),)

    def record_automatic(self, act: RecordAutomatic) -> tuple[Event, ...]:
        self.enter(act.ticket, act.author_shown, act.kind, "", "", "automatic mail", act.evidence)
        if act.message_id:
            self.uow.add_message_id(act.message_id, act.ticket)
        ticket = self.ticket(act.ticket)
        if act.away_until is not None and ticket.waiting is not None:
            back = datetime.combine(act.away_until, time(), UTC)
            self.save(replace(ticket, waiting=replace(ticket.waiting, away_until=back)))
        return ()


_HOW: Mapping[type[Act], Callable[[_Change, Any], tuple[Event, ...]]] = MappingProxyType(
    {
        OpenTicket: _Change.open,
        AddComment: _Change.comment,
        ChangeState: _Change.change_state,
        ChargeFlex: _Change.charge,
        AssignTicket: _Change.assign,
        ChangeType: _Change.change_type,
        Nudge: _Change.nudge,
        RecordAutomatic: _Change.record_automatic,
        RemindCustomer: _Change.remind,
        CheckClocks: _Change.check_clocks,
        OweUpdate: _Change.owe_update,
        AskToConfirm: _Change.ask_to_confirm,
        AnswerCommands: _Change.answer_commands,
        RefuseMail: _Change.refuse_mail,
    }
)
