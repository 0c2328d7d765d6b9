"""What was measured of a gateway at one instant: for whoever watches it, and for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last sign of life of one process."""

    host: str
    name: str
    beat_at: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in a queue.

    Attributes:
        waiting: how many.
        since: since when the oldest of them waits; None when none does.
    """

    waiting: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Queues:
    """Everything that somebody has to work off, and who is there to do it.

    Attributes:
        inbound: mails not settled, old mail that is being filed aside.
        outbox: notifications not handed over, from their writing on.
        timers: what has fallen due and was not carried out.
        alarms: keys of the alarms that are open.
        untold: how many of them the operator has not been told of.
    """

    inbound: Queue
    outbox: Queue
    timers: Queue
    pulses: tuple[Pulse, ...]
    alarms: tuple[str, ...]
    untold: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All that metrics tell; nothing of it names a person or a customer.

    Attributes:
        received: mails by channel, ever.
        outcomes: mails by what became of them.
        outbox: notifications by state.
        tickets: by state.
        settled_in_s: seconds from receipt to settlement of the latest mails, ascending.
    """

    at: datetime
    queues: Queues
    received: Mapping[str, int]
    outcomes: Mapping[str, int]
    outbox: Mapping[str, int]
    tickets: Mapping[str, int]
    settled_in_s: tuple[float, ...]
