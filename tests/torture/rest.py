"""A gateway at rest: what memory, files and connections it holds once all work is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gateway.workers.sweeper import SWEEP_INTERVAL_S
from tests.running import RunningGateway
from tests.torture.found import Found
from tests.torture.senders import Answers, Senders

_ROLES = ("receiver", "imap", "worker", "web")
_WARM_UP_MAILS = 60
# An allocator gives nothing back, and each of SQLite's connections keeps up to 8 MB of pages.
MEMORY_TOLERANCE = 1.15
MEMORY_TOLERANCE_MIB = 24.0
# A pool keeps what a busy moment needed, up to 8 connections a process, each with 4 files on SQLite.
FILES_TOLERANCE = 24
CONNECTIONS_TOLERANCE = 6


@dataclass(frozen=True, slots=True)
class AtRest:
    """All processes together; `connections` are those to PostgreSQL."""

    processes: int
    memory_mib: float
    files: int
    connections: int


def at_rest(gateway: RunningGateway, answers: Answers, name: str) -> AtRest:
    """What it holds after the same small load, settled; `name` keeps this load's mails apart."""
    with Senders(gateway, answers, f"warm-{name}-", most=_WARM_UP_MAILS // 4) as senders:
        senders.join()
    gateway.settled()
    # A worker has given back what is free.
    time.sleep(SWEEP_INTERVAL_S + 0.5)
    pids = list(_processes(gateway))
    return AtRest(
        processes=len(pids),
        memory_mib=sum(map(_memory_mib, pids)),
        files=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        connections=_connections(gateway),
    )


def compare(found: Found, before: AtRest, after: AtRest) -> None:
    """Enter both, and what has grown beyond its tolerance."""
    for name, was, now, most in (
        ("processes", before.processes, after.processes, before.processes),
        (
            "MiB",
            before.memory_mib,
            after.memory_mib,
            before.memory_mib * MEMORY_TOLERANCE + MEMORY_TOLERANCE_MIB,
        ),
        ("files", before.files, after.files, before.files + FILES_TOLERANCE),
        (
            "connections",
            before.connections,
            after.connections,
            before.connections + CONNECTIONS_TOLERANCE,
        ),
    ):
        if now > most:
            found.wrong.append(f"at rest: {now:.0f} {name} after, {was:.0f} before")
    found.count(
        "at rest",
        f"{before.memory_mib:.0f}>{after.memory_mib:.0f} MiB, {before.files}>{after.files} files, "
        f"{before.connections}>{after.connections} connections",
    )


def _processes(gateway: RunningGateway) -> Iterator[int]:
    if gateway.process is not None:
        yield gateway.process.pid
    for role in _ROLES:
        yield from gateway.children(role)


def _memory_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _connections(gateway: RunningGateway) -> int:
    database = gateway.gateway().database
    if database.is_sqlite:
        return 0
    with database.read() as connection:
        count: int = connection.execute(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    return count
