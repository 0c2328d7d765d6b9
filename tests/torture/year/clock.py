"""The time of the simulated year."""

from __future__ import annotations

from datetime import datetime, timedelta


class VirtualClock:
    """`ports.Clock` that goes where it is put, and a monotonic clock that a jump does not move."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The present instant."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that have really passed."""
        return self._monotonic

    def move_to(self, at: datetime) -> None:
        """Time passes."""
        self._monotonic += (at - self._now).total_seconds()
        self._now = at

    def jump(self, by: timedelta) -> None:
        """Somebody sets the machine's clock."""
        self._now += by
