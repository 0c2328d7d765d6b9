"""The socket between the supervisor and one of its processes: says that it is ready, and who is alive."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
import time
from contextlib import suppress


class Lifeline:
    """A process's end. When the supervisor goes, however it goes, the process is told to end too.

    Args:
        every_s: after which the process shows again that it lives.
    """

    def __init__(self, fd: int | None, *, every_s: float) -> None:
        self._socket = None if fd is None else socket.socket(fileno=fd)
        self._every_s = every_s
        self._touched_s: float | None = None
        self._complaint = ""
        self._speaking = threading.Lock()
        if self._socket is not None:
            threading.Thread(target=self._watch, args=(self._socket,), name="lifeline", daemon=True).start()

    def ready(self, **facts: object) -> None:
        """Tell the supervisor that work begins, and where."""
        if self._socket is not None:
            with self._speaking:
                self._socket.sendall(json.dumps(facts).encode() + b"\n")

    def touch(self) -> None:
        """Whoever calls this once must go on: from then on, the process lives as long as they do."""
        self._touched_s = time.monotonic()

    def complain(self, words: str) -> None:
        """Something is wrong that only the supervisor can tell of; nothing any more, when empty."""
        self._complaint = words

    def _watch(self, line: socket.socket) -> None:
        hearing = select.poll()
        hearing.register(line, select.POLLIN)
        while True:
            if hearing.poll(self._every_s * 1000):
                if not line.recv(1):
                    os.kill(os.getpid(), signal.SIGTERM)
                    return
            elif self._touched_s is None or time.monotonic() - self._touched_s < 2 * self._every_s + 1:
                # A supervisor that does not listen now has heard enough; one that is gone is seen above.
                with self._speaking, suppress(BlockingIOError, BrokenPipeError):
                    line.send(json.dumps(self._complaint).encode() + b"\n", socket.MSG_DONTWAIT)
