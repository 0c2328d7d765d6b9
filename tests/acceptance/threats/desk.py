"""A gateway in this process behind a border server, with what a forger wants to change on it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.bootstrap import Gateway
from gateway.cli.ledger import mail_object, notification_object
from gateway.cli.tickets import ticket_object
from gateway.domain.envelope import Envelope
from gateway.domain.notification import Notification
from gateway.ports import NewMail
from gateway.rulebook.desk_file import load_desk_file
from gateway.settings import load_settings
from gateway.storage.upgrade import upgrade
from tests.calm import calm_rules
from tests.running import RunningGateway, mail

ANA, LEA, MAX = "ana@example.test", "lea@example.test", "max@example.test"
DESK_ADDRESS = "support@example.test"
BEGINS = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BORDER = '[trust]\nauthserv_ids = ["mx.example.test"]\nrelays = ["127.0.0.1"]\n'
_STAFF = frozenset({ANA, LEA, MAX, "omar@example.test", "team@example.test"})


def vouched(domain: str) -> str:
    """What the border says of a signature that holds."""
    return f"mx.example.test; dkim=pass header.d={domain}"


class Clock:
    """A clock that the stories move."""

    def __init__(self) -> None:
        self.at = BEGINS

    def now(self) -> datetime:
        return self.at


class Desk:
    """Mail goes in by `receives`; limits of number are off, so that nothing else protects than what is tried."""

    def __init__(self, folder: Path) -> None:
        runs = RunningGateway(folder, extra=BORDER)
        self.gateway = Gateway(load_settings(runs.config, {"GATEWAY_DESK__RULES_DIR": str(calm_rules())}))
        self.clock = Clock()
        self.gateway.__dict__["clock"] = self.clock
        upgrade(self.gateway.database)
        self.gateway.desk.load(load_desk_file(folder / "desk.yaml"), now=BEGINS)
        self._ids = itertools.count(1)

    def mail(
        self, author: str, text: str, *, to: str = "", subject: str = "Module Paie", **headers: str
    ) -> bytes:
        """A mail with an id of its own."""
        name = f"{next(self._ids)}.threat@wire.test"
        return mail(author, subject, text, message_id=name, to=to or DESK_ADDRESS, **headers)

    def receives(
        self, *mails: bytes, to: str = DESK_ADDRESS, sender: str = "any@wire.test", peer: str = "127.0.0.1"
    ) -> list[dict[str, Any]]:
        """They come in from the border at the same time; their rows in the ledger, settled."""
        self.clock.at += timedelta(minutes=5)
        envelope = Envelope("smtp", sender, (to,), peer, "mx.test", False, self.clock.at)
        ids = self.gateway.ledger.append([NewMail(envelope, [raw], len(raw)) for raw in mails])
        processor = self.gateway.processor("here:1")
        while processor.process_batch():
            pass
        return [mail_object(self.gateway.ledger.entry(number)) for number in ids]

    def proven(self, author: str, text: str, *, to: str = "", subject: str = "Module Paie") -> dict[str, Any]:
        """A mail that the author's domain stands behind."""
        domain = author.rpartition("@")[2].strip(">")
        raw = self.mail(author, text, to=to, subject=subject, Authentication_Results=vouched(domain))
        (row,) = self.receives(raw, to=to or DESK_ADDRESS, sender=author)
        return row

    def notifications(self) -> list[dict[str, Any]]:
        """The outbox, oldest first."""
        return [notification_object(each) for each in self.gateway.outbox.entries(limit=1_000_000)]

    def written_to(self, address: str) -> list[Notification]:
        """What was written to somebody, oldest first."""
        return [
            self.gateway.outbox.notification(each["id"])
            for each in self.notifications()
            if each["to"] == address
        ]

    def ticket(self, number: int) -> dict[str, Any]:
        """As `gateway tickets show` prints it."""
        return ticket_object(self.gateway.tickets.ticket(number))


class Target:
    """A customer's ticket in work, whose agent and customer have reply addresses."""

    def __init__(self, desk: Desk, customer: str) -> None:
        self.desk = desk
        self.customer = customer
        self.number = int(
            desk.proven(customer, "Bonjour,\n\nLe module Paie affiche une erreur 500.")["ticket"]
        )
        acting = desk.gateway.acting()
        acting.act(self.number, LEA, "", lambda orders: orders.assign(ANA))
        acting.act(self.number, ANA, "", lambda orders: orders.transition("in_progress", {}))
        self.customers_address = desk.written_to(customer)[-1].reply_to
        desk.proven(customer, "Sur le poste 14.", to=self.customers_address)
        self.agents_address = desk.written_to(ANA)[-1].reply_to
        self.before = self.seen()

    def seen(self) -> dict[str, Any]:
        """What no forger may change: see "no privileged effect" in the threats."""
        ticket = self.desk.ticket(self.number)
        names = (
            "state",
            "assignee",
            "priority",
            "participants",
            "escalation",
            "type",
            "resolution",
            "nudges",
        )
        found = {name: ticket[name] for name in names}
        found["public"] = [each["text"] for each in ticket["comments"] if each["visibility"] == "public"]
        # Whoever is told anything beside the desk's own people.
        found["outside"] = [each["id"] for each in self.desk.notifications() if each["to"] not in _STAFF]
        return found

    def is_untouched(self, *, but: tuple[str, ...] = ()) -> None:
        """Fails where anything has changed."""
        now = self.seen()
        assert {name: now[name] for name in now if name not in but} == {
            name: self.before[name] for name in now if name not in but
        }

    def written_to_outsiders(self) -> list[str]:
        """Addresses beside the desk's own people that were written to since."""
        new = set(self.seen()["outside"]) - set(self.before["outside"])
        return [each["to"] for each in self.desk.notifications() if each["id"] in new]
