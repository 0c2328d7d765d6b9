"""The table of faults of a process under torture: what happens at which point, and how often.

A test writes a plan; the processes of the gateway look at it at each point they reach. What fires is
claimed by a file, so that a fault that is to happen once happens once whoever comes by.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from gateway.faults import POINTS

MARK = "INJECTED-7f3a"
"""Stands in the text of every error that is raised: none of it may be seen outside."""

Deed = Literal["kill", "raise", "full", "wait"]
DEEDS: tuple[Deed, ...] = ("kill", "raise", "full", "wait")

# There a full disk is the database's, and comes as its error.
_WITHIN_A_TRANSACTION = frozenset({"ledger.inserted", "mail.settled", "unit.written", "timer.done"})


class Injected(RuntimeError):
    """An error that nobody has foreseen."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a point.

    Attributes:
        times: in all processes together; the point does nothing afterwards.
        skip: passages, in each process, before it happens.
    """

    at: str
    do: Deed
    times: int = 1
    skip: int = 0
    seconds: float = 0.5


class Plan:
    """The test's side of the table.

    Args:
        folder: of the plan, and of what the processes leave there.
        mutations: what else is wrong with the gateway; see tests/torture/mutations.py.

    Attributes:
        ahead: by how much the processes' wall clock is wrong.
    """

    def __init__(self, folder: Path, mutations: Sequence[str] = ()) -> None:
        self.folder = folder
        self._mutations = mutations
        self._number = 0
        self.ahead = timedelta()
        folder.mkdir(parents=True, exist_ok=True)
        self.write()

    def write(self, *faults: Fault) -> None:
        """From now on these faults and no others."""
        for fault in faults:
            if fault.at not in POINTS:
                raise KeyError(fault.at)
        self._number += 1
        plan = {
            "number": self._number,
            "faults": [asdict(each) for each in faults],
            "mutations": self._mutations,
        }
        fresh = self.folder / "plan.fresh"
        fresh.write_text(json.dumps(plan))
        fresh.replace(self.folder / "plan.json")

    def pass_time(self, by: timedelta) -> None:
        """Move the processes' wall clock, and nothing else."""
        self.ahead += by
        fresh = self.folder / "ahead.fresh"
        fresh.write_text(str(self.ahead.total_seconds()))
        fresh.replace(self.folder / "ahead")

    def fired(self) -> int:
        """How often a fault of the present plan has happened."""
        return len(list(self.folder.glob(f"fired-{self._number}-*")))

    def reached(self) -> set[str]:
        """Every point that any process has ever come to."""
        path = self.folder / "reached"
        return set(path.read_text().split()) if path.exists() else set()


class FaultTable:
    """A process's side: `reached` takes the place of the gateway's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp = (0, 0)
        self._number = 0
        self._faults: dict[str, list[tuple[int, Fault]]] = {}
        self._seen: Counter[str] = Counter()
        self._told: set[str] = set()
        self._log = os.open(folder / "reached", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def mutations(self) -> list[str]:
        """What else is wrong with this gateway, by name."""
        named: list[str] = json.loads((self._folder / "plan.json").read_text())["mutations"]
        return named

    def ahead(self) -> timedelta:
        """By how much the wall clock is to be wrong."""
        try:
            return timedelta(seconds=float((self._folder / "ahead").read_text()))
        except FileNotFoundError:
            return timedelta()

    def reached(self, point: str) -> None:
        """Do what the plan says."""
        with self._lock:
            if point not in self._told:
                self._told.add(point)
                os.write(self._log, f"{point}\n".encode())
            self._look()
            due = [fault for number, fault in self._faults.get(point, ()) if self._is_due(number, fault)]
            self._seen[point] += 1
        for fault in due:
            _do(fault)

    def _look(self) -> None:
        found = (self._folder / "plan.json").stat()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        plan = json.loads((self._folder / "plan.json").read_text())
        self._number = plan["number"]
        self._seen.clear()
        self._faults = {}
        for number, words in enumerate(plan["faults"]):
            fault = Fault(**words)
            self._faults.setdefault(fault.at, []).append((number, fault))

    def _is_due(self, number: int, fault: Fault) -> bool:
        if self._seen[fault.at] < fault.skip:
            return False
        for time_ in range(fault.times):
            claim = self._folder / f"fired-{self._number}-{number}-{time_}"
            try:
                os.close(os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
            except FileExistsError:
                continue
            return True
        return False


def _do(fault: Fault) -> None:
    if fault.do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault.do == "wait":
        time.sleep(fault.seconds)
    elif fault.do == "full":
        raise _full(fault.at)
    elif fault.at == "process.starting":
        # A fork fails with nothing else.
        raise OSError(errno.EAGAIN, f"{MARK} {os.strerror(errno.EAGAIN)}")
    else:
        raise Injected(f"{MARK} at {fault.at}")


def _full(point: str) -> Exception:
    if point in _WITHIN_A_TRANSACTION:
        # As a driver says it; the supervisor does without one.
        import sqlite3

        from sqlalchemy.exc import OperationalError

        words = sqlite3.OperationalError(f"{MARK} database or disk is full")
        return OperationalError("INSERT", {}, words)
    return OSError(errno.ENOSPC, f"{MARK} {os.strerror(errno.ENOSPC)}")
