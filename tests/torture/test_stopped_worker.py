"""The worker that would tell of alarms is stopped: the operator hears of it all the same, and it is replaced."""

from __future__ import annotations

import os
import re
import signal
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.running import RunningGateway, body_of, mail


def told_of(gateway: RunningGateway, words: str) -> Message | None:
    """The operator's mail with such words."""
    mails = gateway.sent_to("ops@example.test")
    return next((each for each in mails if re.search(words, body_of(each).replace("\r", ""))), None)


@pytest.mark.timeout(240)
def test_a_stopped_worker_is_told_of_by_mail_and_replaced(tmp_path: Path) -> None:
    gateway = RunningGateway(
        tmp_path,
        gateway='operator = "ops@example.test"\n',
        extra="[alarms]\nprocess_s = 4\n",
    )
    with gateway.running():
        (worker,) = gateway.children("worker")
        os.kill(worker, signal.SIGSTOP)
        gateway.send(mail("chloe@acme.test", "Panne", "Rien ne va plus.", message_id="1@acme.test"))

        told = gateway.wait_for(lambda: told_of(gateway, "worker-0\\b.*\n +does not answer"), "the mail", 90)
        assert told["Subject"].startswith("Alarm: process ")

        # The next one takes its place, and what waited.
        (row,) = gateway.settled()
        assert row["outcome"] == "ticket"
        gateway.wait_for(lambda: not gateway.gateway().alarms.current(), "the alarm to end", 90)
        assert worker not in gateway.children("worker")
        with closing(HTTPConnection(gateway.web.removeprefix("http://"), timeout=30)) as web:
            web.request("GET", "/metrics")
            page = web.getresponse()
            assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert 'gateway_mails{outcome="ticket"} 1\n' in page.read().decode()
        assert 'gateway_processes{role="worker"} 1\n' in gateway.command("metrics")
    assert "process.hangs" in gateway.log.read_text()
