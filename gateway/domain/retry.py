"""When a notification that the relay could not take is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

LIFETIME = timedelta(days=5)
"""RFC 5321 section 4.5.4.1: give up after four to five days at the earliest."""

_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (60, 300, 900, 1800, 3600, 4000))


def next_attempt(attempts: int, first_at: datetime, now: datetime) -> datetime | None:
    """The instant of the next attempt, or None when the five days are over.

    Delays grow from a minute to about an hour.

    Args:
        attempts: made so far, at least one.
        first_at: when the notification was written.
    """
    due_at = now + _DELAYS[min(attempts, len(_DELAYS)) - 1]
    return due_at if due_at <= first_at + LIFETIME else None
