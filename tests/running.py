"""A gateway that runs as its users run it: by `gateway serve`, fed by SMTP, looked at by commands."""

from __future__ import annotations

import email
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

from gateway.bootstrap import Gateway
from gateway.cli.ledger import mail_object, notification_object
from gateway.cli.tickets import ticket_object
from gateway.domain.finding import Finding
from gateway.settings import load_settings
from tests.calm import calm_rules
from tests.services.process import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 90.0

DESK = """\
domain: example.test
addresses:
  - {address: support@example.test, team: support, offer: cloud}
phone: "+33 1 00 00 00 00"
teams:
  - {name: support, address: team@example.test, lead: lea@example.test}
people:
  - {name: Lea Martin, address: lea@example.test, roles: [agent, support_lead], team: support, language: fr}
  - {name: Ana Costa, address: ana@example.test, roles: [agent], team: support}
  - {name: Omar Diallo, address: omar@example.test, roles: [offer_owner], offers: [cloud]}
  - {name: Max Weber, address: max@example.test, roles: [account_manager]}
organisations:
  - name: Acme
    domains: [acme.test]
    contacts: [{name: Chloe Petit, address: chloe@acme.test, language: fr}]
    account_managers: [max@example.test]
    offer: cloud
    coverage: 24x7
  - name: Flexible
    domains: [flexible.test]
    account_managers: [max@example.test]
    offer: cloud
    coverage: 24x7
    flex_balance_hours: 20
"""


