"""What `gateway serve` says once everything runs: where it listens, and what to try."""

from __future__ import annotations

import logging
import sys

from gateway.settings import Settings

log = logging.getLogger(__name__)


class Banner:
    """Says, once everything runs, where it listens and what to try."""

    def __init__(self, settings: Settings, *, waiting: set[str]) -> None:
        self._settings = settings
        self._waiting = waiting
        self._addresses: dict[str, str] = {}

    def heard(self, name: str, facts: dict[str, object]) -> None:
        """A process is ready; `facts` are the addresses that it listens on."""
        self._addresses.update({key: str(value) for key, value in facts.items()})
        log.info("process.ready", extra={"child": name})
        if name in self._waiting:
            self._waiting.discard(name)
            if not self._waiting:
                self._say()

    def _say(self) -> None:
        from gateway.rulebook.desk_file import load_desk_file

        desk = load_desk_file(self._settings.desk.file)
        address = desk.addresses[0].address
        contact = next((each.address for _, each in desk.contacts), "you@customer.example")
        smtp = self._addresses.get("smtp", "")
        lines = ["", "The gateway is running."]
        lines += [f"  {name:<8} {where}" for name, where in sorted(self._addresses.items())]
        relay = self._settings.relay.url
        if relay.startswith("file:"):
            lines.append(f"  outgoing mail is written to {relay.removeprefix('file:')}")
        if smtp:
            host, _, port = smtp.rpartition(":")
            lines += [
                "",
                "Send a request:",
                _try_it(host, port, contact, address),
                "Look:",
                "  .venv/bin/gateway tickets list      .venv/bin/gateway tickets show 1",
                "  .venv/bin/gateway mail explain 1    .venv/bin/gateway outbox raw 1",
                "Ctrl-C ends it.",
            ]
        print("\n".join([*lines, ""]), file=sys.stderr, flush=True)


def _try_it(host: str, port: str, author: str, desk: str) -> str:
    """A command that sends a request, for whoever has Python and nothing else."""
    mail = (
        f"From: {author}\\r\\nTo: {desk}\\r\\nSubject: Module Paie bloque\\r\\n\\r\\n"
        "Bonjour, le module Paie ne demarre plus depuis ce matin. Merci de votre aide."
    )
    send = f"smtplib.SMTP('{host}', {port}).sendmail('{author}', ['{desk}'], '{mail}')"
    return f'  python3 -c "import smtplib; {send}"'
