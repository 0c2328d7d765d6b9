"""The short form of `make torture`: few kills, the same law."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import RunningGateway
from tests.servers.sink import SmtpSink
from tests.torture.kills import campaign


@pytest.mark.timeout(240)
def test_what_was_answered_250_is_there_once_whatever_is_killed(tmp_path: Path) -> None:
    with SmtpSink() as sink:
        gateway = RunningGateway(tmp_path, relay_url=f"smtp://127.0.0.1:{sink.port}")
        found = campaign(gateway, sink, kills=6, seed=20261123)

    assert found.acknowledged > 0, found
    assert (found.lost, found.doubled, found.class_5, found.unsent, found.other_bytes) == (0, 0, 0, 0, 0), (
        found
    )
