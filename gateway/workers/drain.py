"""Draining: take what waits, batch by batch, until nothing waits; in one thread at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from gateway.errors import StorageUnavailable

log = logging.getLogger(__name__)

# After so many times in a row it may be the batch that the database cannot take.
_MOST_UNAVAILABLE = 30


class Recover(Protocol):
    """Gives back what a batch held."""

    def __call__(self, *, untried: bool) -> object:
        """`untried`: the database was to blame, and not the batch."""


class Drain:
    """Runs `step` until it finds nothing, whoever asks and however often.

    Args:
        step: does one batch and says whether there was one.
        recover: called before the next batch when one has failed, whatever failed.
    """

    def __init__(self, name: str, step: Callable[[], bool], recover: Recover | None = None) -> None:
        self.name = name
        self._step = step
        self._recover = recover
        self._in_doubt = False
        self._unavailable = 0
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
            if self._in_doubt and self._recover is not None:
                self._recover(untried=0 < self._unavailable <= _MOST_UNAVAILABLE)
            self._in_doubt = True
            while not self._stopping.is_set() and self._step():
                self._unavailable = 0
            self._in_doubt, self._unavailable = False, 0
        except StorageUnavailable as error:
            # The rows stay where they are; the sweeper tries again.
            self._unavailable += 1
            log.warning("drain.database-unavailable", extra={"queue": self.name, "error": error.code})
        except BaseException:
            self._unavailable = 0
            raise

    def stop(self) -> None:
        """Begin no further batch, and wait for the one under way."""
        self._stopping.set()
        with self._running:
            pass
