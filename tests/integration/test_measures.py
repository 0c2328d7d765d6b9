"""Metrics of a desk that works: measured from the store, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.storage import measures
from tests.integration.worked_desk import WorkedDesk


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkedDesk]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = WorkedDesk(tmp_path, url)
    yield made
    made.close()


def test_the_figures_are_those_of_the_store(desk: WorkedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    # Few enough that most mails are counted once and for all.
    monkeypatch.setattr(measures, "_UNSETTLED_IDS", 2)
    counted = desk.gateway.upkeep.measures
    for number in range(1, 6):
        desk.writes(f"client{number}@acme.test", f"Panne {number}", "Rien ne va plus.")
        desk.works()
        assert counted.measure(desk.clock.time).received == {"smtp": number}
    desk.gateway.alarms.sound("disk", "full")
    desk.gateway.upkeep.heartbeats.beat("mx1", "worker-0", now=desk.clock.time)
    desk.writes("client9@acme.test", "Attend", "Pas encore lu.")

    page = desk.gateway.upkeep.metrics().splitlines()

    for line in (
        'gateway_mails_received_total{channel="smtp"} 6',
        'gateway_mails{outcome="ticket"} 5',
        'gateway_mails{outcome="pending"} 1',
        "gateway_inbound_waiting 1",
        'gateway_notifications{state="pending"} 10',
        'gateway_tickets{state="submitted"} 5',
        'gateway_alarms_open{kind="disk"} 1',
        "gateway_alarms_untold 1",
        'gateway_processes{role="worker"} 1',
    ):
        assert line in page, page
    # For a while, whoever asks again is given the same.
    desk.works()
    assert desk.gateway.upkeep.metrics().splitlines() == page
