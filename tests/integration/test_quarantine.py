"""A mail that cannot be worked on holds up nobody: three attempts, then a ticket with its bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.domain.envelope import Envelope
from gateway.ports import NewMail
from gateway.settings import load_settings
from tests.running import ROOT, RunningGateway, mail

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class ClockOfTests:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        """The instant that it was moved to."""
        return self.time

    def later(self, **by: float) -> None:
        """Move on."""
        self.time += timedelta(**by)


class Worker:
    """The worker's steps over one folder, a batch at a time; it stumbles over subjects with `poison`."""

    def __init__(self, folder: Path) -> None:
        running = RunningGateway(folder)
        templates = folder / "templates"
        shutil.copytree(ROOT / "templates", templates)
        for language in ("fr", "en"):
            subject = templates / "mail" / "confirmation" / language / "subject.txt"
            subject.write_text(
                subject.read_text() + '{{ 1 // (0 if "poison" in ticket.subject else 1) and "" }}'
            )
        environ = {"GATEWAY_DESK__TEMPLATES_DIR": str(templates)}
        self.gateway = Gateway(load_settings(running.config, environ))
        self.clock = ClockOfTests()
        self.gateway.__dict__["clock"] = self.clock
        prepare(self.gateway)
        self.processor = self.gateway.processor("worker")

    def receive(self, subject: str) -> int:
        """Store a mail; its id."""
        # Nobody whom nothing proves is confirmed to twice a day: each mail is somebody else's.
        author = f"chloe.{subject}@acme.test"
        raw = mail(author, subject, "Bonjour, rien ne va plus.", message_id=f"{subject}@acme.test")
        envelope = Envelope(
            "smtp", author, ("support@example.test",), "127.0.0.1", "x", False, self.clock.now()
        )
        return self.gateway.ledger.append([NewMail(envelope, [raw], len(raw))])[0]

    def outcome(self, number: int) -> str:
        """What has become of a mail."""
        return self.gateway.ledger.entry(number).outcome

    def drain(self) -> None:
        """Work until nothing is due."""
        while self.processor.process_batch():
            pass


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    made = Worker(tmp_path)
    yield made
    made.gateway.database.close()


def test_a_mail_that_fails_three_times_becomes_a_ticket_with_its_bytes(worker: Worker) -> None:
    before, poison, after = (worker.receive(subject) for subject in ("before", "poison", "after"))

    worker.drain()
    assert [worker.outcome(each) for each in (before, poison, after)] == ["ticket", "pending", "ticket"]
    assert worker.gateway.ledger.entry(poison).attempts == 1

    for attempts in (2, 4):
        worker.clock.later(seconds=30)
        worker.drain()
        assert worker.gateway.ledger.entry(poison).attempts == attempts
    assert worker.outcome(poison) == "quarantined"
    entry = worker.gateway.ledger.entry(poison)
    view = worker.gateway.tickets.ticket(entry.ticket or 0)
    attached = view.comments[0].attachments[0]
    assert (attached.size, attached.sha256) == (entry.size, entry.sha256)
    assert view.ticket.subject == f"Mail {poison} could not be read"
    assert "ZeroDivisionError" in entry.last_error


def test_a_mail_that_kills_its_worker_is_tried_alone_and_then_quarantined(worker: Worker) -> None:
    killer = worker.receive("killer")
    for _ in range(3):
        # The worker dies before it can give anything back; its lease ends by itself.
        assert [
            held.id for held in worker.gateway.ledger.lease(limit=10, owner="dead", now=worker.clock.now())
        ] == [killer]
        worker.clock.later(minutes=5)
    bystander = worker.receive("bystander")

    worker.drain()

    assert worker.outcome(killer) == "quarantined"
    assert worker.outcome(bystander) == "ticket"


def test_a_quarantine_that_fails_too_waits_for_somebody(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = worker.receive("poison")
    monkeypatch.setattr(worker.gateway.renderer, "subject", lambda notification: 1 // 0)
    for _ in range(6):
        worker.drain()
        worker.clock.later(seconds=30)

    entry = worker.gateway.ledger.entry(number)
    assert entry.outcome == "pending"
    assert 4 <= entry.attempts <= 6, "about once a minute, and not as fast as it can"

    monkeypatch.undo()
    worker.clock.later(minutes=2)
    worker.drain()
    assert worker.outcome(number) == "quarantined"