class RunningGateway:
    """One gateway over one folder.

    Args:
        folder: for everything it keeps.
        settings: TOML beyond the usual, by section.
        program: what is started with the gateway's arguments.
        storms: whether the storm breaker and the caps on acknowledgements stand as they are shipped.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        broker_url: str = "",
        relay_url: str = "file:var/sent",
        desk: str = DESK,
        extra: str = "",
        smtp: str = "",
        gateway: str = "",
        program: Sequence[str] = (sys.executable, "-m", "gateway"),
        storms: bool = False,
    ) -> None:
        self._storms = storms
        self.program = program
        self.folder = folder
        self.port = free_port()
        self.web = f"http://127.0.0.1:{free_port()}"
        self.sent = folder / "var" / "sent"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "desk.yaml").write_text(desk, encoding="utf-8")
        self.config = folder / "gateway.toml"
        self.config.write_text(
            "[gateway]\n"
            'data_dir = "var"\n'
            f'database_url = "{database_url or "sqlite:///var/gateway.db"}"\n'
            f'broker_url = "{broker_url}"\n{gateway}'
            f'[desk]\nfile = "desk.yaml"\n[smtp]\nlisten = "127.0.0.1:{self.port}"\n{smtp}'
            f'[web]\nlisten = "{self.web.removeprefix("http://")}"\n[relay]\nurl = "{relay_url}"\n{extra}',
            encoding="utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "gateway.log"
        self._stores: Gateway | None = None

    # --- running -----------------------------------------------------------------------------

    def start(self, only: str = "") -> None:
        """Start it, or some roles of it, and wait until it takes mail."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "--config", str(self.config), "serve", "--only", only],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self._environment(),
            )
        try:
            self.wait_for(self._is_up, "the gateway to listen", patience_s=3 * PATIENCE_S)
        except AssertionError:
            self.stop()
            raise

    def _environment(self) -> dict[str, str]:
        calm = not self._storms and "rules_dir" not in self.config.read_text(encoding="utf-8")
        return (
            os.environ | {"NO_COLOR": "1"} | ({"GATEWAY_DESK__RULES_DIR": str(calm_rules())} if calm else {})
        )

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        if self.process is None:
            return 0
        if self._stores is not None:
            self._stores.database.close()
            self._stores = None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process = None
        return code

    @contextmanager
    def running_only(self, roles: str) -> Iterator[RunningGateway]:
        """Some roles, ended cleanly."""
        self.start(roles)
        try:
            yield self
        finally:
            code = self.stop()
        assert code == 0, self.log.read_text()

    @contextmanager
    def running(self) -> Iterator[RunningGateway]:
        """Started, and ended cleanly."""
        self.start()
        try:
            yield self
        finally:
            code = self.stop()
        assert code == 0, self.log.read_text()

    def children(self, role: str) -> list[int]:
        """Process ids of a role's processes."""
        found = subprocess.run(
            ["pgrep", "-f", f"{self.config} serve --role {role}"], capture_output=True, text=True, check=False
        )
        return [int(word) for word in found.stdout.split()]

    def _is_up(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"the gateway ended: {self.log.read_text()}")
        return "The gateway is running" in self.log.read_text()

    def wait_for(self, truth: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Ask again until it is so; the answer."""
        deadline = time.monotonic() + patience_s
        while not (found := truth()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {patience_s} s for {what}; {self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        return found

    # --- mail --------------------------------------------------------------------------------

    def send(self, raw: bytes, *recipients: str, sender: str = "chloe@acme.test") -> tuple[int, bytes]:
        """Send a mail by SMTP; the answer to the final dot."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as smtp:
            smtp.ehlo("client.test")
            smtp.mail(sender)
            for recipient in recipients or ("support@example.test",):
                code, words = smtp.rcpt(recipient)
                if code != 250:
                    return code, words
            return smtp.data(raw)

    def settled(self) -> list[dict[str, Any]]:
        """The ledger, once every mail has its outcome and every notification has been handed over."""

        def done() -> bool:
            mails, notifications = self.gateway().ledger.counts(), self.gateway().outbox.counts()
            return not mails.get("pending") and not notifications.get("pending")

        self.wait_for(done, "all mail to be settled", patience_s=60)
        return [mail_object(entry) for entry in self.gateway().ledger.entries(limit=1_000_000)]

    def notifications(self, to: str = "", template: str = "") -> list[dict[str, Any]]:
        """The outbox's rows, oldest first."""
        rows = map(notification_object, self.gateway().outbox.entries(limit=1_000_000))
        return [
            row
            for row in rows
            if (not to or row["to"] == to) and (not template or row["template"] == template)
        ]

    def sent_to(self, address: str) -> list[Message]:
        """The mails in the folder to one address, oldest first."""
        mails = [email.message_from_bytes(path.read_bytes()) for path in sorted(self.sent.glob("*.eml"))]
        return [mail for mail in mails if address in mail["To"]]

    def breaches(self) -> list[Finding]:
        """What breaks the ledger's law."""
        gateway = self.gateway()
        wrong = [
            each for each in gateway.upkeep.auditor(lambda words: None).audit(quick=False) if not each.right
        ]
        gateway.database.close()
        return wrong

    # --- commands ----------------------------------------------------------------------------

    def command(self, *words: str, text: str = "", code: int = 0) -> str:
        """Run `gateway …` and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "--config", str(self.config), *words],
            input=text.encode(),
            capture_output=True,
            cwd=ROOT,
            env=self._environment(),
            check=False,
        )
        assert done.returncode == code, (words, done.returncode, done.stderr.decode())
        return (done.stdout if code == 0 else done.stderr).decode()

    def json_lines(self, *words: str) -> list[dict[str, Any]]:
        """What a command prints with --json."""
        return [json.loads(line) for line in self.command(*words, "--json").splitlines()]

    def ticket(self, number: int) -> dict[str, Any]:
        """What `gateway tickets show N --json` prints, without a process a look."""
        return ticket_object(self.gateway().tickets.ticket(number))

    def gateway(self) -> Gateway:
        """The stores, for looking without a process a look."""
        if self._stores is None:
            self._stores = Gateway(load_settings(self.config, {}))
        return self._stores


def body_of(mail: Message) -> str:
    """The text/plain part of a notification."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode("utf-8")
    raise AssertionError("no text part")


def mail(
    author: str, subject: str, text: str, *, message_id: str, to: str = "support@example.test", **headers: str
) -> bytes:
    """A plain mail as it stands on the wire."""
    from email.header import Header

    lines = [
        f"From: {author}",
        f"To: {to}",
        f"Subject: {Header(subject, 'utf-8').encode() if not subject.isascii() else subject}",
        f"Message-ID: <{message_id}>",
        "Date: Mon, 23 Nov 2026 10:00:00 +0100",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()
