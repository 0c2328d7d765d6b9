"""Whom a notification goes to: the audiences of the rules' table, as people of this desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.address import Mailbox, author_key
from gateway.domain.contract import contract_of
from gateway.domain.desk import Contact
from gateway.domain.events import Answered, EscalationEvent, Event, Nudged, PriorityClaimed
from gateway.domain.policy import Audience, NotificationRule, Policy
from gateway.domain.ticket import Ticket
from gateway.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell: a contact, or a team by its address (contact 0)."""

    contact_id: int
    mailbox: Mailbox
    language: str


def recipients(rule: NotificationRule, event: Event, uow: UnitOfWork, policy: Policy) -> Iterator[Recipient]:
    """Everybody whom `rule` tells of `event`; somebody may be named twice."""
    ticket = event.ticket
    match rule.audience:
        case Audience.REQUESTER:
            if ticket.requester is not None:
                yield _customer(ticket.requester, ticket, policy)
        case Audience.PARTICIPANTS:
            for contact in uow.participants(ticket.number):
                yield _customer(contact, ticket, policy)
        case Audience.ASSIGNEE_OR_TEAM if ticket.assignee is not None:
            yield _staff(ticket.assignee, policy)
        case Audience.ASSIGNEE_OR_TEAM | Audience.TEAM:
            yield from _team(ticket, uow, policy)
        case Audience.LEAD:
            yield from _leads(ticket, uow, policy)
        case Audience.ACCOUNT_MANAGERS:
            yield from _account_managers(ticket, uow, policy) or _leads(ticket, uow, policy)
        case _:
            yield from _of_event(rule.audience, event, uow, policy)


def _of_event(audience: Audience, event: Event, uow: UnitOfWork, policy: Policy) -> Iterator[Recipient]:
    """Audiences that only some events have."""
    match event:
        case EscalationEvent() if audience is Audience.MATRIX:
            yield from _matrix(event, uow, policy)
        case EscalationEvent() if event.escalation.requested_by is not None:
            yield _anybody(event.escalation.requested_by, event.ticket, policy)
        case PriorityClaimed() | Nudged() if audience is Audience.ASKER and event.actor is not None:
            yield _anybody(event.actor, event.ticket, policy)
        case Answered():
            yield _anybody(event.contact, event.ticket, policy)


def _anybody(contact: Contact, ticket: Ticket, policy: Policy) -> Recipient:
    return _staff(contact, policy) if contact.is_staff else _customer(contact, ticket, policy)


def _leads(ticket: Ticket, uow: UnitOfWork, policy: Policy) -> list[Recipient]:
    """The lead of the ticket's team; where it has none, every support lead."""
    team = uow.desk.teams.get(ticket.team)
    lead = uow.desk.staff.get(author_key(team.lead)) if team else None
    leads = [lead] if lead else [each for each in uow.desk.staff.values() if "support_lead" in each.roles]
    return [_staff(each, policy) for each in leads]


def _account_managers(ticket: Ticket, uow: UnitOfWork, policy: Policy) -> list[Recipient]:
    organisation = uow.desk.organisations.get(ticket.organisation_id or 0)
    keys = [author_key(address) for address in organisation.account_managers] if organisation else []
    return [_staff(uow.desk.staff[key], policy) for key in keys if key in uow.desk.staff]


def _matrix(event: EscalationEvent, uow: UnitOfWork, policy: Policy) -> Iterator[Recipient]:
    ticket, desk = event.ticket, uow.desk
    contract = contract_of(ticket, desk)
    for role in policy.escalation.told(ticket, contract, level=event.escalation.level):
        match role:
            case "support_lead":
                yield from _leads(ticket, uow, policy)
            case "account_manager":
                yield from _account_managers(ticket, uow, policy)
            case _:
                owners = [each for each in desk.staff.values() if contract.offer in each.offers]
                yield from (_staff(each, policy) for each in owners)


def _customer(contact: Contact, ticket: Ticket, policy: Policy) -> Recipient:
    """A requester is written to in the ticket's language, others in their own where it is known."""
    is_requester = ticket.requester is not None and ticket.requester.id == contact.id
    language = ticket.language if is_requester else contact.language or ticket.language
    return Recipient(contact.id, contact.mailbox, language or policy.default_language)


def _staff(contact: Contact, policy: Policy) -> Recipient:
    return Recipient(contact.id, contact.mailbox, contact.language or policy.default_language)


def _team(ticket: Ticket, uow: UnitOfWork, policy: Policy) -> Iterator[Recipient]:
    team = uow.desk.teams.get(ticket.team)
    if team is not None and team.address:
        lead = uow.desk.staff.get(author_key(team.lead))
        language = (lead.language if lead else "") or policy.default_language
        yield Recipient(0, Mailbox(team.name, team.address), language)
        return
    for member in uow.desk.members(ticket.team):
        yield _staff(member, policy)
