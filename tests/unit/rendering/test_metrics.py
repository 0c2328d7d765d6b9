"""Metrics: what Prometheus reads, and nothing that names anybody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from gateway.domain.measured import Measured, Pulse, Queue, Queues
from gateway.rendering.metrics import metrics_text

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
NONE = Queue(0, None)
SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"\})? -?[0-9.]+')

MEASURED = Measured(
    at=NOW,
    queues=Queues(
        inbound=Queue(3, NOW - timedelta(seconds=90)),
        outbox=NONE,
        timers=NONE,
        pulses=(
            Pulse("mx1", "worker-0", NOW - timedelta(seconds=5)),
            Pulse("mx1", "worker-1", NOW - timedelta(seconds=5)),
            Pulse("mx2", "receiver", NOW - timedelta(minutes=9)),
        ),
        alarms=("mailbox chloe@acme.test stopped", "mailbox b silent", "disk"),
        untold=1,
    ),
    received={"smtp": 7},
    outcomes={"ticket": 4, "pending": 3},
    outbox={"sent": 9},
    tickets={"submitted": 4},
    settled_in_s=tuple(float(each) for each in range(100)),
)


def text(measured: Measured = MEASURED) -> str:
    return metrics_text(measured, version='1.0"\n', alive_within=timedelta(seconds=60))


def test_every_line_is_one_that_prometheus_reads() -> None:
    *lines, last = text().split("\n")

    assert last == ""
    families: dict[str, str] = {}
    for line in lines:
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in families
            families[name] = kind
        elif not line.startswith("# HELP "):
            assert SAMPLE.fullmatch(line), line
            assert line.split("{")[0].split(" ")[0] in families, line
    assert families["gateway_mails_received_total"] == "counter"
    assert len({line for line in lines if not line.startswith("#")}) == sum(
        not line.startswith("#") for line in lines
    )


def test_what_is_measured_is_told() -> None:
    lines = text().split("\n")

    for line in (
        'gateway_mails_received_total{channel="smtp"} 7',
        'gateway_mails_received_total{channel="imap"} 0',
        'gateway_mails{outcome="ticket"} 4',
        'gateway_mails{outcome="quarantined"} 0',
        "gateway_inbound_waiting 3",
        "gateway_inbound_oldest_seconds 90.0",
        "gateway_outbox_oldest_seconds 0.0",
        'gateway_notifications{state="failed"} 0',
        'gateway_processes{role="worker"} 2',
        'gateway_processes{role="receiver"} 0',
        "gateway_processes_silent 1",
        'gateway_alarms_open{kind="mailbox"} 2',
        "gateway_alarms_untold 1",
        'gateway_mail_settled_seconds{quantile="0.9"} 90.0',
        'gateway_info{version="1.0\\"\\n"} 1',
    ):
        assert line in lines


def test_nobody_is_named() -> None:
    assert "@" not in text()
    assert "chloe" not in text()
    assert "mx1" not in text()
