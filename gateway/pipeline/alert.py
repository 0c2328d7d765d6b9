"""Telling the operator of alarms: by mail, all that is due in one, of each at most once a day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway import faults
from gateway.domain.alarm import Alarm
from gateway.domain.desk import Desk
from gateway.ports import Clock, OutgoingMail, Signer, Transport

log = logging.getLogger(__name__)


class AlarmStore(Protocol):
    """The alarms as whoever writes to the operator sees them."""

    def take_due(self, now: datetime) -> list[Alarm]:
        """Those that the operator has not been told of within a day; nobody else is given them for some minutes."""

    def told(self, alarms: Sequence[Alarm], *, now: datetime) -> None:
        """The relay has the mail: they are due again in a day."""


class AlarmWriter(Protocol):
    """From alarms to a mail."""

    def __call__(self, alarms: Sequence[Alarm], sender: str, operator: str, *, now: datetime) -> bytes:
        """The bytes for DATA."""


@dataclass(frozen=True, slots=True)
class Alerter:
    """Sends for one worker.

    Attributes:
        current: the desk, whose address the mail is from.
        operator: `gateway.operator`; empty for nobody.
    """

    alarms: AlarmStore
    transport: Transport
    write: AlarmWriter
    current: Callable[[], tuple[Desk, Signer]]
    clock: Clock
    operator: str

    def send_due(self) -> bool:
        """Send what is due; whether there was anything."""
        now = self.clock.now()
        due = self.alarms.take_due(now) if self.operator else []
        if not due:
            return False
        faults.reached("alarm.taken")
        desk, _ = self.current()
        content = self.write(due, desk.default_address().address, self.operator, now=now)
        # The null sender: nobody reads what comes back of it. Ids below zero are nobody else's.
        mail = OutgoingMail(-int(now.timestamp()), "", self.operator, content)
        for delivery in self.transport.send([mail]):
            if delivery.error is not None:
                # They come again by themselves.
                log.error("operator.not-told", extra={"alarms": len(due), "error": delivery.error.code})
                return False
            self.alarms.told(due, now=now)
            log.info("operator.told", extra={"alarms": len(due)})
        return True
