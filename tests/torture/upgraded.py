"""Upgrades that are killed before one of their statements, each in a fork, and then carried on.

python tests/torture/upgraded.py CONFIG REVISION SEED MOST: prints how many were killed, and ends with 1 when
one could not be carried on.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.bootstrap import Gateway
from gateway.settings import load_settings
from gateway.storage.database import Database
from gateway.storage.upgrade import downgrade, pending, upgrade


def main(config: Path, revision: str, seed: int, most: int) -> int:
    """Kill and carry on."""

    def opened() -> Database:
        return Gateway(load_settings(config, {})).database

    def back() -> int:
        database = opened()
        with database.read() as connection:
            is_new = not connection.dialect.has_table(connection, "alembic_version")
        if not is_new:
            downgrade(database, revision)
        return 0

    def counted() -> int:
        numbers = itertools.count()
        database = opened()
        sa.event.listen(database.engine, "before_cursor_execute", lambda *_: next(numbers))
        upgrade(database)
        return min(255, next(numbers))

    _forked(back)
    statements = _forked(counted)
    places = random.Random(seed).sample(range(1, statements + 1), min(most, statements))
    for place in places:
        _forked(back)
        if _forked(partial(_killed, opened, place)) != -signal.SIGKILL:
            print(f"the upgrade was not killed before its statement {place}")
            return 1
        if _forked(lambda: _whole(opened())):
            print(f"killed before its statement {place}, the upgrade could not be carried on")
            return 1
    print(len(places))
    return 0


def _killed(opened: Callable[[], Database], place: int) -> int:
    database = opened()
    numbers = itertools.count(1)

    def count(*_: object) -> None:
        if next(numbers) == place:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(database.engine, "before_cursor_execute", count)
    upgrade(database)
    return 0


def _whole(database: Database) -> int:
    upgrade(database)
    return int(bool(pending(database)))


def _forked(do: Callable[[], int]) -> int:
    """Its result, below 256, or minus the signal that ended it; nothing is shared but what was imported."""
    child = os.fork()
    if child == 0:
        try:
            code = do()
        except BaseException:  # noqa: BLE001  (a fork must not go on with its parent's work)
            sys.excepthook(*sys.exc_info())
            code = 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
