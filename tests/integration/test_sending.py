"""Notifications on their way out, when something of ours goes wrong meanwhile."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigurationError, StorageUnavailable
from gateway.pipeline import notify
from gateway.pipeline.notify import Notifier
from gateway.ports import Delivery, OutgoingMail, SendingResult
from gateway.storage.outbox import Outbox
from gateway.workers.drain import Drain
from tests.integration.worked_desk import WorkedDesk
from tests.running import DESK


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WorkedDesk]:
    made = WorkedDesk(tmp_path, "")
    yield made
    made.close()


class Relay:
    """Takes everything, one mail at a time, as quickly as relays do."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    def send(self, mails: Sequence[OutgoingMail]) -> Iterator[Delivery]:
        for each in mails:
            self.taken.append(each.id)
            time.sleep(0.005)
            yield Delivery(each.id, "250 ok", None)

    def close(self) -> None:
        return


class TroubledOutbox(Outbox):
    """Cannot be written for some times."""

    troubles = 0

    def record(self, results: Sequence[SendingResult], *, now: datetime) -> None:
        if self.troubles:
            self.troubles -= 1
            raise StorageUnavailable("server closed the connection unexpectedly")
        super().record(results, now=now)


def sending(desk: WorkedDesk, troubles: int, **changed: Any) -> tuple[Notifier, Relay, TroubledOutbox]:
    for number in range(20):
        desk.writes(f"client{number}@acme.test", f"Panne {number}", "Rien ne va plus.")
    desk.works()
    outbox, relay = TroubledOutbox(desk.gateway.database), Relay()
    outbox.troubles = troubles
    notifier = Notifier(outbox, desk.gateway.renderer, relay, desk.clock, "here:1")
    return dataclasses.replace(notifier, **changed), relay, outbox


def states(desk: WorkedDesk) -> set[str]:
    return {entry.state for entry in desk.gateway.outbox.entries(limit=1000)}


def test_a_database_that_is_gone_for_a_moment_doubles_no_notification(
    desk: WorkedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "_PAUSE_S", 0.01)
    notifier, relay, _ = sending(desk, 3)

    assert notifier.send_batch()
    assert not notifier.send_batch()

    assert len(relay.taken) == len(set(relay.taken)) == 40
    assert states(desk) == {"sent"}


def test_a_database_that_stays_away_is_waited_for_before_more_is_sent(
    desk: WorkedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "_PAUSE_S", 0.01)
    monkeypatch.setattr(notify, "_PATIENCE_S", 0.2)
    notifier, relay, outbox = sending(desk, 1000)

    with pytest.raises(StorageUnavailable):
        notifier.send_batch()
    assert len(relay.taken) < 10

    outbox.troubles = 0
    outbox.release_of("here:1")
    assert notifier.send_batch()
    assert states(desk) == {"sent"}


def test_a_broken_template_delays_a_notification_and_does_not_end_it(desk: WorkedDesk) -> None:
    class Broken:
        def render(self, notification: object) -> bytes:
            raise ConfigurationError("unexpected end of template", file="opened.fr.txt", line=3)

    notifier, relay, _ = sending(desk, 0, renderer=Broken())
    notifier.send_batch()
    assert (relay.taken, states(desk)) == ([], {"pending"})

    desk.clock.time += timedelta(minutes=2)
    notifier = dataclasses.replace(notifier, renderer=desk.gateway.renderer)
    assert notifier.send_batch()
    assert (len(relay.taken), states(desk)) == (40, {"sent"})


def test_a_customer_of_an_international_domain_hears_and_so_do_the_others(tmp_path: Path) -> None:
    international = DESK.replace("domains: [acme.test]", "domains: [acme.test, müller.test]")
    desk = WorkedDesk(tmp_path, "", desk=international.replace("chloe@acme.test", "chloe@müller.test"))
    desk.writes("chloe@xn--mller-kva.test", "Panne", "Rien ne va plus.")
    desk.writes("luc@acme.test", "Panne", "Rien ne va plus.")
    desk.works()
    desk.sends()

    told = {entry.to: entry.state for entry in desk.gateway.outbox.entries(limit=100)}
    assert set(told.values()) == {"sent"}
    assert {"chloe@müller.test", "luc@acme.test"} <= told.keys()
    traces = [path.read_bytes().split(b"\r\n")[1] for path in desk.runs.sent.glob("*.eml")]
    assert b"Delivered-To: chloe@xn--mller-kva.test" in traces
    desk.close()


def test_trouble_of_the_database_is_no_attempt_at_a_mail(desk: WorkedDesk) -> None:
    desk.writes("luc@acme.test", "Panne", "Rien ne va plus.")
    processor = desk.gateway.processor("here:1")
    open_uow, down = processor.open_uow, [True] * 6

    def opened(*arguments: Any) -> Any:
        if down:
            down.pop()
            raise StorageUnavailable("deadlock detected")
        return open_uow(*arguments)

    drain = Drain(
        "inbound",
        dataclasses.replace(processor, open_uow=opened).process_batch,
        partial(desk.gateway.ledger.release_of, "here:1"),
    )
    for _ in range(7):
        drain.run()

    (entry,) = desk.gateway.ledger.entries(limit=10)
    assert entry.outcome == "ticket"
