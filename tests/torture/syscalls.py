"""P1 below the language: what the kernel is asked for, in which order, and what comes of its saying no.

`strace` is attached to the receiver, and to the worker that writes mails into a folder.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.services import Unavailable
from tests.services.process import program
from tests.torture.aftermath import count_mails, judge, judged
from tests.torture.found import Found
from tests.torture.rest import at_rest, compare
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured
from tests.torture.table import Fault

_MAILS = 12
_TRACED = "fdatasync,fsync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
_SYNC = re.compile(r"(?:fdatasync|fsync)\(.*= 0$|<\.\.\. (?:fdatasync|fsync) resumed>.*= 0$")
_FINAL_DOT = re.compile(r"\\r\\n\.\\r\\n\"")
_STORED = re.compile(r"(?:write|writev|sendto|sendmsg)\(.*\"250 2\.0\.0 \d+ stored")


@dataclass(frozen=True, slots=True)
class Injection:
    """A system call that ends otherwise than it should, in one role's process."""

    role: str
    call: str
    does: str
    when: str

    def __str__(self) -> str:
        return f"{self.call} {self.does} {self.when}"


def order(stage: Stage) -> Found:
    """The receiver alone: no 250 before a sync, and what it has said 250 to is there when its commit is killed."""
    found, answers = Found(), Answers()
    strace = _strace()
    gateway = stage.gateway()
    acknowledged: list[str] = []
    with gateway.running():
        before = at_rest(gateway, answers, "before")
    with gateway.running_only("smtp"):
        seen, early = _order(stage, gateway, strace, answers, acknowledged)
        found.at_least("answers watched", seen, _MAILS // 2)
        found.none("250 before a sync", early)
        for number in range(stage.size(20, 1)):
            for point in ("intake.batch", "ledger.inserted", "ledger.committed")[: stage.size(3, 1)]:
                gateway.plan.write(Fault(point, "kill"))
                with Senders(gateway, answers, f"{point}-{number}-", count=2, most=2) as senders:
                    senders.join()
                acknowledged += senders.acknowledged
        raws = "".join(_raws(gateway))
    lost = [each for each in acknowledged if f"<{each}>" not in raws]
    found.count("acknowledged", len(acknowledged))
    found.none("lost", len(lost), lost[:3])
    with gateway.running():
        # What it has stored alone is settled, and the whole is as it was.
        after = at_rest(gateway, answers, "after")
        judge(found, gateway, answers)
        compare(found, before, after)
    return found


def _raws(gateway: Tortured) -> Iterator[str]:
    ledger = gateway.gateway().ledger
    for entry in ledger.entries(limit=100_000):
        yield ledger.raw(entry.id).decode("utf-8", "replace")


def _strace() -> str:
    strace = program("strace")
    done = subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False)
    if done.returncode:
        raise Unavailable("strace may not attach to a process here (ptrace)")
    return strace


