"""A backup of a gateway under load that is killed as soon as it is made: one instant, over which the law holds."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.running import RunningGateway
from tests.torture.senders import Answers, Senders


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.timeout(240)
def test_a_backup_under_load_restores_to_one_instant(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgres_url") if engine == "postgres" else ""
    loaded = RunningGateway(tmp_path / "loaded", database_url=url)
    backup = tmp_path / "hot.backup"
    loaded.start()
    with Senders(loaded, Answers(), "s", count=3) as senders:
        loaded.wait_for(lambda: len(senders.acknowledged) >= 30, "some load")
        before = set(senders.acknowledged)
        said = loaded.command("backup", str(backup))
        after = len(senders.acknowledged)
        _kill(loaded)
        # The senders have their last mails to send.
        loaded.start("smtp")
    loaded.stop()

    restored = RunningGateway(tmp_path / "restored")
    assert "The ledger's law holds." in restored.command("restore", str(backup))
    processor = restored.gateway().processor("here:1")
    while processor.process_batch():
        pass
    rows = list(restored.gateway().ledger.entries(limit=1_000_000))
    assert restored.breaches() == []
    assert f"{len(rows)} mails" in said
    assert before <= {row.message_id for row in rows}
    assert after > len(before) >= 30, "mail came in while the backup was made"


def _kill(gateway: RunningGateway) -> None:
    """SIGKILL to the supervisor and all its processes, at once."""
    assert gateway.process is not None
    children = [*gateway.children("receiver"), *gateway.children("worker")]
    gateway.process.kill()
    for child in children:
        # One may have seen the supervisor go, and ended.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    gateway.process.wait()
    gateway.process = None
