"""P2: a disk that is full, again and again: senders hear "try again", and find room later."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.services import Unavailable
from tests.torture.aftermath import count_mails, judged
from tests.torture.found import Found
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage

_TEXT = "Rien ne va plus depuis ce matin, et le journal est long.\n" * 4_000
_ROUNDS = 6


def full_disk(stage: Stage) -> Found:
    """The store lies on a file system of a few megabytes, which grows only once somebody was told to wait."""
    found, answers = Found(), Answers()
    disk = _small_disk(stage, megabytes=10)
    gateway = stage.gateway(folder=disk / "gateway")
    megabytes = 10
    with gateway.running(), judged(found, gateway, answers):
        with Senders(gateway, answers, "s", text=_TEXT) as senders:
            for _ in range(stage.size(_ROUNDS, 2)):
                full = _said_full(answers)
                gateway.wait_for(partial(_is_fuller, answers, full), "the disk to be full", 120)
                megabytes += 12
                _grow(disk, megabytes)
            _grow(disk, 2000)
        gateway.wait_for(gateway.has_tried_all, "everything to be tried", 60)
        # What found no room in the folder is tried again after a while.
        gateway.pass_time(timedelta(minutes=10))
        count_mails(found, gateway, senders.acknowledged)
        found.at_least("answers 452", answers.codes[452], 1)
        other = set(answers.codes) - {-1, 250, 421, 451, 452}
        found.none("other answers", sum(answers.codes[each] for each in other), sorted(other))
    return found


def _said_full(answers: Answers) -> int:
    return answers.codes[452] + answers.codes[451]


def _is_fuller(answers: Answers, before: int) -> bool:
    return _said_full(answers) > before


def _small_disk(stage: Stage, *, megabytes: int) -> Path:
    if os.geteuid() != 0:
        raise Unavailable("only root can make a small file system")
    folder = stage.folder() / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Unavailable(f"no small file system could be made: {made.stderr}")
    stage.stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
    return folder


def _grow(folder: Path, megabytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(folder)], check=True)
