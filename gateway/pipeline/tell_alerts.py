"""What was said of a service alert comes to its tickets and to the people who follow it, each once.

Rows say how far it has come, not jobs: a batch of tickets is told in one transaction with the marks that
say so, and whoever is killed between two batches is followed by somebody who goes on. Two at the same time
wait for each other at the tickets.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from gateway.domain.address import author_key
from gateway.domain.events import AlertEvent, AlertResolved, AlertUpdated
from gateway.domain.service_alert import AlertLink, AlertNews, LinkState, in_language
from gateway.domain.text import clean_line
from gateway.domain.ticket import TimelineEntry
from gateway.pipeline.act import Acting
from gateway.pipeline.fill_outbox import fill_outbox
from gateway.ports import Signer, UnitOfWork, Wanted

log = logging.getLogger(__name__)

_BATCH = 100
_LONGEST_REASON = 300
_EVENTS: MappingProxyType[str, type[AlertEvent]] = MappingProxyType(
    {"updated": AlertUpdated, "resolved": AlertResolved}
)


class AlertStore(Protocol):
    """The alerts as their teller sees them."""

    def has_untold(self) -> bool:
        """Whether there may be a ticket that an update has not come to."""


class AlertTeller:
    """Tells; the outside as `Acting` has it."""

    def __init__(self, store: AlertStore, outside: Acting) -> None:
        self._store = store
        self._outside = outside

    def tell_batch(self) -> bool:
        """Tell a batch of tickets of the oldest update that they have not come to; whether there may be more."""
        if not self._store.has_untold():
            return False
        outside = self._outside
        desk, signer = outside.current()
        now = outside.clock.now()
        with outside.open_uow(desk) as uow:
            news = uow.alerts.untold(_BATCH)
            if news is None:
                return False
            if not news.tickets:
                uow.alerts.all_told(news.alert)
                return True
            told = self._tell(news, uow, signer, now=now)
        outside.bell.ring("outbox")
        log.info("alert.told", extra={"alert": news.alert.number, "update": news.update.id, "tickets": told})
        return True

    def tell_all(self) -> None:
        """Until nobody is left."""
        while self.tell_batch():
            pass

    def _tell(self, news: AlertNews, uow: UnitOfWork, signer: Signer, *, now: datetime) -> int:
        nothing: frozenset[str] = frozenset()
        uow.prefetch(Wanted({}, nothing, frozenset(news.tickets), frozenset(), nothing))
        links = uow.alerts.waiting(news)
        for link in links:
            self._come_to(link, news, uow, signer, now=now)
        uow.alerts.came_to(news.update, [link.ticket for link in links])
        return len(links)

    def _come_to(
        self, link: AlertLink, news: AlertNews, uow: UnitOfWork, signer: Signer, *, now: datetime
    ) -> None:
        outside, update = self._outside, news.update
        ticket = uow.ticket(link.ticket)
        kind = _EVENTS.get(update.kind)
        if ticket is None or kind is None:
            return
        text = in_language(update.texts, outside.policy.default_language)
        uow.add_timeline(
            TimelineEntry(
                ticket=ticket.number,
                at=now,
                actor=update.actor,
                kind=kind.name,
                from_value="",
                to_value=f"alert {news.alert.number}",
                reason=clean_line(text, limit=_LONGEST_REASON),
                evidence="E4",
            )
        )
        if link.state is not LinkState.FOLLOWING:
            return
        actor = uow.desk.staff.get(author_key(update.actor))
        event = kind(ticket, actor, news.alert, update)
        events: Sequence[AlertEvent] = (event,)
        fill_outbox(events, uow, outside.policy, outside.renderer, signer, now=now)
