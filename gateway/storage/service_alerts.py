"""Service alerts as rows: what was said of each, the tickets that are about it, and who was told of what.

An update comes to a ticket once, because the link keeps the last that it has come to; and to a person once,
because `alert_tellings` has one row for both. Both are written in the transaction of the notification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import true

from gateway.domain.service_alert import (
    AlertLink,
    AlertNews,
    AlertUpdate,
    ByLanguage,
    LinkState,
    ServiceAlert,
)
from gateway.errors import ActRefused, NotFound
from gateway.storage.alert_tables import alert_links, alert_tellings, service_alert_updates, service_alerts
from gateway.storage.database import Database
from gateway.storage.desk_version import renew_desk
from gateway.storage.rows import AnyRow
from gateway.storage.schema import contacts, tickets
from gateway.storage.sequences import allocate

_UPDATES = service_alert_updates.c
_LINKS = alert_links.c


class AlertRows:
    """See `ports.ServiceAlerts`; what was changed is written by `write`, after the tickets."""

    def __init__(self, connection: sa.Connection, insert: Callable[..., Any]) -> None:
        self._connection = connection
        self._insert = insert
        self._tied: dict[tuple[int, int], AlertLink] = {}
        self._told: dict[int, set[int]] = {}
        self._new_tellings: list[dict[str, int]] = []
        self._came_to: list[tuple[AlertUpdate, Sequence[int]]] = []

    def alert(self, number: int) -> ServiceAlert | None:
        """See `ports.ServiceAlerts`."""
        return next(iter(_read(self._connection, service_alerts.c.number == number)), None)

    def of(self, ticket: int) -> tuple[AlertLink, ...]:
        """See `ports.ServiceAlerts`."""
        rows = self._connection.execute(sa.select(alert_links).where(_LINKS.ticket == ticket))
        found = {row.alert: _link(row) for row in rows}
        found |= {link.alert: link for link in self._tied.values() if link.ticket == ticket}
        return tuple(found[number] for number in sorted(found))

    def tie(self, link: AlertLink) -> None:
        """See `ports.ServiceAlerts`."""
        self._tied[link.ticket, link.alert] = link

    def untold(self, limit: int) -> AlertNews | None:
        """See `ports.ServiceAlerts`."""
        execute = self._connection.execute
        number = execute(
            sa.select(service_alerts.c.number)
            .where(service_alerts.c.untold.is_(true()))
            .order_by(service_alerts.c.number)
            .limit(1)
        ).scalar()
        alert = None if number is None else self.alert(number)
        if alert is None:
            return None
        oldest = execute(
            sa.select(sa.func.min(_LINKS.told)).where(_LINKS.alert == number, _LINKS.told < alert.newest.id)
        ).scalar()
        if oldest is None:
            return AlertNews(alert, alert.newest, ())
        update = execute(
            sa.select(service_alert_updates)
            .where(_UPDATES.alert == number, _UPDATES.id > oldest)
            .order_by(_UPDATES.id)
            .limit(1)
        ).one()
        waiting = execute(
            sa.select(_LINKS.ticket)
            .where(_LINKS.alert == number, _LINKS.told < update.id)
            .order_by(_LINKS.ticket)
            .limit(limit)
        ).scalars()
        return AlertNews(alert, _update(update), tuple(waiting))

    def waiting(self, news: AlertNews) -> tuple[AlertLink, ...]:
        """See `ports.ServiceAlerts`."""
        rows = self._connection.execute(
            sa.select(alert_links)
            .where(
                _LINKS.alert == news.alert.number,
                _LINKS.told < news.update.id,
                _LINKS.ticket.in_(news.tickets),
            )
            .order_by(_LINKS.ticket)
        )
        return tuple(map(_link, rows))

    def tell(self, update: AlertUpdate, contact: int) -> bool:
        """See `ports.ServiceAlerts`."""
        if update.id not in self._told:
            known = sa.select(alert_tellings.c.contact_id).where(alert_tellings.c.update_id == update.id)
            self._told[update.id] = set(self._connection.execute(known).scalars())
        if contact in self._told[update.id]:
            return False
        self._told[update.id].add(contact)
        self._new_tellings.append({"update_id": update.id, "contact_id": contact})
        return True

    def came_to(self, update: AlertUpdate, numbers: Sequence[int]) -> None:
        """See `ports.ServiceAlerts`."""
        self._came_to.append((update, numbers))

    def all_told(self, alert: ServiceAlert) -> None:
        """See `ports.ServiceAlerts`."""
        row = service_alerts.c.number == alert.number
        # Whoever ties a ticket sets the mark after this, or has committed before it.
        self._connection.execute(
            sa.select(service_alerts.c.number).where(row).with_for_update(key_share=True)
        )
        waits = sa.exists().where(_LINKS.alert == alert.number, _LINKS.told < service_alerts.c.newest)
        self._connection.execute(sa.update(service_alerts).where(row).values(untold=waits))

    def write(self) -> None:
        """Write all that was changed."""
        execute = self._connection.execute
        if self._tied:
            rows = [_link_row(self._tied[key]) for key in sorted(self._tied)]
            insert = self._insert(alert_links)
            changed = {"state": insert.excluded.state, "told": insert.excluded.told}
            execute(insert.on_conflict_do_update(index_elements=["ticket", "alert"], set_=changed), rows)
            # What was said meanwhile has not come to them.
            for number in sorted({link.alert for link in self._tied.values()}):
                execute(
                    sa.update(service_alerts).where(service_alerts.c.number == number).values(untold=True)
                )
        for update, numbers in self._came_to:
            execute(
                sa.update(alert_links)
                .where(_LINKS.alert == update.alert, _LINKS.told < update.id, _LINKS.ticket.in_(numbers))
                .values(told=update.id)
            )
        if self._new_tellings:
            execute(sa.insert(alert_tellings), self._new_tellings)


@dataclass(frozen=True, slots=True)
class LinkedTicket:
    """A ticket of an alert, as it is looked at."""

    ticket: int
    link: LinkState
    state: str
    requester: str
    subject: str


class AlertStore:
    """Alerts as the command line and the teller see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, alert: ServiceAlert) -> ServiceAlert:
        """A new alert with what is said of it first; the same with its number."""
        with self._database.write() as connection:
            number = allocate(connection, service_alerts.c.number, 1)[0]
            update = replace(alert.newest, id=allocate(connection, _UPDATES.id, 1)[0], alert=number)
            row = {
                "number": number,
                "state": alert.state,
                "titles": dict(alert.titles),
                "words": {language: list(words) for language, words in alert.words.items()},
                "offers": list(alert.offers),
                "organisations": list(alert.organisations),
                "opened_at": alert.opened_at,
                "opened_by": alert.opened_by,
                "resolved_at": None,
                "newest": update.id,
                "untold": False,
            }
            connection.execute(sa.insert(service_alerts), row)
            connection.execute(sa.insert(service_alert_updates), _update_row(update))
            renew_desk(connection)
        return replace(alert, number=number, newest=update)

    def say(self, number: int, kind: str, texts: ByLanguage, *, actor: str, now: datetime) -> ServiceAlert:
        """Say something more of an open alert: an update, or that it is resolved.

        Raises:
            NotFound: there is no such alert.
            ActRefused: it is resolved already.
        """
        with self._database.write() as connection:
            row = service_alerts.c.number == number
            connection.execute(sa.select(service_alerts.c.number).where(row).with_for_update(key_share=True))
            alert = _one(connection, number)
            if not alert.is_open:
                raise ActRefused(
                    f"alert {number} was resolved on {alert.resolved_at:%Y-%m-%d at %H:%M} UTC; "
                    "if it has come back, open a new one"
                )
            update = AlertUpdate(
                allocate(connection, _UPDATES.id, 1)[0], number, kind, now, actor, dict(texts)
            )
            connection.execute(sa.insert(service_alert_updates), _update_row(update))
            changed: dict[str, Any] = {"newest": update.id, "untold": True}
            if kind == "resolved":
                changed |= {"state": "resolved", "resolved_at": now}
            connection.execute(sa.update(service_alerts).where(row).values(changed))
            renew_desk(connection)
            return _one(connection, number)

    def all(self, state: str = "") -> list[ServiceAlert]:
        """Open ones first, then by number."""
        with self._database.read() as connection:
            found = _read(connection, service_alerts.c.state == state if state else sa.true())
        return sorted(found, key=lambda each: (not each.is_open, each.number))

    def alert(self, number: int) -> ServiceAlert:
        """One; raises NotFound."""
        with self._database.read() as connection:
            return _one(connection, number)

    def updates(self, number: int) -> list[AlertUpdate]:
        """All that was said of it, oldest first."""
        query = sa.select(service_alert_updates).where(_UPDATES.alert == number).order_by(_UPDATES.id)
        with self._database.read() as connection:
            return list(map(_update, connection.execute(query)))

    def tickets(self, number: int) -> list[LinkedTicket]:
        """The tickets that are about it, by number."""
        query = (
            sa.select(
                _LINKS.ticket,
                _LINKS.state.label("link"),
                tickets.c.state,
                tickets.c.subject,
                contacts.c.address,
            )
            .join_from(alert_links, tickets, _LINKS.ticket == tickets.c.number)
            .join(contacts, tickets.c.requester_id == contacts.c.id, isouter=True)
            .where(_LINKS.alert == number)
            .order_by(_LINKS.ticket)
        )
        with self._database.read() as connection:
            return [
                LinkedTicket(row.ticket, LinkState(row.link), row.state, row.address or "", row.subject)
                for row in connection.execute(query)
            ]

    def told(self, update: AlertUpdate) -> int:
        """How many people have been told of it."""
        query = sa.select(sa.func.count()).where(alert_tellings.c.update_id == update.id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def has_untold(self) -> bool:
        """Whether there may be a ticket that an update has not come to."""
        query = sa.select(service_alerts.c.number).where(service_alerts.c.untold.is_(true())).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None


def read_open(connection: sa.Connection) -> tuple[ServiceAlert, ...]:
    """All open alerts, by number."""
    return tuple(_read(connection, service_alerts.c.state == "open"))


def read_of_ticket(connection: sa.Connection, ticket: int) -> tuple[tuple[LinkState, ServiceAlert], ...]:
    """The alerts that a ticket is about, by number, and how."""
    tied = sa.select(_LINKS.alert, _LINKS.state).where(_LINKS.ticket == ticket)
    states = {row.alert: LinkState(row.state) for row in connection.execute(tied)}
    if not states:
        return ()
    found = _read(connection, service_alerts.c.number.in_(list(states)))
    return tuple((states[each.number], each) for each in found)


def _read(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[ServiceAlert]:
    rows = connection.execute(
        sa.select(
            service_alerts,
            _UPDATES.id,
            _UPDATES.alert,
            _UPDATES.kind,
            _UPDATES.at,
            _UPDATES.actor,
            _UPDATES.texts,
        )
        .join_from(service_alerts, service_alert_updates, service_alerts.c.newest == _UPDATES.id)
        .where(where)
        .order_by(service_alerts.c.number)
    )
    return [
        ServiceAlert(
            number=row.number,
            state=row.state,
            titles=row.titles,
            words={language: tuple(words) for language, words in row.words.items()},
            offers=tuple(row.offers),
            organisations=tuple(row.organisations),
            opened_at=row.opened_at,
            opened_by=row.opened_by,
            resolved_at=row.resolved_at,
            newest=_update(row),
        )
        for row in rows
    ]


def _one(connection: sa.Connection, number: int) -> ServiceAlert:
    found = _read(connection, service_alerts.c.number == number)
    if not found:
        raise NotFound(f"there is no alert {number}; `gateway alerts list` shows them")
    return found[0]


def _update(row: AnyRow) -> AlertUpdate:
    return AlertUpdate(row.id, row.alert, row.kind, row.at, row.actor, row.texts)


def _update_row(update: AlertUpdate) -> dict[str, Any]:
    return {
        "id": update.id,
        "alert": update.alert,
        "kind": update.kind,
        "at": update.at,
        "actor": update.actor,
        "texts": dict(update.texts),
    }


def _link(row: AnyRow) -> AlertLink:
    return AlertLink(row.ticket, row.alert, LinkState(row.state), row.told)


def _link_row(link: AlertLink) -> dict[str, Any]:
    return {"ticket": link.ticket, "alert": link.alert, "state": str(link.state), "told": link.told}
