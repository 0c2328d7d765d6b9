"""A customer who writes to the desk and reads what comes back."""

from __future__ import annotations

from email.message import Message
from typing import Any

from tests.running import RunningGateway, mail

FRENCH = "Bonjour,\n\nLe module Paie ne démarre plus depuis ce matin, pouvez-vous nous aider ?\n\nMerci d'avance,\nChloé"
ENGLISH = "Hello,\n\nThe payroll module does not start since this morning, could you please help us?\n\nThanks,\nGrace"


class Customer:
    """Somebody with an address, whose mails have Message-IDs of their own."""

    def __init__(self, gateway: RunningGateway, name: str, address: str) -> None:
        self.gateway = gateway
        self.address = address
        self._from = f"{name} <{address}>"
        self._mails = 0

    def writes(
        self,
        text: str,
        *,
        subject: str = "Module Paie bloqué",
        to: str = "",
        message_id: str = "",
        **headers: str,
    ) -> dict[str, Any]:
        """Send a mail; its row in the ledger once it is settled."""
        raw = self.mail(text, subject=subject, to=to, message_id=message_id, **headers)
        return self.sends(raw, to)

    def mail(
        self,
        text: str,
        *,
        subject: str = "Module Paie bloqué",
        to: str = "",
        message_id: str = "",
        **headers: str,
    ) -> bytes:
        """A mail as it would be sent."""
        self._mails += 1
        message_id = message_id or f"{self._mails}.{self.address}"
        return mail(
            self._from, subject, text, message_id=message_id, to=to or "support@example.test", **headers
        )

    def sends(self, raw: bytes, to: str = "", *, sender: str | None = None) -> dict[str, Any]:
        """Send these bytes; their row in the ledger once they are settled."""
        reverse_path = self.address if sender is None else sender
        code, words = self.gateway.send(raw, to or "support@example.test", sender=reverse_path)
        assert code == 250, words
        number = int(words.split()[1])
        return next(row for row in self.gateway.settled() if row["id"] == number)

    def opens_a_ticket(self, text: str = FRENCH) -> int:
        """Send a request; the ticket's number."""
        row = self.writes(text)
        assert row["outcome"] == "ticket", row
        number: int = row["ticket"]
        return number

    def mails(self) -> list[Message]:
        """What has come back, oldest first."""
        self.gateway.settled()
        return self.gateway.sent_to(self.address)

    def reply_address(self) -> str:
        """Where the last mail wants its answer."""
        address: str = self.mails()[-1]["Reply-To"]
        return address
