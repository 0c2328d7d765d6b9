"""Draining: take what waits, batch by batch, until nothing waits; in one thread at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gateway.errors import StorageUnavailable

log = logging.getLogger(__name__)


class Drain:
    """Runs `step` until it finds nothing, whoever asks and however often.

    Args:
        step: does one batch and says whether there was one.
        recover: called before the next batch when one has failed, whatever failed: gives back what
            that batch held.
    """

    def __init__(
        self, name: str, step: Callable[[], bool], recover: Callable[[], object] = lambda: None
    ) -> None:
        self.name = name
        self._step = step
        self._recover = recover
        self._in_doubt = False
        self._running = threading.Lock()
        self._asked = threading.Event()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Drain, unless another thread is at it: then that one looks once more before it ends."""
        self._asked.set()
        while self._asked.is_set() and not self._stopping.is_set() and self._running.acquire(blocking=False):
            try:
                self._asked.clear()
                self._until_empty()
            finally:
                self._running.release()

    def _until_empty(self) -> None:
        try:
            if self._in_doubt:
                self._recover()
            self._in_doubt = True
            while not self._stopping.is_set() and self._step():
                pass
            self._in_doubt = False
        except StorageUnavailable as error:
            # The rows stay where they are; the sweeper tries again.
            log.warning("drain.database-unavailable", extra={"queue": self.name, "error": error.code})

    def stop(self) -> None:
        """Begin no further batch, and wait for the one under way."""
        self._stopping.set()
        with self._running:
            pass
