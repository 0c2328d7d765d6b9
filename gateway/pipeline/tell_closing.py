"""Step 8 at a closing: what the desk has to hear of it beside the change of state."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.acts import ChangeState
from gateway.domain.events import ChargeOwed, ClosedByCustomer, Event
from gateway.domain.flex import is_charged
from gateway.domain.ticket import Ticket
from gateway.domain.workflow import CUSTOMER
from gateway.pipeline.ticket_change import TicketChange


def closing_events(act: ChangeState, before: str, ticket: Ticket, change: TicketChange) -> Iterator[Event]:
    """What has happened to the desk; nothing when the ticket is open."""
    if change.policy.workflow.states[act.to].is_open:
        return
    said = change.last_said.get(ticket.number)
    if act.to == "closed" and is_charged(ticket, change.uow.desk, change.policy.charged_types):
        yield ChargeOwed(ticket, act.actor, said)
    if CUSTOMER in act.by:
        yield ClosedByCustomer(ticket, act.actor, before, said)
