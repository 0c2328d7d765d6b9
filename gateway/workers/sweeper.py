"""The sweeper: looks every second for rows that wait though no bell was heard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from gateway.workers.drain import Drain

log = logging.getLogger(__name__)

SWEEP_INTERVAL_S = 1.0


class Sweeper:
    """A thread for each drain; a broker that is down or wiped costs one interval, and no mail."""

    def __init__(self, drains: Sequence[Drain]) -> None:
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._sweep, args=(drain,), name=f"sweep-{drain.name}", daemon=True)
            for drain in drains
        ]

    def start(self) -> None:
        """Look at once, for what an earlier process left, and then at every interval."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _sweep(self, drain: Drain) -> None:
        while not self._stopping.is_set():
            try:
                drain.run()
            except Exception:
                # A bug in one batch must not end all looking.
                log.exception("sweep.failed", extra={"queue": drain.name})
            self._stopping.wait(SWEEP_INTERVAL_S)
