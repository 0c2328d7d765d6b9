"""What a process knows of the desk while nobody can tell whether that is still so."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.directory import Directory, Intake, SystemClock
from gateway.errors import StorageUnavailable, UnknownRecipient
from gateway.rulebook.desk_file import load_desk_file
from gateway.storage.database import Database
from gateway.storage.desk import DeskStore
from gateway.storage.inbound import Ledger
from gateway.storage.upgrade import upgrade
from tests.running import DESK


class NoBell:
    def ring(self, name: str) -> None:
        return


class GoneSometimes(DeskStore):
    """A desk whose database can be gone."""

    gone = False

    def version(self) -> int:
        if self.gone:
            raise StorageUnavailable("connection refused")
        return super().version()


def test_nobody_is_unknown_for_ever_while_the_desk_cannot_be_looked_up(tmp_path: Path) -> None:
    """An address that was made a moment ago, on another machine, when the database is gone: 451, not 550."""
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    database = Database(f"sqlite:///{tmp_path}/desk.db")
    upgrade(database)
    store = GoneSometimes(database)
    store.load(load_desk_file(tmp_path / "desk.yaml"), now=SystemClock().now())
    directory = Directory(store, SystemClock())
    intake = Intake(directory, Ledger(database), NoBell())
    directory.refresh()
    with pytest.raises(UnknownRecipient):
        intake.check_recipient("sales@example.test")

    store.gone = True
    directory.refresh()
    intake.check_recipient("support@example.test")
    with pytest.raises(StorageUnavailable):
        intake.check_recipient("sales@example.test")

    store.gone = False
    directory.refresh()
    with pytest.raises(UnknownRecipient):
        intake.check_recipient("sales@example.test")
    database.close()
