"""Step 8 for service alerts: a ticket is tied to one, follows it, or follows it no more."""

from __future__ import annotations

from types import MappingProxyType

from gateway.domain.events import AlertFollowed, Event
from gateway.domain.service_alert import AlertLink, LinkAlert, LinkState
from gateway.pipeline.ticket_change import TicketChange

_ENTRIES = MappingProxyType(
    {
        LinkState.MATCHED: "alert_matched",
        LinkState.FOLLOWING: "alert_followed",
        LinkState.LEFT: "alert_left",
    }
)


def link_alert(act: LinkAlert, change: TicketChange) -> tuple[Event, ...]:
    """Tie them as the act says; whoever follows is told what is known at this instant."""
    ticket = change.ticket(act.ticket)
    alert = change.uow.alerts.alert(act.alert)
    if alert is None:
        return ()
    change.uow.alerts.tie(AlertLink(ticket.number, act.alert, act.to, alert.newest.id))
    actor = act.actor.address if act.actor else ""
    change.enter(ticket.number, actor, _ENTRIES[act.to], "", f"alert {act.alert}", act.reason, act.evidence)
    if act.to is not LinkState.FOLLOWING:
        return ()
    return (AlertFollowed(ticket, act.actor, alert, alert.newest),)
