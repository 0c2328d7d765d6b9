"""Step 8 for Flex contracts: what a ticket takes from the balance, and its entry in the timeline."""

from __future__ import annotations

from gateway.domain.flex import Charge, say_minutes
from gateway.domain.ticket import Ticket
from gateway.pipeline.ticket_change import TicketChange
from gateway.ports import UnitOfWork


def charge_of(ticket: Ticket, minutes: int, uow: UnitOfWork) -> Charge:
    """What `minutes` for the ticket leave of its organisation's balance."""
    organisation = uow.desk.organisations[ticket.organisation_id or 0]
    used = uow.flex_used(organisation.id)
    return Charge(minutes, organisation.flex_balance_minutes - used - minutes)


def enter_charge(change: TicketChange, number: int, actor: str, charge: Charge, evidence: str) -> None:
    """Enter the charge into the timeline."""
    left = f"{say_minutes(charge.left)} left"
    change.enter(number, actor, "flex_charged", "", say_minutes(charge.minutes), left, evidence)
