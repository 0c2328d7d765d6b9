"""A desk in this process, worked by hand on a clock that stands still: for what looks at its rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.domain.envelope import Envelope
from gateway.ports import NewMail
from gateway.settings import load_settings
from tests.running import DESK, RunningGateway, mail

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class StandingClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        """The instant that it was moved to."""
        return self.time


class WorkedDesk:
    """A gateway over one folder, in this process."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        settings: str = "",
        relay_url: str = "file:var/sent",
        desk: str = DESK,
    ) -> None:
        self.runs = RunningGateway(
            folder,
            database_url=database_url,
            relay_url=relay_url,
            desk=desk,
            extra='[trust]\nverify = "off"\n',
            gateway=settings,
        )
        self.gateway = Gateway(load_settings(self.runs.config, {}))
        self.clock = StandingClock()
        self.gateway.__dict__["clock"] = self.clock
        prepare(self.gateway)
        self._processor = self.gateway.processor("here:1")
        self._notifier, self._close = self.gateway.notifier("here:1")

    def writes(self, author: str, subject: str, text: str, *, to: str = "support@example.test") -> int:
        """A mail comes in and waits; its id."""
        raw = mail(author, subject, text, message_id=f"{subject.replace(' ', '.')}.{author}", to=to)
        envelope = Envelope("smtp", author, (to,), "192.0.2.1", "mx.test", False, self.clock.time)
        (number,) = self.gateway.ledger.append([NewMail(envelope, [raw], len(raw))])
        self.clock.time += timedelta(seconds=1)
        return number

    def works(self) -> None:
        """Whatever waits is settled."""
        while self._processor.process_batch():
            pass

    def sends(self) -> None:
        """Whatever is to leave leaves."""
        while self._notifier.send_batch():
            pass

    def reply_address(self, to: str) -> str:
        """Where somebody answers to."""
        entry = next(each for each in list(self.gateway.outbox.entries(limit=1000)) if each.to == to)
        return self.gateway.outbox.notification(entry.id).reply_to

    def close(self) -> None:
        """Let the database and the relay go."""
        self._close()
        self.gateway.database.close()
