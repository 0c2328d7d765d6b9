"""Step 10: render what waits in the outbox, hand it to the relay, and write down what it said.

What the relay has answered while the last commit ran goes into the next one. A crash between an
answer and its commit sends those few again, with the same bytes and the same Message-ID.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway import faults
from gateway.domain.address import wire_address
from gateway.domain.retry import next_attempt
from gateway.errors import LeaseLost, RelayDeferred, RelayRefused, StorageUnavailable, UnsafeMail
from gateway.ports import (
    Clock,
    Delivery,
    LeasedNotification,
    OutboxStore,
    OutgoingMail,
    Renderer,
    SendingResult,
    Transport,
)

log = logging.getLogger(__name__)

# Each batch waits for the database twice; the relay waits meanwhile.
_BATCH = 400
_LONGEST_REPLY = 300
# How long writing down is tried again, with pauses, while the database cannot take it.
_PATIENCE_S = 10.0
_PAUSE_S = 0.5
_EVENTS = {"sent": "notification.sent", "failed": "notification.failed", "pending": "notification.deferred"}


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends for one worker.

    Attributes:
        owner: the worker's name on its leases.
    """

    outbox: OutboxStore
    renderer: Renderer
    transport: Transport
    clock: Clock
    owner: str

    def send_batch(self) -> bool:
        """Send one batch; whether there was one."""
        now = self.clock.now()
        if not self.outbox.has_due(now):
            return False
        leased = {row.id: row for row in self.outbox.lease(limit=_BATCH, owner=self.owner, now=now)}
        if not leased:
            return False
        with _Recorder(self.outbox, self.clock) as recorder:
            mails: list[OutgoingMail] = []
            for row in leased.values():
                try:
                    mails.append(self._rendered(row))
                except UnsafeMail as error:
                    reply = f"cannot be written: {error}"[:_LONGEST_REPLY]
                    recorder.add(_result(row, Delivery(row.id, reply, RelayRefused(reply)), now=now))
                except Exception as error:
                    # A template that somebody is mending, or a fault of ours: not the end of the notification.
                    log.exception("notification.unrenderable", extra={"outbox_id": row.id})
                    reply = f"cannot be written: {type(error).__name__}: {error}"[:_LONGEST_REPLY]
                    recorder.add(_result(row, Delivery(row.id, reply, RelayDeferred(reply)), now=now))
            faults.reached("outbox.rendered")
            for delivery in self.transport.send(mails):
                faults.reached("relay.answered")
                recorder.add(_result(leased[delivery.id], delivery, now=self.clock.now()))
                if not recorder.keeps_up():
                    # Whatever is sent and not written down would be sent again.
                    break
        return True

    def _rendered(self, row: LeasedNotification) -> OutgoingMail:
        notification = row.notification
        return OutgoingMail(
            row.id,
            row.reverse_path,
            wire_address(notification.to.address),
            self.renderer.render(notification),
        )


def _result(row: LeasedNotification, delivery: Delivery, *, now: datetime) -> SendingResult:
    error = delivery.error
    due_at = None
    if error is None:
        state = "sent"
    else:
        due_at = next_attempt(row.attempts, row.created_at, now) if error.retryable else None
        state = "failed" if due_at is None else "pending"
    log.info(
        _EVENTS[state],
        extra={"outbox_id": row.id, "ticket": row.notification.ticket, "attempt": row.attempts}
        | ({} if error is None else {"error": error.code}),
    )
    told = row.notification
    return SendingResult(row.id, row.fence, told.ticket, told.to.address, state, delivery.reply, due_at)


class _Recorder:
    """A thread that commits all results that have come in during its last commit."""

    def __init__(self, outbox: OutboxStore, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._results: queue.SimpleQueue[SendingResult | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._well = threading.Event()
        self._well.set()
        self._thread = threading.Thread(target=self._run, name="outbox-record", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._results.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def add(self, result: SendingResult) -> None:
        self._results.put(result)

    def keeps_up(self) -> bool:
        """Wait while the database takes nothing; False when it is given up."""
        self._well.wait()
        return self._failure is None

    def _run(self) -> None:
        ended = False
        while not ended:
            batch = [self._results.get()]
            while not self._results.empty():
                batch.append(self._results.get())
            ended = None in batch
            results = [result for result in batch if result is not None]
            if results and self._failure is None:
                self._insist(results)
            self._well.set()

    def _insist(self, results: list[SendingResult]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        failure = self._recorded(results)
        while isinstance(failure, StorageUnavailable) and time.monotonic() < deadline:
            self._well.clear()
            time.sleep(_PAUSE_S)
            failure = self._recorded(results)
        # Raised again where the thread is joined.
        self._failure = failure

    def _recorded(self, results: list[SendingResult]) -> Exception | None:
        """Why they are not written down; None when they are, or are another worker's."""
        try:
            faults.reached("outbox.marking")
            self._outbox.record(results, now=self._clock.now())
            faults.reached("outbox.marked")
        except LeaseLost:
            if len(results) > 1:
                return next(filter(None, [self._recorded([result]) for result in results]), None)
            log.warning("notification.lease-lost", extra={"outbox_id": results[0].id})
        except Exception as error:  # noqa: BLE001
            return error
        return None
