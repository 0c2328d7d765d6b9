"""More than one worker on one machine: they share the work and do nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import RunningGateway, mail
from tests.torture.rest import at_rest
from tests.torture.senders import Answers, Senders


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


def test_what_large_mails_needed_is_given_back_to_the_machine(tmp_path: Path) -> None:
    gateway = RunningGateway(tmp_path)
    with gateway.running():
        answers = Answers()
        before = at_rest(gateway, answers, "before").memory_mib

        text = "Rien ne va plus depuis ce matin.\n" * 7_000
        with Senders(gateway, answers, "large-", most=15, text=text) as senders:
            senders.join()

        after = at_rest(gateway, answers, "after").memory_mib

    # 20 to 27 MiB were seen; 42 to 49 where nothing is given back.
    assert after - before < 36
