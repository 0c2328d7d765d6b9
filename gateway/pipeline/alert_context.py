"""What a template may use of service alerts: plain values in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gateway.domain.events import AlertEvent, AlertFollowed, Event
from gateway.domain.first_answer import NamedAlert
from gateway.domain.service_alert import MatchedAlert, TicketAlert, in_language

_MOST_NAMED = 3


def named_alerts(matched: Iterable[MatchedAlert], language: str) -> tuple[NamedAlert, ...]:
    """The newest of those that a request is about, as its first answer names them."""
    newest = sorted(matched, key=lambda each: each.alert.opened_at, reverse=True)[:_MOST_NAMED]
    return tuple(
        NamedAlert(
            number=each.alert.number,
            title=each.alert.title(language),
            text=in_language(each.alert.newest.texts, language),
            since=each.alert.opened_at,
            updated_at=each.alert.newest.at,
        )
        for each in newest
    )


def named_values(alert: NamedAlert, language: str) -> dict[str, Any]:
    """Of an alert that a first answer names."""
    return {
        "number": alert.number,
        "title": alert.title,
        "text": alert.text,
        "since": _moment(alert.since, language),
        "updated": _moment(alert.updated_at, language) if alert.updated_at != alert.since else "",
    }


def alert_values(event: Event, language: str) -> dict[str, Any] | None:
    """Of the alert that an event is about; None for any other."""
    if not isinstance(event, AlertEvent):
        return None
    alert, update = event.alert, event.update
    return {
        "number": alert.number,
        "title": alert.title(language),
        "text": in_language(update.texts, language),
        "since": _moment(alert.opened_at, language),
        "updated": _moment(update.at, language) if update.at != alert.opened_at else "",
    }


def tied_values(alerts: Iterable[TicketAlert], language: str) -> list[dict[str, Any]]:
    """Of the open alerts that a ticket is about."""
    named = named_alerts((MatchedAlert(each.alert, ()) for each in alerts if each.state), language)
    return [named_values(each, language) for each in named]


def followed_values(event: Event, events: Iterable[Event], language: str) -> list[dict[str, Any] | None]:
    """Of the alerts that the ticket has begun to follow by the same mail or act."""
    begun = (each for each in events if isinstance(each, AlertFollowed))
    return [alert_values(each, language) for each in begun if each.ticket.number == event.ticket.number]


def _moment(at: datetime, language: str) -> str:
    return f"{at:%d/%m/%Y à %H:%M} UTC" if language == "fr" else f"{at:%Y-%m-%d, %H:%M} UTC"
