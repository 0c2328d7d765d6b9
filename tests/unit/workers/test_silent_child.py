"""The supervisor: what hangs or does not come back is told of by a messenger, and replaced."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.directory import SystemClock
from gateway.errors import StorageUnavailable
from gateway.workers.heart import beating
from gateway.workers.messenger import Messenger
from gateway.workers.supervisor import Child, Supervisor

LIVES = """
import os, socket, sys, time
line = socket.socket(fileno=int(sys.argv[-1]))
line.sendall(b"{}\\n")
while True:
    line.sendall(b'""\\n')
    time.sleep(0.05)
"""


class Run:
    """A supervisor in a thread, with what it has told its messenger."""

    def __init__(self, *scripts: str, silence_s: float = 0.6) -> None:
        children = [Child(f"child-{n}", [sys.executable, "-c", script]) for n, script in enumerate(scripts)]
        self.children = children
        self.ready: list[str] = []
        self.troubles: list[Mapping[str, str]] = [{}]
        self.supervisor = Supervisor(
            children,
            on_ready=lambda name, facts: self.ready.append(name),
            on_troubles=self._hear,
            silence_s=silence_s,
        )
        self.thread = threading.Thread(target=self.supervisor.keep_running, daemon=True)
        self.thread.start()

    def _hear(self, troubles: Mapping[str, str]) -> None:
        if troubles != self.troubles[-1]:
            self.troubles.append(dict(troubles))

    def wait(self, truth: object, what: str) -> None:
        deadline = time.monotonic() + 30
        assert callable(truth)
        while not truth():
            assert time.monotonic() < deadline, f"{what}: {self.troubles}"
            time.sleep(0.01)

    def end(self) -> None:
        self.supervisor.end()
        self.thread.join(30)
        self.supervisor._end()


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    made: list[Run] = []
    yield made
    for run in made:
        run.end()


def test_a_child_that_is_stopped_is_told_of_and_replaced(runs: list[Run]) -> None:
    run = Run(LIVES, LIVES)
    runs.append(run)
    run.wait(lambda: len(run.ready) == 2, "both to be ready")
    process = run.children[0].process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)

    run.wait(lambda: "child-0" in run.troubles[-1], "the trouble")
    assert "does not answer" in run.troubles[-1]["child-0"]
    assert "child-1" not in run.troubles[-1]
    # It is killed, and another takes its place.
    run.wait(lambda: run.ready.count("child-0") == 2, "another")
    run.wait(lambda: run.troubles[-1] == {}, "the end of the trouble")


def test_a_child_that_does_not_come_back_is_told_of(runs: list[Run]) -> None:
    run = Run("raise SystemExit(1)")
    runs.append(run)

    run.wait(lambda: "child-0" in run.troubles[-1], "the trouble")
    assert "does not come back" in run.troubles[-1]["child-0"]


COMPLAINS = LIVES.replace('b\'""', 'b\'"cannot reach the database"')


def test_what_a_child_complains_of_is_told(runs: list[Run]) -> None:
    run = Run(COMPLAINS)
    runs.append(run)

    run.wait(lambda: run.troubles[-1] == {"child-0": "cannot reach the database"}, "the complaint")


class Store:
    """Heartbeats that are taken or not."""

    def __init__(self) -> None:
        self.is_down = True

    def beat(self, host: str, name: str, *, now: datetime) -> None:
        if self.is_down:
            raise StorageUnavailable("connection refused")

    def end(self, host: str, name: str) -> None:
        self.beat(host, name, now=datetime.now(UTC))  # noqa: TID251


def test_a_database_that_takes_no_beats_is_complained_of_until_it_does() -> None:
    store, said = Store(), list[str]()
    with beating(store, "mx1", "worker-0", clock=SystemClock(), every_s=0.01, complain=said.append):
        deadline = time.monotonic() + 30
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        assert said[0] == "cannot reach the database: connection refused"
        store.is_down = False
        while said[-1] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert said[-1] == ""


def test_the_messenger_tells_once_again_later_and_when_it_is_over(tmp_path: Path) -> None:
    told = tmp_path / "told"
    messenger = Messenger(
        [sys.executable, "-c", f"import sys; open({str(told)!r}, 'a').write(sys.argv[-1] + '\\n')"]
    )

    def look(troubles: Mapping[str, str], times: int) -> list[Mapping[str, str]]:
        deadline = time.monotonic() + 30
        lines: list[str] = []
        while time.monotonic() < deadline:
            messenger.look_after(troubles)
            lines = told.read_text().splitlines() if told.exists() else []
            if len(lines) == times and messenger.rests:
                break
            time.sleep(0.01)
        return [json.loads(line) for line in lines]

    assert look({"worker-0": "does not answer"}, 1) == [{"worker-0": "does not answer"}]
    # Other words for the same are no news.
    for _ in range(20):
        messenger.look_after({"worker-0": "does not answer for longer"})
    assert look({}, 2)[1] == {}
    messenger.end()


def test_a_messenger_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    messenger = Messenger([sys.executable, "-c", "raise SystemExit(75)"])
    deadline = time.monotonic() + 30
    while not caplog.records and time.monotonic() < deadline:
        messenger.look_after({"worker-0": "does not answer"})
        time.sleep(0.01)

    assert caplog.records[0].message == "operator.not-told"