def syscalls(stage: Stage) -> Found:
    """Kills at each k-th call, then EIO and ENOSPC."""
    found, answers = Found(), Answers()
    strace = _strace()
    gateway = stage.gateway()
    acknowledged: list[str] = []
    with gateway.running(), judged(found, gateway, answers):
        hit = 0
        injections = list(_injections(stage))
        for number, injection in enumerate(injections):
            hit += _inject(gateway, strace, injection, answers, acknowledged, f"i{number}-")
        found.count("injections", len(injections))
        found.at_least("that happened", hit, len(injections) * 2 // 3)
        count_mails(found, gateway, acknowledged)
        _folder_is_whole(found, gateway)
    return found


def _injections(stage: Stage) -> Iterator[Injection]:
    # One ingest is two syncs at most, a checkpoint some more; the folder's way out two calls a mail.
    kills = stage.size(12, 2)
    for k in range(1, kills + 1):
        yield Injection("receiver", "fdatasync", "signal=KILL", f"when={k}")
    for k in range(1, stage.size(8, 1) + 1):
        yield Injection("receiver", "sendto,write,sendmsg", "signal=KILL", f"when={k}")
    for k in range(1, stage.size(6, 1) + 1):
        yield Injection("worker", "rename,renameat,renameat2", "signal=KILL", f"when={k}")
        yield Injection("worker", "fsync", "signal=KILL", f"when={k}")
    for error in ("EIO", "ENOSPC"):
        yield Injection("receiver", "fdatasync", f"error={error}", "when=1..3")
        if not stage.short:
            yield Injection("receiver", "pwrite64", f"error={error}", "when=1..4")
            yield Injection("worker", "fsync", f"error={error}", "when=1..4")
            yield Injection("worker", "fdatasync", f"error={error}", "when=1..4")


@contextmanager
def _attached(strace: str, pid: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """`strace` on all threads of a process, from the moment it has got hold of them."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([strace, "-f", "-p", str(pid), *options], stderr=said)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and process.poll() is None:
            said.seek(0)
            if b"attached" in said.read():
                break
            time.sleep(0.02)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(10)


def _order(
    stage: Stage, gateway: Tortured, strace: str, answers: Answers, acknowledged: list[str]
) -> tuple[int, int]:
    """How many answers to a final dot were watched, and how many left without a sync between."""
    (receiver,) = gateway.wait_for(lambda: gateway.children("receiver"), "the receiver")
    out = gateway.folder / "strace.out"
    with (
        _attached(strace, receiver, "-s", "4096", "-e", f"trace={_TRACED}", "-o", str(out)),
        Senders(gateway, answers, "order", count=1, most=stage.size(_MAILS * 4, _MAILS)) as senders,
    ):
        senders.join()
    acknowledged += senders.acknowledged
    return unsynced_answers(out)


def unsynced_answers(trace: Path) -> tuple[int, int]:
    """Of a trace with one sender: answers to a final dot, and those before which nothing was synced since."""
    seen = early = 0
    synced = True
    for line in trace.read_text(errors="replace").splitlines():
        if _STORED.search(line):
            seen += 1
            early += not synced
        elif _SYNC.search(line):
            synced = True
        elif _FINAL_DOT.search(line):
            synced = False
    return seen, early


def _inject(
    gateway: Tortured,
    strace: str,
    injection: Injection,
    answers: Answers,
    acknowledged: list[str],
    prefix: str,
) -> bool:
    """Whether it happened, under a little load that is settled afterwards."""
    victim = gateway.wait_for(lambda: gateway.children(injection.role), "a process to hit")[0]
    gateway.wait_for(lambda: _is_ready(gateway, injection.role), "it to be ready")
    said = gateway.folder / "injected.out"
    said.unlink(missing_ok=True)
    options = (
        "-e",
        f"trace={injection.call}",
        "-e",
        f"inject={injection.call}:{injection.does}:{injection.when}",
    )
    with (
        _attached(strace, victim, *options, "-o", str(said)),
        Senders(gateway, answers, prefix, count=2, most=4) as senders,
    ):
        senders.join()
        gateway.wait_for(gateway.has_tried_all, "everything to be tried", 60)
    if gateway.gateway().outbox.counts().get("pending"):
        # What the folder refused is tried again after a while.
        gateway.pass_time(timedelta(minutes=2))
    gateway.settled()
    acknowledged += senders.acknowledged
    text = said.read_text(errors="replace") if said.exists() else ""
    return "INJECTED" in text or "SIGKILL" in text


def _is_ready(gateway: Tortured, role: str) -> bool:
    """Its newest start has been heard of."""
    log = gateway.log.read_text()
    name = "receiver" if role == "receiver" else "worker-0"
    return log.rfind(f"process.ready child={name}") > log.rfind(f"process.died child={name}")


def _folder_is_whole(found: Found, gateway: Tortured) -> None:
    """Every notification that was sent is a whole file in the folder."""
    owed = [row["id"] for row in gateway.notifications() if row["state"] == "sent"]
    missing = [number for number in owed if not (gateway.sent / f"{number:09d}.eml").exists()]
    empty = [path.name for path in gateway.sent.glob("*.eml") if not path.read_bytes().endswith(b"\n")]
    found.none("unsent", len(missing), missing[:3])
    found.none("unfinished files", len(empty), empty[:3])
