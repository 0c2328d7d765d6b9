"""Service alerts and their tickets, in a unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.service_alert import AlertLink, AlertNews, AlertUpdate, ServiceAlert


class ServiceAlerts(Protocol):
    """Open alerts are the desk's (`Desk.alerts`), held in memory; here is what is asked of one ticket or alert."""

    def alert(self, number: int) -> ServiceAlert | None:
        """The alert as it is at this instant."""

    def of(self, ticket: int) -> tuple[AlertLink, ...]:
        """What ties the ticket to alerts."""

    def tie(self, link: AlertLink) -> None:
        """Tie a ticket that is locked to an alert, or change what ties them."""

    def untold(self, limit: int) -> AlertNews | None:
        """The oldest update that has not come to all of its alert's tickets.

        With no tickets, when it has come to all as far as can be seen; see `all_told`. None when there is
        no such alert.
        """

    def waiting(self, news: AlertNews) -> tuple[AlertLink, ...]:
        """Those of its tickets, which are locked, that the update has still not come to."""

    def tell(self, update: AlertUpdate, contact: int) -> bool:
        """Whether nobody has told the contact of the update; from now on somebody has."""

    def came_to(self, update: AlertUpdate, numbers: Sequence[int]) -> None:
        """The update has come to tickets that are locked."""

    def all_told(self, alert: ServiceAlert) -> None:
        """Look no more for tickets of the alert, unless one has just been tied to it."""
