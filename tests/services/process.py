"""A server program that a test starts, stops and kills."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0
_STARTS = 10
# Below those that Linux gives to clients, 32768 and up, and above what servers are known by.
_PORTS = range(12_000, 32_000)


class Unavailable(Exception):
    """A server that a test needs is not to be had here; the text says why."""


class ServerProcess:
    """One program with a folder of its own below the system's temporary folder.

    Args:
        name: for the folder and for messages.
        user: whom the program runs as when the tests run as root; None for root.
    """

    def __init__(self, name: str, *, user: str | None = None) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"gateway-{name}-"))
        self._account = pwd.getpwnam(user) if user and os.geteuid() == 0 else None
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self._log = self.folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, command: Sequence[str], *, environ: Mapping[str, str] | None = None) -> None:
        """Run a command to its end as the server's user; raises Unavailable with what it said."""
        with self._log.open("ab") as log:
            code = self._popen(command, environ, log.fileno()).wait(_START_TIMEOUT_S)
        if code:
            raise Unavailable(f"{command[0]} ended with {code}: {self._said()}")

    def start(
        self, command: Sequence[str], ready: Callable[[], bool], *, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start the server and wait until `ready`.

        Tries again a few times when it ends at once: what a killed one held is not free at once.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        starts = 0
        while time.monotonic() < deadline and starts <= _STARTS:
            if self._process is None or self._process.poll() is not None:
                with self._log.open("ab") as log:
                    self._process = self._popen(command, environ, log.fileno())
                starts += 1
            if ready():
                return
            time.sleep(0.05)
        self.kill()
        raise Unavailable(f"{self.name} does not start: {self._said()}")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the server as its operator would."""
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Kill the server if it runs, and remove all that it wrote."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _popen(
        self, command: Sequence[str], environ: Mapping[str, str] | None, output: int
    ) -> subprocess.Popen[bytes]:
        account = self._account
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self.folder), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
        )

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:].strip()


def free_port() -> int:
    """A port of loopback that nobody listened on a moment ago.

    Not one of those that clients are given: a connection of somebody else's could take it meanwhile.
    """
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Unavailable("no port of loopback is free")


def answers(port: int) -> bool:
    """Whether somebody listens on that port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name: str, *folders: str) -> str:
    """The path of a server program, looked for where Debian puts it too; raises Unavailable."""
    places = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    for pattern in folders:
        # The newest version first.
        places = [*map(str, sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)), *places]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise Unavailable(f"{name} is not installed")
    return found
