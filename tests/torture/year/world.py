"""The gateway as it is, over its real storage: its processes' objects in one, on a clock of ours."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.domain.desk import Desk
from gateway.domain.envelope import Envelope
from gateway.domain.held import MailDropped, MailReleased
from gateway.errors import ActRefused
from gateway.pipeline.fall_due import Scheduler
from gateway.pipeline.notify import Notifier
from gateway.pipeline.orders import Orders
from gateway.pipeline.process import Processor
from gateway.ports import NewMail
from gateway.rulebook.desk_file import load_desk_file
from gateway.settings import load_settings
from gateway.storage.unit_of_work import SqlUnitOfWork
from gateway.storage.upgrade import upgrade
from tests.torture.year.acts import Act
from tests.torture.year.clock import VirtualClock
from tests.torture.year.mails import AUTHSERV
from tests.torture.year.people import desk_file
from tests.torture.year.relay import Relay
from tests.torture.year.rules import ROOT, with_german_calendar

_PEER = "192.0.2.25"
_OWNER = "year:0"
_READ_ANEW_EACH = 25
_READ_ONCE = ("policy", "tables", "renderer")
_READ: dict[str, Any] = {}


class Crash(BaseException):
    """The process dies here; nothing of ours may catch it."""


class _Silence:
    """A bell that nobody needs: whoever rings works next."""

    def ring(self, name: str) -> None:
        """See `ports.Bell`."""


class _Process(Gateway):
    """One life of the gateway; it may die at the end of a transaction.

    Attributes:
        dies: where: `before` the rows are written, `after` them, or empty.
    """

    dies = ""

    def open_uow(self, desk: Desk) -> AbstractContextManager[SqlUnitOfWork]:
        return self._mortal(super().open_uow(desk))

    @contextmanager
    def _mortal(self, opened: AbstractContextManager[SqlUnitOfWork]) -> Iterator[SqlUnitOfWork]:
        with opened as uow:
            yield uow
            if self.dies == "after":
                uow.write()
            if self.dies:
                raise Crash(self.dies)


def _upgraded(gateway: Gateway) -> None:
    """What `prepare` does to the database, with rules that were read before."""
    upgrade(gateway.database)
    desk = load_desk_file(gateway.settings.desk.file, calendars=gateway.policy.service_levels.calendars)
    gateway.desk.load(desk, now=gateway.clock.now())
    gateway.desk.keys(now=gateway.clock.now())


class World:
    """The system under test.

    Attributes:
        restarts, crashes: so far.
    """

    def __init__(self, folder: Path, clock: VirtualClock, relay: Relay, database_url: str = "") -> None:
        self.clock, self.relay = clock, relay
        self.rules_dir = folder / "rules"
        shutil.copytree(ROOT / "rules", self.rules_dir)
        calendars = self.rules_dir / "calendars.yaml"
        calendars.write_text(with_german_calendar(calendars.read_text("utf-8")), encoding="utf-8")
        (folder / "desk.yaml").write_text(desk_file(), encoding="utf-8")
        self._config = folder / "gateway.toml"
        self._config.write_text(
            '[gateway]\ndata_dir = "var"\n'
            f'database_url = "{database_url or "sqlite:///var/gateway.db"}"\n'
            f'[desk]\nfile = "desk.yaml"\nrules_dir = "{self.rules_dir}"\n'
            f'[trust]\nverify = "off"\nauthserv_ids = ["{AUTHSERV}"]\nrelays = ["{_PEER}/32"]\n',
            encoding="utf-8",
        )
        self.restarts = self.crashes = 0
        self.gateway: _Process
        self._start()

    def _start(self, *, anew: bool = False) -> None:
        self.gateway = _Process(load_settings(self._config, {}))
        # The two adapters that are not the machine's.
        self.gateway.__dict__["clock"] = self.clock
        self.gateway.__dict__["bell"] = _Silence()
        if not anew:
            # To read rules that have not changed takes seconds, and is another test's story.
            self.gateway.__dict__.update(_READ)
        if anew or not self.restarts:
            _upgraded(self.gateway) if _READ and not anew else prepare(self.gateway)
        _READ.update({name: getattr(self.gateway, name) for name in _READ_ONCE})
        self.gateway.ledger.release_of(_OWNER)
        self.gateway.outbox.release_of(_OWNER)
        self._processor: Processor = self.gateway.processor(_OWNER)
        self._notifier = Notifier(self.gateway.outbox, self.gateway.renderer, self.relay, self.clock, _OWNER)
        self._schedulers = [self._scheduler(), self._scheduler()]

    def _scheduler(self) -> Scheduler:
        scheduler = self.gateway.scheduler()
        scheduler.monotonic = self.clock.monotonic
        return scheduler

    def restart(self) -> None:
        """End it cleanly and start it anew."""
        self.close()
        self.restarts += 1
        self._start(anew=self.restarts % _READ_ANEW_EACH == 0)

    def close(self) -> None:
        """Let go of the database."""
        self.gateway.database.close()

    def die(self, where: str) -> None:
        """The next transaction of tickets is the process's last."""
        self.gateway.dies = where

    @contextmanager
    def survived(self) -> Iterator[None]:
        """A block after whose crash the gateway has been started anew."""
        try:
            yield
        except Crash:
            self.crashes += 1
            self.restart()

    # --- the ways in and out -----------------------------------------------------------------

    def take(self, mails: list[tuple[bytes, str, str, datetime]]) -> list[int]:
        """Store mails (bytes, envelope recipient, reverse path, when): their ledger numbers."""
        new = [
            NewMail(
                Envelope(
                    "smtp", reverse_path, (recipient,), _PEER, "mx.example.test", tls=True, received_at=at
                ),
                [raw],
                len(raw),
            )
            for raw, recipient, reverse_path, at in mails
        ]
        return self.gateway.ledger.append(new) if new else []

    def work(self) -> None:
        """Read all mail that waits, whatever dies."""
        for _ in range(1000):
            found = True
            with self.survived():
                found = self._processor.process_batch()
            if not found:
                return
        raise AssertionError("mail that never comes to an end")

    def look(self, *, twice: bool) -> None:
        """Let what is due fall due; by two schedulers at the same time where `twice`."""
        if twice:
            # A process that dies takes both with it, which is another story.
            self.gateway.dies = ""
            other = threading.Thread(target=self._until_done, args=(self._schedulers[1],))
            other.start()
            self._until_done(self._schedulers[0])
            other.join()
            self._until_done(self._schedulers[0])
            return
        while True:
            with self.survived():
                self._until_done(self._schedulers[0])
                # Both schedulers have looked as often, so that both know the same of the clock.
                self._until_done(self._schedulers[1])
                return

    @staticmethod
    def _until_done(scheduler: Scheduler) -> None:
        while scheduler.run_due():
            continue

    def carry_out(self) -> None:
        """`gateway timers run`: a human has looked."""
        while self.gateway.scheduler().carry_out(self.clock.now(), closings=True):
            continue

    def send(self) -> None:
        """Hand over what waits in the outbox."""
        while self._notifier.send_batch():
            continue

    # --- what people do beside writing mail --------------------------------------------------

    def order(self, act: Act) -> bool:
        """Carry an order out; whether it was obeyed."""
        while True:
            with self.survived():
                try:
                    self.gateway.acting().act(
                        act.ticket, act.who, _text(act), lambda orders: _acts(act, orders)
                    )
                except ActRefused:
                    return False
                return True

    def release(self, mail: int) -> None:
        """`gateway mail release`."""
        self._decides(MailReleased(self.gateway.ledger.entry(mail).ticket, mail, None))

    def drop(self, mail: int, ticket: int) -> None:
        """`gateway mail drop`."""
        self._decides(MailDropped(ticket, mail, None, "spam"))

    def _decides(self, act: MailDropped | MailReleased) -> None:
        while True:
            with self.survived():
                # Refused: it was carried out before the crash.
                with suppress(ActRefused):
                    self.gateway.acting().by_itself([act])
                return


def _text(act: Act) -> str:
    return "" if act.verb == "priority" else act.given.get("text", "")


def _acts(act: Act, orders: Orders) -> list:  # type: ignore[type-arg]
    given = act.given
    match act.verb:
        case "transition":
            return orders.transition(given["to"], {k: v for k, v in given.items() if k not in {"to", "text"}})
        case "comment":
            return orders.comment()
        case "note":
            return orders.note()
        case "priority":
            return orders.priority(given["to"], given["text"])
        case "assign":
            return orders.assign(given["to"])
        case "approve":
            return orders.approve(given["text"])
        case "refuse":
            return orders.refuse(given["text"])
        case "nudge":
            return orders.nudge()
        case "escalate":
            return orders.escalate(given["text"])
    raise ValueError(act.verb)
