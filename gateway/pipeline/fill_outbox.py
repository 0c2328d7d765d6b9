"""Step 9: who is told of what has happened, by the rules' table; written into the outbox.

Everything that the mail says is stored with the ticket's change, in one transaction: whatever is
sent later, and however often, is what was decided here. Its form is given to it when it is sent,
outside of any transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.domain.address import Mailbox, author_key
from gateway.domain.events import (
    AlertEvent,
    AlertResolved,
    AlertUpdated,
    CommentedByDesk,
    EscalationRequested,
    Event,
    Nudged,
    PriorityClaimed,
    SlaWarned,
    StateChanged,
    TicketOpened,
)
from gateway.domain.notification import Notification
from gateway.domain.our_addresses import BOUNCE_LOCAL_PART, message_id, with_token
from gateway.domain.policy import Audience, NotificationRule, Policy
from gateway.domain.token import Purpose, Token
from gateway.pipeline.context import context_of
from gateway.pipeline.offer_links import offer_links
from gateway.pipeline.recipients import Recipient, recipients
from gateway.ports import NewNotification, Renderer, Signer, UnitOfWork


def fill_outbox(
    events: Sequence[Event],
    uow: UnitOfWork,
    policy: Policy,
    renderer: Renderer,
    signer: Signer,
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Write the notifications that `events` owe; returns `template to audience` for the explanation.

    Rules are tried in the order of their table, and nobody is told twice of what one mail or act has
    brought about: the first rule that reaches a person is the one that tells. What has to be told
    `always` is told beside it, once; and so is what a clock has come to, as it would have been had its
    timer come first.
    """
    written = []
    for group in _groups(events):
        actors = {event.actor.key for event in group if event.actor is not None}
        told: set[str] = set()
        for rule in policy.notifications:
            for event in group:
                if not _applies(rule, event):
                    continue
                for recipient in recipients(rule, event, uow, policy):
                    key = author_key(recipient.mailbox.address)
                    own_doing = key in actors and not _answers_its_actor(rule, event)
                    heard = f"{key} {rule.template}" if rule.always else key
                    if own_doing or heard in told or key in uow.desk.addresses:
                        continue
                    if isinstance(event, AlertUpdated | AlertResolved) and not _first_told(
                        event, recipient, uow
                    ):
                        continue
                    told.add(heard)
                    _write(rule, event, events, recipient, uow, policy, renderer, signer, now=now)
                    written.append(f"{rule.template} to {rule.audience}")
    return tuple(written)


def _groups(events: Sequence[Event]) -> Iterator[list[Event]]:
    """What was done, and what each clock has come to."""
    clocks: dict[str, list[Event]] = {"": []}
    for event in events:
        clocks.setdefault(event.clock if isinstance(event, SlaWarned) else "", []).append(event)
    yield from clocks.values()


def _first_told(event: AlertEvent, recipient: Recipient, uow: UnitOfWork) -> bool:
    """Whoever follows an alert by several tickets hears of an update once."""
    return uow.alerts.tell(event.update, recipient.contact_id)


def _answers_its_actor(rule: NotificationRule, event: Event) -> bool:
    """A confirmation goes to whoever wrote; nobody else is told of what they did themselves."""
    if rule.audience is Audience.CONTACT:
        return True
    if rule.audience is Audience.ASKER:
        return isinstance(event, EscalationRequested | PriorityClaimed | Nudged)
    return isinstance(event, TicketOpened) and rule.audience is Audience.REQUESTER


def _applies(rule: NotificationRule, event: Event) -> bool:
    if rule.event != event.name:
        return False
    if rule.state and not (isinstance(event, StateChanged) and event.ticket.state == rule.state):
        return False
    return not (isinstance(event, TicketOpened) and rule.audience is Audience.REQUESTER and not event.confirm)


def _write(
    rule: NotificationRule,
    event: Event,
    events: Sequence[Event],
    recipient: Recipient,
    uow: UnitOfWork,
    policy: Policy,
    renderer: Renderer,
    signer: Signer,
    *,
    now: datetime,
) -> None:
    ticket, desk = event.ticket, uow.desk
    number = uow.next_notification_id()
    address = desk.addresses.get(ticket.desk_address) or desk.default_address()
    local_part = address.address.rpartition("@")[0]
    for_reply = signer.sign(Token(ticket.number, recipient.contact_id, 0), Purpose.REPLY)
    full = Token(ticket.number, recipient.contact_id, number)
    own_id = message_id(signer.sign(full, Purpose.MESSAGE_ID), desk.domain)
    offers = offer_links(rule.template, event, recipient, number, uow, policy, signer, now=now)
    thread = tuple(dict.fromkeys(filter(None, (ticket.root_message_id, ticket.last_message_id))))
    notification = Notification(
        template=rule.template,
        language=recipient.language,
        sender=Mailbox(_sender_name(event, address.team), address.address),
        to=recipient.mailbox,
        reply_to=with_token(local_part, for_reply, desk.domain),
        message_id=own_id,
        in_reply_to=ticket.last_message_id,
        references=thread,
        ticket=ticket.number,
        subject=ticket.subject,
        auto_submitted=_auto_submitted(rule, event),
        date=now,
        context={
            **context_of(event, events, recipient.mailbox, recipient.language, desk, policy),
            "offers": offers,
        },
    )
    uow.add_notification(
        NewNotification(
            id=number,
            contact_id=recipient.contact_id or None,
            reverse_path=with_token(BOUNCE_LOCAL_PART, signer.sign(full, Purpose.BOUNCE), desk.domain),
            subject=renderer.subject(notification),
            notification=notification,
        )
    )


def _sender_name(event: Event, team: str) -> str:
    """Who a mail is from, as its reader knows them: the person who wrote, else the team."""
    actor = event.actor
    shown = team[:1].upper() + team[1:]
    if actor is not None and actor.name and actor.is_staff and not isinstance(event, TicketOpened):
        return f"{actor.name} ({shown})" if shown else actor.name
    return shown


def _auto_submitted(rule: NotificationRule, event: Event) -> str:
    """RFC 3834 section 5: an answer to a mail, what the desk's machinery says, or what a person wrote."""
    if isinstance(event, TicketOpened) and rule.audience is Audience.REQUESTER:
        return "auto-replied"
    return "" if isinstance(event, CommentedByDesk) else "auto-generated"
