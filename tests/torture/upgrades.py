"""P20: an upgrade that is killed at any of its statements is carried on by the next start."""

from __future__ import annotations

import subprocess
import sys

from gateway.bootstrap import Gateway
from gateway.settings import load_settings
from gateway.storage.upgrade import downgrade
from tests.running import ROOT
from tests.torture.aftermath import count_mails, judge
from tests.torture.found import Found
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured

# The schema before what a release may bring; its rows of mail and tickets are those of today.
_OLD = "0003"
# Kills its process just before a statement, counted from the first.
_KILLED = """
import itertools, os, signal, sys
import sqlalchemy as sa
from pathlib import Path
from gateway.bootstrap import Gateway
from gateway.settings import load_settings
from gateway.storage.upgrade import upgrade
numbers, at = itertools.count(1), int(sys.argv[2])
gateway = Gateway(load_settings(Path(sys.argv[1]), {}))
@sa.event.listens_for(gateway.database.engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    if next(numbers) == at:
        os.kill(os.getpid(), signal.SIGKILL)
upgrade(gateway.database)
print(next(numbers) - 1)
"""


def upgrades(stage: Stage) -> Found:
    """From an empty database and from an old one with mail in it, killed before each statement or some."""
    found, answers = Found(), Answers()
    fresh = stage.gateway()
    found.count("kills, empty", _killed_everywhere(stage, fresh, most=stage.size(40, 4)))
    gateway = stage.gateway()
    with gateway.running(), Senders(gateway, answers, "old", most=5) as senders:
        senders.join()
        gateway.settled()
    kills = _killed_everywhere(stage, gateway, most=stage.size(60, 4), old=_OLD)
    found.at_least("kills, with mail", kills, 3)
    with gateway.running():
        with Senders(gateway, answers, "new", most=5) as later:
            later.join()
        count_mails(found, gateway, [*senders.acknowledged, *later.acknowledged])
        judge(found, gateway, answers)
    return found


def _killed_everywhere(stage: Stage, gateway: Tortured, *, most: int, old: str = "") -> int:
    """Kill before up to so many of the statements, drawn by the seed; how many kills there were."""
    _back_to(gateway, old)
    statements = int(_upgrade(gateway, at=0, expected=0))
    places = sorted(stage.chance.sample(range(1, statements + 1), min(most, statements)))
    for place in places:
        _back_to(gateway, old)
        _upgrade(gateway, at=place, expected=-9)
        _upgrade(gateway, at=0, expected=0)
    return len(places)


def _back_to(gateway: Tortured, revision: str) -> None:
    stores = Gateway(load_settings(gateway.config, {}))
    try:
        with stores.database.read() as connection:
            is_new = not connection.dialect.has_table(connection, "alembic_version")
        if not is_new:
            downgrade(stores.database, revision or "base")
    finally:
        stores.database.close()


def _upgrade(gateway: Tortured, *, at: int, expected: int) -> str:
    command = [sys.executable, "-c", _KILLED, str(gateway.config), str(at)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != expected:
        raise AssertionError(f"killed before statement {at}: {done.returncode}, {done.stderr[-2000:]}")
    return done.stdout
