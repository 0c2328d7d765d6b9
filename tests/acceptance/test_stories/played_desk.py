"""A desk that is played through in one process: mail comes in by SMTP, and time is what the story says.

Everything is the gateway's own: its receiver on a port, its workers, its scheduler, its outbox. Only the
clock and the DNS are the story's, so that twelve days pass at once and signatures can be judged.
"""

from __future__ import annotations

import asyncio
import email
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

from gateway.authentication.judge import MailJudge
from gateway.bootstrap import Gateway
from gateway.cli.ledger import mail_object
from gateway.cli.serve import prepare
from gateway.cli.tickets import ticket_object
from gateway.directory import SystemClock
from gateway.endpoints.receiver import Receiver, ReceiverOptions
from gateway.settings import load_settings
from tests.running import body_of
from tests.unit.authentication.zone import KEY, TableResolver

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
"""Where every story begins: nine o'clock in Paris."""


class StoryClock(SystemClock):
    """The present is what it was last set to."""

    def __init__(self, start: datetime) -> None:
        self.present = start

    def now(self) -> datetime:
        return self.present


@dataclass(frozen=True)
class Told:
    """Something that somebody was sent."""

    template: str
    to: str
    language: str
    mail: Message

    def __str__(self) -> str:
        return f"{self.template} to {self.to} in {self.language}"

    @property
    def words(self) -> str:
        """Its text in one line, whatever the kind of its spaces."""
        return " ".join(body_of(self.mail).split())


class PlayedDesk:
    """One preset's desk.

    Args:
        folder: for everything that it keeps.
        desk: the desk file.
        signing: domains whose mail is signed with the key that the story's DNS has.
    """

    def __init__(
        self, folder: Path, preset: str, desk: str, *, database_url: str = "", signing: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        (folder / "desk.yaml").write_text(desk, encoding="utf-8")
        config = folder / "gateway.toml"
        config.write_text(
            f'[gateway]\ndata_dir = "var"\ndatabase_url = "{database_url or "sqlite:///var/gateway.db"}"\n'
            f'[desk]\nfile = "desk.yaml"\npreset = "{preset}"\n[relay]\nurl = "file:var/sent"\n',
            encoding="utf-8",
        )
        self.clock = StoryClock(MONDAY)
        self.gateway = Gateway(load_settings(config, {}))
        self.gateway.__dict__["clock"] = self.clock
        prepare(self.gateway)
        self.dns = TableResolver({(f"s1._domainkey.{each}", "TXT"): (KEY.record,) for each in signing})
        self.scheduler = self.gateway.scheduler()
        self.scheduler.monotonic = lambda: self.clock.now().timestamp()
        self.port = 0
        self._told = 0

    @contextmanager
    def open(self) -> Iterator[PlayedDesk]:
        """Taking mail, on a port of its own."""
        intake = self.gateway.intake()
        intake.start()
        up, ended = threading.Event(), asyncio.Event()
        loop = asyncio.new_event_loop()

        async def receive() -> None:
            options = ReceiverOptions(
                smtp="127.0.0.1:0",
                smtp_tls="",
                lmtp="",
                pipe="",
                hostname="mx.example.test",
                certificate="",
                key="",
                max_message_bytes=1 << 20,
                max_connections=10,
                max_connections_per_peer=10,
                spool=self.folder / "spool",
            )
            receiver = Receiver(options, intake, self.clock)
            addresses = await receiver.start()
            self.port = int(addresses["smtp"].rpartition(":")[2])
            up.set()
            await ended.wait()
            await receiver.stop()

        thread = threading.Thread(target=lambda: loop.run_until_complete(receive()), name="receiver")
        thread.start()
        try:
            assert up.wait(30), "the receiver does not listen"
            yield self
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join(30)
            loop.close()
            intake.stop()
            self.gateway.database.close()

    # --- mail in -----------------------------------------------------------------------------

    def takes(self, raw: bytes, *, reverse_path: str, recipient: str) -> dict[str, Any]:
        """Send a mail by SMTP and have it worked through; its row in the ledger."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as smtp:
            smtp.ehlo("mail.test")
            smtp.mail(reverse_path)
            code, words = smtp.rcpt(recipient)
            assert code == 250, words
            code, words = smtp.data(raw)
        assert code == 250, words
        self.works()
        return mail_object(self.gateway.ledger.entry(int(words.split()[1])))

    def works(self) -> None:
        """Work through all that waits: mail, what falls due, notifications."""
        processor = replace(self.gateway.processor("story:0"), judge=MailJudge(self.dns))
        while processor.process_batch():
            pass
        self.scheduler.run_due()
        notifier, close = self.gateway.notifier("story:0")
        while notifier.send_batch():
            pass
        close()

    # --- time --------------------------------------------------------------------------------

    def passes(self, **by: float) -> None:
        """Let time pass, stopping at whatever falls due on the way."""
        until = self.clock.present + timedelta(**by)
        while True:
            due = [timer.due_at for _, timer in self.gateway.timers.until(until)]
            coming = [at for at in due if at > self.clock.present]
            if not coming:
                break
            self.clock.present = min(coming)
            self.works()
        self.clock.present = until
        self.works()

    # --- looking -----------------------------------------------------------------------------

    def told(self) -> list[str]:
        """Everything that was sent since this was asked last: `template to address in language`."""
        return sorted(str(each) for each in self.news())

    def news(self) -> list[Told]:
        """The same as mails, oldest first."""
        found = self.sent()
        news, self._told = found[self._told :], len(found)
        return news

    def sent(self, to: str = "") -> list[Told]:
        """All that was sent, oldest first."""
        rows = sorted(self.gateway.outbox.entries(limit=10_000), key=lambda row: row.id)
        assert {row.state for row in rows} <= {"sent"}, rows
        return [
            Told(row.template, row.to, row.language, self._mail(row.id))
            for row in rows
            if not to or row.to == to
        ]

    def _mail(self, number: int) -> Message:
        return email.message_from_bytes((self.folder / "var" / "sent" / f"{number:09d}.eml").read_bytes())

    def ticket(self, number: int) -> dict[str, Any]:
        """What `gateway tickets show N --json` prints."""
        return ticket_object(self.gateway.tickets.ticket(number))

    def timeline(self, number: int) -> list[tuple[str, str, str]]:
        """What has happened to a ticket: what, by whom, to what."""
        return [(entry["kind"], entry["actor"], entry["to"]) for entry in self.ticket(number)["timeline"]]
