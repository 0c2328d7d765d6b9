"""Silence is alarmed: what is beyond its limit, from when on, and when it is over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.cli.messenger import tell_troubles
from gateway.pipeline.upkeep.watch import Watch
from gateway.storage.schema import inbound
from tests.integration.worked_desk import WorkedDesk
from tests.running import RunningGateway, body_of
from tests.services.process import free_port


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkedDesk]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = WorkedDesk(tmp_path, url)
    yield made
    made.close()


def watch_of(desk: WorkedDesk, free: int = 1 << 40) -> Watch:
    """The watch as a worker has it, over a disk with so many bytes left."""
    watch = desk.gateway.upkeep.watch
    watch.disk_free = lambda: free
    return watch


def alarmed(desk: WorkedDesk) -> list[str]:
    return [alarm.key for alarm in desk.gateway.alarms.current()]


def test_a_queue_that_nobody_works_off_is_alarmed_and_ends_by_itself(desk: WorkedDesk) -> None:
    watch = watch_of(desk)
    desk.writes("chloe@acme.test", "Panne", "Rien ne va plus.")
    watch.look()
    assert watch.wrong(others_only=False) == {}
    desk.clock.time += timedelta(minutes=11)

    watch.look()
    assert alarmed(desk) == [], "once is a suspicion"
    watch.look()
    (alarm,) = desk.gateway.alarms.current()
    assert alarm.key == "queue inbound"
    assert "1 mails wait to be read, the oldest since 2026-11-24 12:00 UTC" in alarm.reason
    assert "see that a worker runs" in alarm.reason

    desk.works()
    watch.look()
    assert alarmed(desk) == []

    # Its notifications wait for longer than an hour.
    desk.clock.time += timedelta(minutes=61)
    watch.look()
    watch.look()
    assert alarmed(desk) == ["queue outbox"]
    desk.sends()
    watch.look()
    assert alarmed(desk) == []

    # Nor a customer's mail that is slowed, nor old mail that is being filed.
    number = desk.writes("chloe@acme.test", "Encore", "Encore.")
    slowed = {"instruction": "slowed", "due_at": desk.clock.time + timedelta(hours=3)}
    with desk.gateway.database.write() as connection:
        connection.execute(sa.update(inbound).where(inbound.c.id == number).values(slowed))
    number = desk.writes("chloe@acme.test", "Vieux", "Encore plus vieux.")
    with desk.gateway.database.write() as connection:
        connection.execute(sa.update(inbound).where(inbound.c.id == number).values(historic=True))
    desk.clock.time += timedelta(minutes=30)
    assert watch.wrong(others_only=False) == {}


def test_timers_that_nobody_carries_out_are_alarmed(desk: WorkedDesk) -> None:
    desk.writes("chloe@acme.test", "Panne", "Rien ne va plus.")
    desk.works()
    desk.sends()
    desk.clock.time += timedelta(days=30)

    assert "timers are overdue" in watch_of(desk).wrong(others_only=False)["queue timers"]
    while desk.gateway.scheduler().run_due():
        pass
    desk.sends()
    assert watch_of(desk).wrong(others_only=False) == {}


def test_a_process_of_another_machine_that_is_gone_is_alarmed(desk: WorkedDesk) -> None:
    watch, hearts = watch_of(desk), desk.gateway.upkeep.heartbeats
    here = desk.gateway.upkeep.host
    for host, name in (("mx2", "worker-0"), ("mx2", "receiver"), (here, "worker-0")):
        hearts.beat(host, name, now=desk.clock.time)
    hearts.end("mx2", "receiver")
    desk.clock.time += timedelta(seconds=61)

    watch.look()
    watch.look()
    # Those of this machine are the supervisor's; `gateway check` tells of them too.
    assert alarmed(desk) == ["silent mx2 worker-0"]
    assert set(watch.wrong(others_only=False)) == {"silent mx2 worker-0", f"silent {here} worker-0"}

    # What that one says of this one, and of its own disk, is not for this one to end.
    theirs = [f"silent {here} worker-0", "disk mx2"]
    for key in theirs:
        desk.gateway.alarms.sound(key, "as mx2 sees it")
    hearts.beat("mx2", "worker-0", now=desk.clock.time)
    watch.look()
    assert sorted(alarmed(desk)) == sorted(theirs)

    # A machine that was taken away is forgotten after a day.
    desk.clock.time += timedelta(hours=25)
    hearts.beat("mx3", "worker-0", now=desk.clock.time)
    assert watch.wrong(others_only=False) == {}


def test_a_disk_that_fills_is_alarmed(tmp_path: Path) -> None:
    desk = WorkedDesk(tmp_path, "")
    watch = watch_of(desk, free=100 << 20)
    watch.look()
    watch.look()

    (alarm,) = desk.gateway.alarms.current()
    assert alarm.reason.startswith("100 MiB are left")
    watch.disk_free = lambda: 1 << 40
    watch.look()
    assert alarmed(desk) == []
    desk.close()


def test_an_alarm_that_the_relay_does_not_take_is_in_the_log_and_the_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    operator = 'operator = "ops@example.test"\n'
    desk = WorkedDesk(tmp_path, "", settings=operator, relay_url=f"smtp://127.0.0.1:{free_port()}")

    assert tell_troubles(desk.gateway, '{"worker-0": "does not answer"}') == os.EX_TEMPFAIL
    assert "operator.not-told" in [record.message for record in caplog.records]
    assert desk.gateway.upkeep.untold() == 1
    assert "gateway_alarms_untold 1\n" in desk.gateway.upkeep.metrics()
    desk.close()


def test_the_messenger_tells_and_ends_what_is_over(tmp_path: Path) -> None:
    desk = WorkedDesk(tmp_path, "", settings='operator = "ops@example.test"\n')

    assert tell_troubles(desk.gateway, '{"worker-0": "does not answer", "imap": "is gone"}') == 0
    assert tell_troubles(desk.gateway, '{"imap": "is gone"}') == 0
    host = desk.gateway.upkeep.host
    assert alarmed(desk) == [f"process {host} imap"]
    (told,) = desk.runs.sent_to("ops@example.test")
    assert f"process {host} worker-0" in body_of(told)
    assert tell_troubles(desk.gateway, "{}") == 0
    assert alarmed(desk) == []
    assert desk.gateway.upkeep.untold() == 0
    desk.close()


def test_a_database_that_is_down_is_told_of_without_it_once_a_day(tmp_path: Path) -> None:
    runs = RunningGateway(
        tmp_path,
        database_url=f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none",
        gateway='operator = "ops@example.test"\n',
    )
    troubles = '{"worker-0": "cannot reach the database"}'

    assert tell_troubles(runs.gateway(), troubles) == 0
    assert tell_troubles(runs.gateway(), troubles) == 0
    (told,) = runs.sent_to("ops@example.test")
    assert "cannot reach the database" in body_of(told)
    assert told["From"] == "Ticket gateway <support@example.test>"
    assert tell_troubles(runs.gateway(), "{}") == os.EX_TEMPFAIL
