"""What makes a gateway come to each of its fault points, and what has to be there afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from gateway.storage.alarms import alarms
from gateway.storage.schema import timers
from tests.running import ROOT, RunningGateway, mail
from tests.servers.imap_script import ImapScript
from tests.servers.sink import SmtpSink
from tests.torture.aftermath import count_mails
from tests.torture.found import Found
from tests.torture.killing import kill_one
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured

OPERATOR = "operator@ops.test"
# Without MOVE, a mail is copied and then deleted: one point more.
_CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS AUTH=PLAIN"
_LARGE = "Rien ne va plus, et le journal est long.\n" * 40_000


@dataclass
class Traffic:
    """A gateway with a mailbox, a relay, an operator and rules of its own, and what came its way."""

    gateway: Tortured
    sink: SmtpSink
    mailbox: ImapScript
    rules: Path
    answers: Answers = field(default_factory=Answers)
    acknowledged: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    reminded: list[int] = field(default_factory=list)
    sounded: list[str] = field(default_factory=list)
    unreadable: int = 0
    _rounds: int = 0

    @classmethod
    def on(cls, stage: Stage) -> Traffic:
        """Set up, not started."""
        sink = stage.sink()
        mailbox = stage.stack.enter_context(ImapScript(_CAPABILITIES))
        folder = stage.folder()
        shutil.copytree(ROOT / "rules", folder / "rules")
        gateway = stage.gateway(
            relay_url=f"smtp://127.0.0.1:{sink.port}",
            gateway=f'operator = "{OPERATOR}"\n',
            rules=folder / "rules",
            extra=stage.mailbox(mailbox.port),
        )
        return cls(gateway, sink, mailbox, folder / "rules")

    def name(self) -> str:
        """Another one for each round."""
        self._rounds += 1
        return f"r{self._rounds}-"

    # --- what comes its way ------------------------------------------------------------------

    def mails(self) -> None:
        """Six mails by SMTP, each sent until it is taken."""
        with Senders(self.gateway, self.answers, self.name(), count=2, most=3) as senders:
            senders.join()
        self.acknowledged += senders.acknowledged

    def large_mail(self) -> None:
        """One that does not fit into the receiver's memory."""
        with Senders(self.gateway, self.answers, self.name(), count=1, most=1, text=_LARGE) as senders:
            senders.join()
        self.acknowledged += senders.acknowledged

    def unreadable_mail(self) -> None:
        """One with more parts than anybody reads."""
        name = self.name()
        parts = "".join(f"--b\n\n{number}\n" for number in range(1100))
        raw = mail("chloe@acme.test", name, parts, message_id=f"{name}@acme.test").replace(
            b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b"
        )
        with Senders(self.gateway, self.answers, name, count=1, most=1, raw=raw) as senders:
            senders.join()
        self.unreadable += 1

    def mailbox_mails(self) -> None:
        """Three mails in the mailbox."""
        name = self.name()
        for number in range(3):
            message_id = f"{number}.{name}mailbox@acme.test"
            self.mailbox.add(
                mail(f"{name}{number}@acme.test", "Panne", "Rien ne va plus.", message_id=message_id)
            )
            self.fetched.append(message_id)

    def reminder(self) -> None:
        """A ticket that waits for its customer, and whose first reminder is due."""
        self.mails()
        self.gateway.settled()
        stores = self.gateway.gateway()
        entry = next(iter(stores.ledger.entries(limit=1, newest_first=True)))
        number = entry.ticket or 0
        stores.acting().act(
            number,
            "ana@example.test",
            "Quelle version ?",
            lambda orders: orders.transition("waiting_customer", {}),
        )
        with stores.database.write() as connection:
            connection.execute(
                sa.update(timers)
                .where(timers.c.ticket == number, timers.c.kind == "reminder", timers.c.done_at.is_(None))
                .values(due_at=stores.clock.now() - timedelta(minutes=1))
            )
        self.reminded.append(number)

    def alarm(self) -> None:
        """Something that the operator has to hear of."""
        key = f"test {self.name()}"
        self.gateway.gateway().alarms.sound(key, "somebody has to look")
        self.sounded.append(key)

    def changed_rules(self) -> None:
        """A rule file that says the same in other words."""
        path = self.rules / "priorities.yaml"
        path.write_text(path.read_text() + f"# {self.name()}\n")

    def dead_worker(self) -> None:
        """A worker that has to be started again, if one runs."""
        kill_one(self.gateway, "worker")

    def new_schema(self) -> None:
        """The first start of another gateway, beside this one, until its schema is whole."""
        other = RunningGateway(self.gateway.folder.parent / self.name(), program=self.gateway.program)
        command = [*other.program, "--config", str(other.config), "serve", "--role", "prepare"]
        said = ""
        for _ in range(5):
            done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, check=False)
            if done.returncode == 0:
                return
            said = done.stderr.decode()[-2000:]
        raise AssertionError(f"the schema is not whole after five starts: {said}")

    # --- what has to be there ----------------------------------------------------------------

    def count(self, found: Found) -> None:
        """Enter what was lost or doubled of all that came."""
        count_mails(found, self.gateway, [*self.acknowledged, *self.fetched])
        rows = list(self.gateway.gateway().ledger.entries(limit=1_000_000))
        unread = sum(not row.message_id and row.outcome == "ticket" for row in rows)
        found.at_least("unreadable", unread, self.unreadable)
        left = self.mailbox.uids()
        found.none("left in the mailbox", len(left), left)
        reminders = Counter(row["ticket"] for row in self.gateway.notifications(template="reminder"))
        wrong = [number for number in self.reminded if reminders[number] != 1]
        found.count("reminders", reminders.total())
        found.none("not reminded once", len(wrong), wrong)
        untold = self._untold()
        found.none("alarms forgotten", len(untold), untold)

    def _untold(self) -> list[str]:
        """The alarms that the operator was not told of, and will not be within an hour."""
        told = " ".join(each.content.decode() for each in self.sink.mails if each.recipient == OPERATOR)
        stores = self.gateway.gateway()
        soon = stores.clock.now() + timedelta(hours=1) - timedelta(days=1)
        with stores.database.read() as connection:
            again = set(
                connection.execute(
                    sa.select(alarms.c.key).where(
                        sa.or_(alarms.c.told_at.is_(None), alarms.c.told_at <= soon)
                    )
                ).scalars()
            )
        return [key for key in self.sounded if key not in told and key not in again]
