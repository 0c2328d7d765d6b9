"""Who may see a ticket: one question, in one place, for mail, commands and the portal."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.domain.address import author_key
from gateway.domain.desk import Contact, Desk
from gateway.domain.ticket import Ticket

_DESK = frozenset({"agent", "support_lead", "offer_owner"})


def may_see(person: Contact, ticket: Ticket, participants: Iterable[Contact], desk: Desk) -> bool:
    """Whether `person` may see `ticket`.

    The desk sees every ticket; a customer their own, those they follow, and all of their organisation;
    an account manager those of the organisations they answer for.

    Args:
        participants: who follows the ticket beside its requester.
    """
    return (
        bool(person.roles & _DESK)
        or takes_part(person, ticket, participants)
        or is_colleague(person, ticket)
        or answers_for(person, ticket, desk)
    )


def takes_part(person: Contact, ticket: Ticket, participants: Iterable[Contact]) -> bool:
    """Whether `person` is the ticket's requester or follows it; a newcomer does neither."""
    if person.id == 0:
        return False
    if ticket.requester is not None and ticket.requester.id == person.id:
        return True
    return any(each.id == person.id for each in participants)


def is_colleague(person: Contact, ticket: Ticket) -> bool:
    """Whether `person` belongs to the ticket's organisation; staff belong to none."""
    return (
        not person.is_staff
        and person.organisation_id is not None
        and person.organisation_id == ticket.organisation_id
    )


def answers_for(person: Contact, ticket: Ticket, desk: Desk) -> bool:
    """Whether `person` is an account manager of the ticket's organisation."""
    organisation = desk.organisations.get(ticket.organisation_id or 0)
    return (
        "account_manager" in person.roles
        and organisation is not None
        and person.key in map(author_key, organisation.account_managers)
    )
