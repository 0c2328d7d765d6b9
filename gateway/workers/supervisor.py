"""The supervisor: starts the processes of the gateway, starts again what dies, ends them cleanly.

It opens no database and reads no mail, so there is little in it that could fail.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from gateway import faults

log = logging.getLogger(__name__)

# Longer than the receiver's own grace for running transfers.
_GRACE_S = 40.0
_LONGEST_PAUSE_S = 10.0
_TICK_S = 0.1
# After so many times the silence that is told of, a process is taken for hung and killed.
_HANGS_AFTER = 3
# What a process may take to begin, on a machine that is busy.
_START_S = 30.0
# What glibc's malloc is told: give back what a large mail needed, instead of keeping it for each thread.
_MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(128 << 10),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 10),
}
_MOST_DEATHS = 10
_DEATHS_WITHIN_S = 300.0


@dataclass
class Child:
    """One process: how to start it, and how it has been doing."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    line: socket.socket | None = None
    not_before: float = 0.0
    failed_starts: int = 0
    is_ready: bool = False
    was_ready: bool = False
    complaint: str = ""
    heard_s: float = 0.0
    well_s: float = 0.0
    deaths_s: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_DEATHS))
    said: bytearray = field(default_factory=bytearray)

    def trouble(self, now_s: float, silence_s: float) -> str:
        """What is wrong with it, or empty."""
        if self.complaint:
            return self.complaint
        gone_s = now_s - self.well_s
        begins = self.process is not None and not self.is_ready and not self.failed_starts
        if begins:
            gone_s -= _START_S
        if gone_s > silence_s and self.is_ready:
            return (
                f"does not answer for {gone_s:.0f} s; it is replaced after {_HANGS_AFTER * silence_s:.0f} s"
            )
        if gone_s > silence_s:
            return f"does not come back: {self.failed_starts} failed starts, gone for {gone_s:.0f} s"
        if len(self.deaths_s) == _MOST_DEATHS and now_s - self.deaths_s[0] < _DEATHS_WITHIN_S:
            return f"has died {_MOST_DEATHS} times within {_DEATHS_WITHIN_S / 60:.0f} minutes"
        return ""


class Supervisor:
    """Keeps `children` running until SIGTERM or SIGINT.

    Args:
        on_ready: told once for each start of a child, with what the child says of itself.
        on_troubles: told again and again what is wrong now, by name of child.
        silence_s: after which a child that is not heard of is in trouble.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        on_ready: Callable[[str, dict[str, object]], None],
        on_troubles: Callable[[Mapping[str, str]], None],
        silence_s: float,
    ) -> None:
        self._children = children
        self._on_ready = on_ready
        self._on_troubles = on_troubles
        self._silence_s = silence_s
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Run until told to end.

        Returns:
            0 after a clean end, 1 when a process had to be killed, 78 (sysexits' EX_CONFIG) when a
            process refused its configuration before it was ever ready.
        """
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._hang_up)
        self.keep_running()
        clean = self._end()
        return self._status or (0 if clean else 1)

    def keep_running(self) -> None:
        """Start what is to run and start again what dies, until `end` is called."""
        for child in self._children:
            child.well_s = time.monotonic()
        while not self._stopping:
            for child in self._children:
                if child.process is None and time.monotonic() >= child.not_before:
                    self._start(child)
            self._listen(_TICK_S)
            for child in self._children:
                self._reap(child)
            self._look_after()

    def end(self) -> None:
        """Start nothing any more."""
        self._stopping = True

    def _look_after(self) -> None:
        now_s = time.monotonic()
        troubles = {child.name: child.trouble(now_s, self._silence_s) for child in self._children}
        self._on_troubles({name: trouble for name, trouble in troubles.items() if trouble})
        for child in self._children:
            patience_s = _HANGS_AFTER * self._silence_s + (0 if child.is_ready else _START_S)
            if child.process is not None and now_s - child.heard_s > patience_s:
                log.error("process.hangs", extra={"child": child.name, "pid": child.process.pid})
                child.process.kill()
                child.heard_s = now_s

    def _start(self, child: Child) -> None:
        try:
            faults.reached("process.starting")
            child.process, child.line = _spawn(child.command)
        except OSError as error:
            # No process, memory or file is to be had now: the others go on meanwhile.
            pause = self._pause(child)
            log.error(  # noqa: TRY400  (told in words)
                "process.not-started",
                extra={"child": child.name, "reason": error.strerror, "again_in_s": round(pause, 1)},
            )
            return
        child.is_ready, child.complaint = False, ""
        child.heard_s = time.monotonic()
        self._selector.register(child.line, selectors.EVENT_READ, child)
        log.debug("process.started", extra={"child": child.name, "pid": child.process.pid})

    @staticmethod
    def _pause(child: Child) -> float:
        """One more failed start; the seconds until the next."""
        child.failed_starts += 1
        pause = min(_LONGEST_PAUSE_S, 0.1 * 2.0**child.failed_starts)
        child.not_before = time.monotonic() + pause
        return pause

    def _listen(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            child: Child = key.data
            heard = child.line.recv(4096) if child.line is not None else b""
            if not heard:
                self._hang_line(child)
                continue
            child.heard_s = time.monotonic()
            child.said += heard
            while b"\n" in child.said:
                line, _, rest = bytes(child.said).partition(b"\n")
                child.said = bytearray(rest)
                facts = json.loads(line)
                if isinstance(facts, str):
                    child.complaint = facts
                else:
                    child.was_ready = child.is_ready = True
                    self._on_ready(child.name, facts)
            if child.is_ready:
                child.well_s = child.heard_s

    def _hang_line(self, child: Child) -> None:
        if child.line is not None:
            self._selector.unregister(child.line)
            child.line.close()
            child.line = None

    def _reap(self, child: Child) -> None:
        if child.process is None or (code := child.process.poll()) is None:
            return
        # One that has worked, or that was killed, is started again at once; one that ends by itself
        # before it could begin is given time.
        if child.is_ready or code < 0:
            child.failed_starts, child.not_before, pause = 0, 0.0, 0.0
        else:
            pause = self._pause(child)
        self._hang_line(child)
        child.process, child.is_ready = None, False
        child.deaths_s.append(time.monotonic())
        if code == os.EX_CONFIG and not child.was_ready:
            # It has said why; starting it again would only say so again.
            self._status, self._stopping = os.EX_CONFIG, True
            return
        log.error(
            "process.died", extra={"child": child.name, "status": code, "restart_in_s": round(pause, 1)}
        )

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.end()

    def _hang_up(self, number: int, frame: FrameType | None) -> None:
        for child in self._children:
            # Nobody else has certificates, and whoever does not expect the signal dies of it.
            if child.process is not None and child.name == "receiver":
                child.process.send_signal(signal.SIGHUP)

    def _end(self) -> bool:
        log.info("gateway.stopping")
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _GRACE_S
        clean = True
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("process.killed", extra={"pid": process.pid})  # noqa: TRY400  (nothing was raised by us)
                process.kill()
                process.wait()
                clean = False
        for child in self._children:
            self._hang_line(child)
        self._selector.close()
        log.info("gateway.stopped")
        return clean


def _spawn(command: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A process, and our end of its lifeline; raises OSError."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [*command, "--lifeline", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_MALLOC | os.environ,
                stdin=subprocess.DEVNULL,
                # A terminal's Ctrl-C reaches the supervisor alone, which ends the others in order.
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    return process, ours
