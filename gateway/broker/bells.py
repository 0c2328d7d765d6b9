"""Ways to ring: through a named pipe beside the embedded broker, or as a Dramatiq message."""

from __future__ import annotations

import errno
import logging
import os
import select
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dramatiq import Broker, Message

from gateway import faults
from gateway.broker.brokers import QUEUES

log = logging.getLogger(__name__)

_LETTERS = {name: name[0].encode() for name in QUEUES}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


class PipeBell:
    """Rings the workers of this machine through a named pipe; nobody there to hear it is no fault."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def ring(self, name: str) -> None:
        """One byte into the pipe; a full pipe has rung already."""
        faults.reached("bell.ringing")
        try:
            if self._fd is None:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._fd, _LETTERS[name])
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return
            # ENOENT, ENXIO, EPIPE: no worker runs here now; its sweeper looks when it comes.
            self.close()

    def close(self) -> None:
        """Let the pipe go; the next ring opens it again."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


class PipeListener:
    """A worker's end of the named pipe; whichever worker of the machine reads a ring has it alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # For writing too, so that the pipe never ends when a writer goes.
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        self._ended, self._end = os.pipe()

    def rings(self) -> Iterator[str]:
        """Wait for rings, and yield each name once however often it was rung meanwhile."""
        while True:
            ready, _, _ = select.select([self._fd, self._ended], [], [])
            if self._ended in ready:
                return
            try:
                letters = os.read(self._fd, 4096)
            except BlockingIOError:
                # Another worker was quicker.
                continue
            for letter in set(letters):
                name = _NAMES.get(bytes([letter]))
                if name is not None:
                    yield name

    def stop(self) -> None:
        """End `rings`."""
        os.write(self._end, b"\0")

    def close(self) -> None:
        """Let the pipe go."""
        for fd in (self._fd, self._ended, self._end):
            os.close(fd)


class BrokerBell:
    """Rings through a broker on a server, from a thread of its own: a slow broker delays nobody.

    All rings of one name while a message is on its way become one message.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._condition = threading.Condition()
        self._rung: set[str] = set()
        self._stopping = False
        self._silent = False
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
        self._thread.start()

    def ring(self, name: str) -> None:
        """Leave a note for the thread."""
        faults.reached("bell.ringing")
        with self._condition:
            self._rung.add(name)
            self._condition.notify()

    def close(self) -> None:
        """Send what was rung, then end."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._rung and not self._stopping:
                    self._condition.wait()
                names, self._rung = self._rung, set()
                stopping = self._stopping
            for name in sorted(names):
                self._send(name)
            if stopping:
                return

    def _send(self, name: str) -> None:
        try:
            self._broker.enqueue(bell_message(name))
        except Exception as error:  # noqa: BLE001  (each broker's driver has its own)
            # Whatever a broker's driver raises: the rows are there and the sweeper finds them.
            if not self._silent:
                log.warning("broker.unreachable", extra={"queue": name, "error": type(error).__name__})
            self._silent = True
        else:
            if self._silent:
                log.info("broker.reachable", extra={"queue": name})
            self._silent = False


def bell_message(name: str) -> Message[None]:
    """The message that runs the actor `drain_<name>`."""
    return Message(queue_name=name, actor_name=f"drain_{name}", args=(), kwargs={}, options={})
