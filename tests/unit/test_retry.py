"""The attempts at one notification: growing delays, and an end after five days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.domain.retry import LIFETIME, next_attempt

BEGIN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_delays_grow_and_end_after_five_days() -> None:
    now, attempts, delays = BEGIN, 1, []
    while (due_at := next_attempt(attempts, BEGIN, now)) is not None:
        delays.append(due_at - now)
        now, attempts = due_at, attempts + 1

    assert delays == sorted(delays)
    assert delays[0] == timedelta(minutes=1)
    assert timedelta(days=4) < now - BEGIN <= LIFETIME
    assert 90 < attempts < 130
