"""More than one worker on one machine: they share the work and do nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import RunningGateway, mail


def test_two_workers_share_the_mail_and_end_cleanly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_GATEWAY__WORKERS", "2")
    gateway = RunningGateway(tmp_path)

    # `running` asserts that every process ends by itself.
    with gateway.running():
        assert len(gateway.children("worker")) == 2
        for number in range(60):
            request = mail(
                "chloe@acme.test", f"Panne {number}", "Rien ne va plus.", message_id=f"{number}@acme.test"
            )
            assert gateway.send(request)[0] == 250
        rows = gateway.settled()

    assert [row["outcome"] for row in rows] == ["ticket"] * 60
    assert sorted(row["ticket"] for row in rows) == list(range(1, 61))
    told = [path.read_bytes().count(b"Message-ID") for path in gateway.sent.glob("*.eml")]
    assert len(told) == len({row["message_id"] for row in gateway.notifications()})
