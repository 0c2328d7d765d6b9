"""A process's sign of life for other machines: a row that it renews."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from gateway.errors import StorageUnavailable
from gateway.ports import Clock

log = logging.getLogger(__name__)

_MISSED = 4


class HeartbeatStore(Protocol):
    """Where signs of life are written."""

    def beat(self, host: str, name: str, *, now: datetime) -> None:
        """The process is alive."""

    def end(self, host: str, name: str) -> None:
        """It ends as it was told to."""


@contextmanager
def beating(
    store: HeartbeatStore,
    host: str,
    name: str,
    *,
    clock: Clock,
    every_s: float,
    complain: Callable[[str], None],
) -> Iterator[None]:
    """Beat for as long as the block lasts; whoever leaves it by an exception is missed.

    A thread of its own: a database that hangs must not look like a process that does.

    Args:
        complain: told when the database takes no beats for a while, and, with nothing, when it does.
    """
    ended = threading.Event()

    def beat() -> None:
        missed = 0
        while True:
            try:
                store.beat(host, name, now=clock.now())
            except StorageUnavailable as error:
                missed += 1
                log.debug("heartbeat.not-stored", extra={"error": error.code})
                if missed >= _MISSED:
                    complain(f"cannot reach the database: {error}")
            else:
                missed = 0
                complain("")
            if ended.wait(every_s):
                return

    thread = threading.Thread(target=beat, name="heart", daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join(every_s)
    try:
        store.end(host, name)
    except StorageUnavailable as error:
        log.debug("heartbeat.not-stored", extra={"error": error.code})
