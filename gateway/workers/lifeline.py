"""The socket between the supervisor and one of its processes: says that it is ready, and who is alive."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading


class Lifeline:
    """A process's end. When the supervisor goes, however it goes, the process is told to end too."""

    def __init__(self, fd: int | None) -> None:
        self._socket = None if fd is None else socket.socket(fileno=fd)
        if self._socket is not None:
            threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def ready(self, **facts: object) -> None:
        """Tell the supervisor that work begins, and where."""
        if self._socket is not None:
            self._socket.sendall(json.dumps(facts).encode() + b"\n")

    def _watch(self) -> None:
        if self._socket is not None and not self._socket.recv(1):
            os.kill(os.getpid(), signal.SIGTERM)
