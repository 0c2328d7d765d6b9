"""The supervisor: what cannot be started now is started later, and the others go on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from gateway.workers.supervisor import Child, Supervisor

_READY = (
    "import os, signal, sys, threading; os.write(int(sys.argv[-1]), b'{}\\n'); "
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); threading.Event().wait()"
)


def test_a_machine_without_a_process_to_spare_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ready: list[str] = []
    start, refusals = subprocess.Popen, [errno.EAGAIN, errno.ENOMEM]

    def popen(command: list[str], **options: Any) -> Any:
        if "--later" in command and refusals:
            raise OSError(refusals[0], os.strerror(refusals.pop(0)))
        return start(command, **options)

    def heard(name: str, facts: dict[str, object]) -> None:
        ready.append(name)
        if len(ready) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", popen)
    command = [sys.executable, "-c", _READY]
    children = [Child("receiver", [*command, "--later"]), Child("worker", command)]

    told: list[object] = []
    supervisor = Supervisor(children, on_ready=heard, on_troubles=told.append, silence_s=60)
    assert supervisor.run() == 0
    assert not any(told)

    assert sorted(ready) == ["receiver", "worker"]
    assert [record.message for record in caplog.records].count("process.not-started") == 2
