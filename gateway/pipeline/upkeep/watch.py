"""What has fallen silent: queues that grow, processes that are gone, a disk that fills; as alarms that end by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway.domain.measured import Queue, Queues
from gateway.ports import Clock

_LOOK_EVERY_S = 15.0
_TIMERS_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond which somebody has to look.

    Attributes:
        process: without a sign of life.
        inbound, outbox: for which the oldest may wait.
        disk_free: bytes.
    """

    process: timedelta
    inbound: timedelta
    outbox: timedelta
    disk_free: int


class MeasuredStore(Protocol):
    """The store as whoever watches it sees it."""

    def queues(self, now: datetime) -> Queues:
        """What waits, and who is alive."""


class SoundedAlarms(Protocol):
    """Alarms, and those that do not hold any more."""

    def sound(self, key: str, reason: str) -> None:
        """It is so, with the reason of today."""

    def end(self, key: str) -> None:
        """It is not so any more."""

    def end_others(self, family: str, known: Sequence[str]) -> None:
        """End the alarms whose key begins with `family` and with none of `known`."""


@dataclass(slots=True)
class Watch:
    """Watches for one process.

    Attributes:
        host: this machine, whose processes its supervisor looks after.
        disk_free: bytes that are left where mail is kept.
        monotonic: seconds since whenever.
    """

    store: MeasuredStore
    alarms: SoundedAlarms
    limits: Limits
    host: str
    clock: Clock
    disk_free: Callable[[], int]
    monotonic: Callable[[], float]
    _looked_s: float | None = field(default=None, init=False)
    _suspected: frozenset[str] = field(default=frozenset(), init=False)

    def look_sometimes(self) -> bool:
        """Look, when the last time is long enough ago; False: there is never more to do at once."""
        now_s = self.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            self.look()
        return False

    def look(self) -> None:
        """Sound what is wrong, and end what is not so any more.

        What was not wrong at the last look is only suspected: a mail that comes late from a mailbox is
        as old as its receipt there, and worked on at once.
        """
        found = self.wrong(others_only=True)
        certain = {key: reason for key, reason in found.items() if key in self._suspected}
        self._suspected = frozenset(found)
        for key, reason in certain.items():
            self.alarms.sound(key, reason)
        # What other machines say of themselves, and of this one, is theirs to end.
        self.alarms.end_others("queue ", list(found))
        if (disk := f"disk {self.host}") not in found:
            self.alarms.end(disk)
        self.alarms.end_others("silent ", [*found, f"silent {self.host} "])

    def wrong(self, *, others_only: bool) -> Mapping[str, str]:
        """What is beyond its limit now: alarm's key, and the reason in words.

        Args:
            others_only: without the processes of this machine.
        """
        now = self.clock.now()
        queues = self.store.queues(now)
        found: dict[str, str] = {}
        for key, queue, limit, words in (
            ("queue inbound", queues.inbound, self.limits.inbound, "mails wait to be read"),
            ("queue outbox", queues.outbox, self.limits.outbox, "notifications wait to leave"),
            ("queue timers", queues.timers, _TIMERS_LATE, "timers are overdue"),
        ):
            if queue.since is not None and now - queue.since > limit:
                found[key] = f"{_told(queue, words)}; {_REMEDIES[key]}"
        for pulse in queues.pulses:
            if now - pulse.beat_at > self.limits.process and not (others_only and pulse.host == self.host):
                found[f"silent {pulse.host} {pulse.name}"] = (
                    f"no sign of life since {pulse.beat_at:%Y-%m-%d %H:%M:%S} UTC; see that `gateway serve` runs there"
                )
        free = self.disk_free()
        if free < self.limits.disk_free:
            found[f"disk {self.host}"] = (
                f"{free >> 20} MiB are left where mail is kept; below what a mail needs, senders are told to try later"
            )
        return found


def _told(queue: Queue, words: str) -> str:
    return f"{queue.waiting} {words}, the oldest since {queue.since:%Y-%m-%d %H:%M} UTC"


_REMEDIES = {
    "queue inbound": "see that a worker runs, and `gateway mail list` for what it stumbles over",
    "queue outbox": "see the relay's words in `gateway outbox list`",
    "queue timers": "see that the role timers runs; closings that are held go on by `gateway timers run`",
}
