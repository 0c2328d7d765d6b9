"""Clocks and waiting as documents: instants as ISO 8601 UTC, durations as whole seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.held import HeldMail
from gateway.domain.sla import Clock, Effect, Goal
from gateway.domain.ticket import Before
from gateway.domain.timers import Reminder, Waiting


def clock_document(clock: Clock) -> dict[str, Any]:
    """A clock; what is None is left out."""
    document = {
        "started_at": _text(clock.started_at),
        "effect": str(clock.effect),
        "since": _text(clock.since),
        "consumed_s": _seconds(clock.consumed),
        "target_s": _seconds(clock.goal.target),
        "warn_after_s": _seconds(clock.goal.warn_after),
        "due_at": _text(clock.due_at),
        "warn_at": _text(clock.warn_at),
        "warned_at": _text(clock.warned_at),
        "breached_at": _text(clock.breached_at),
    }
    return {name: value for name, value in document.items() if value is not None}


def clock_of(document: dict[str, Any]) -> Clock:
    """The clock of a document."""
    return Clock(
        started_at=datetime.fromisoformat(document["started_at"]),
        effect=Effect(document["effect"]),
        since=datetime.fromisoformat(document["since"]),
        consumed=timedelta(seconds=document["consumed_s"]),
        goal=Goal(_duration(document.get("target_s")), _duration(document.get("warn_after_s"))),
        due_at=_instant(document.get("due_at")),
        warn_at=_instant(document.get("warn_at")),
        warned_at=_instant(document.get("warned_at")),
        breached_at=_instant(document.get("breached_at")),
    )


def waiting_document(waiting: Waiting | None) -> dict[str, Any] | None:
    """What is known of waiting for the customer."""
    if waiting is None:
        return None
    return {
        "since": _text(waiting.since),
        "reminders": [[_text(each.sent_at), each.returned] for each in waiting.reminders],
        "away_until": _text(waiting.away_until),
    }


def waiting_of(document: dict[str, Any] | None) -> Waiting | None:
    """The waiting of a document."""
    if document is None:
        return None
    return Waiting(
        since=datetime.fromisoformat(document["since"]),
        reminders=tuple(
            Reminder(datetime.fromisoformat(sent_at), returned) for sent_at, returned in document["reminders"]
        ),
        away_until=_instant(document["away_until"]),
    )


def held_document(held: Sequence[HeldMail]) -> list[list[Any]] | None:
    """The mails that wait for the desk's decision; None for most tickets."""
    return [[each.inbound_id, each.author_shown, _text(each.told_at)] for each in held] or None


def held_of(document: list[list[Any]] | None) -> tuple[HeldMail, ...]:
    """The held mails of a document."""
    return tuple(HeldMail(number, shown, datetime.fromisoformat(at)) for number, shown, at in document or ())


def before_document(before: Before | None) -> dict[str, Any] | None:
    """What a ticket was before a change."""
    if before is None:
        return None
    return {
        "resolution": before.resolution,
        "closed_at": _text(before.closed_at),
        "team": before.team,
        "response": clock_document(before.response),
        "resolution_clock": clock_document(before.resolution_clock),
        "waiting": waiting_document(before.waiting),
        "promised_since": _text(before.promised_since),
    }


def before_of(document: dict[str, Any] | None) -> Before | None:
    """What a ticket was, of a document."""
    if document is None:
        return None
    return Before(
        resolution=document["resolution"],
        closed_at=_instant(document["closed_at"]),
        team=document["team"],
        response=clock_of(document["response"]),
        resolution_clock=clock_of(document["resolution_clock"]),
        waiting=waiting_of(document["waiting"]),
        promised_since=_instant(document["promised_since"]),
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _seconds(duration: timedelta | None) -> int | None:
    return round(duration.total_seconds()) if duration is not None else None


def _duration(seconds: int | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds is not None else None
