"""What somebody wants done with a ticket and service alerts, checked and turned into acts."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.domain.acts import Act
from gateway.domain.desk import Desk
from gateway.domain.service_alert import LinkAlert, LinkState, TicketAlert
from gateway.domain.ticket import Ticket
from gateway.errors import ActRefused
from gateway.pipeline.orders import Orders
from gateway.ports import UnitOfWork


def offer_of(organisation: int | None, desk_address: str, desk: Desk) -> str:
    """The offer that a request is under: its organisation's, else that of the address it was sent to."""
    known = desk.organisations.get(organisation or 0)
    address = desk.addresses.get(desk_address) or desk.default_address()
    return (known.offer if known else "") or address.offer


def alerts_of(ticket: Ticket, uow: UnitOfWork) -> tuple[TicketAlert, ...]:
    """The open alerts as a ticket sees them; asks the database only when there are some."""
    if not uow.desk.alerts:
        return ()
    offer = offer_of(ticket.organisation_id, ticket.desk_address, uow.desk)
    tied = {link.alert: link.state for link in uow.alerts.of(ticket.number)}
    return tuple(
        TicketAlert(each, tied.get(each.number), each.concerns(ticket.organisation_id, offer))
        for each in uow.desk.alerts
    )


def follow(orders: Orders, argument: str) -> list[Act]:
    """Have the ticket's people told of an alert's updates: the one that is named, else those that matched.

    Raises:
        ActRefused: with a sentence that says which alerts can be followed.
    """
    seen = [each for each in orders.alerts if each.state or each.concerned or orders.actor.works_tickets]
    wanted = _named(argument, seen)
    if not argument.strip():
        wanted = [each for each in seen if each.state is not None]
        # One alert alone can only be meant.
        wanted = wanted or [each for each in seen if len(seen) == 1 and each.concerned]
    if not wanted:
        english, french = _shown(seen, orders.ticket.language)
        raise ActRefused(
            f"there is no such alert to follow; {english}", f"il n'y a pas d'alerte à suivre ; {french}"
        )
    new = [each for each in wanted if each.state is not LinkState.FOLLOWING]
    if not new:
        shown = ", ".join(str(each.alert.number) for each in wanted)
        raise ActRefused(
            f"#{orders.ticket.number} follows alert {shown} already",
            f"la demande #{orders.ticket.number} suit déjà l'alerte {shown}",
        )
    return [_link(orders, each, LinkState.FOLLOWING) for each in new]


def unfollow(orders: Orders, argument: str) -> list[Act]:
    """Have nobody told any more: of the alert that is named, else of all that the ticket follows.

    Raises:
        ActRefused: the ticket follows no such alert.
    """
    following = [each for each in orders.alerts if each.state is LinkState.FOLLOWING]
    wanted = _named(argument, following) if argument.strip() else following
    if not wanted:
        raise ActRefused(
            f"#{orders.ticket.number} follows no such open alert",
            f"la demande #{orders.ticket.number} ne suit pas cette alerte, ou elle est terminée",
        )
    return [_link(orders, each, LinkState.LEFT) for each in wanted]


def _link(orders: Orders, wanted: TicketAlert, to: LinkState) -> LinkAlert:
    return LinkAlert(orders.ticket.number, wanted.alert.number, to, orders.actor, "", orders.said.evidence)


def _named(argument: str, alerts: Iterable[TicketAlert]) -> list[TicketAlert]:
    """Those whose numbers stand in the argument: `3`, `#3`, `3, 4`."""
    numbers = {word.lstrip("#") for word in argument[:200].replace(",", " ").split()}
    return [each for each in alerts if str(each.alert.number) in numbers]


def _shown(alerts: Iterable[TicketAlert], language: str) -> tuple[str, str]:
    """What there is to choose from, in English and in French."""
    names = ", ".join(f"{each.alert.number} ({each.alert.title(language)})" for each in alerts)
    if not names:
        return "none is open", "aucune n'est en cours"
    return f"there are {names}", f"il y a {names}"
