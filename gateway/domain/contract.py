"""Under whose contract, and for which offer, a ticket runs."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.desk import Desk
from gateway.domain.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Contract:
    """Names; empty where there is none.

    Attributes:
        offer: the organisation's, else that of the address that was written to.
    """

    organisation: str
    offer: str


def contract_of(ticket: Ticket, desk: Desk) -> Contract:
    """The contract of the ticket's organisation."""
    organisation = desk.organisations.get(ticket.organisation_id or 0)
    address = desk.addresses.get(ticket.desk_address) or desk.default_address()
    name, offer = (organisation.name, organisation.offer) if organisation else ("", "")
    return Contract(name, offer or address.offer)
