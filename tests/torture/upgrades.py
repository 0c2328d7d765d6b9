"""P20: an upgrade that is killed at any of its statements is carried on by the next start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.running import ROOT
from tests.torture.aftermath import count_mails, judge
from tests.torture.found import Found
from tests.torture.rest import at_rest, compare
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured

# The schema before what a release may bring; its rows of mail and tickets are those of today.
_OLD = "0003"
_UPGRADED = Path(__file__).with_name("upgraded.py")


def upgrades(stage: Stage) -> Found:
    """From an empty database and from an old one with mail in it, killed before each statement or some."""
    found, answers = Found(), Answers()
    fresh = stage.gateway()
    found.count("kills, empty", _killed_everywhere(stage, fresh, most=stage.size(40, 6)))
    gateway = stage.gateway()
    with gateway.running(), Senders(gateway, answers, "old", most=5) as senders:
        senders.join()
        before = at_rest(gateway, answers, "before")
    kills = _killed_everywhere(stage, gateway, most=stage.size(60, 6), old=_OLD)
    found.at_least("kills, with mail", kills, 3)
    with gateway.running():
        with Senders(gateway, answers, "new", most=5) as later:
            later.join()
        count_mails(found, gateway, [*senders.acknowledged, *later.acknowledged])
        after = at_rest(gateway, answers, "after")
        judge(found, gateway, answers)
        compare(found, before, after)
    return found


def _killed_everywhere(stage: Stage, gateway: Tortured, *, most: int, old: str = "") -> int:
    """Kill before up to so many of the statements, drawn by the seed; how many kills there were."""
    command = [sys.executable, str(_UPGRADED), str(gateway.config), old or "base", str(stage.seed), str(most)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return int(done.stdout)
