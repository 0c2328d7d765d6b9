"""The relay of the simulated year: takes mail, is busy now and then, and remembers what it got."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from gateway.errors import RelayDeferred
from gateway.ports import Delivery, OutgoingMail


@dataclass(frozen=True, slots=True)
class Received:
    """What somebody has got from the desk."""

    notification: int
    message_id: str
    reply_to: str
    reverse_path: str
    subject: str


class Relay:
    """`ports.Transport`.

    Attributes:
        taken: by Message-ID, the digest of each time that it came.
        newest: by recipient and ticket, the last mail.
        by_number: every mail by its number in the outbox.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.busy = 0.01
        self.refusals = 0
        self.taken: dict[str, list[str]] = {}
        self.by_number: dict[int, Received] = {}

    def send(self, mails: Sequence[OutgoingMail]) -> Iterable[Delivery]:
        """See `ports.Transport`."""
        for mail in mails:
            if self._chance.random() < self.busy:
                self.refusals += 1
                yield Delivery(mail.id, "451 busy", RelayDeferred("451 busy"))
                continue
            headers = BytesHeaderParser().parsebytes(mail.content)
            message_id = str(headers["Message-ID"]).strip("<> \r\n")
            self.taken.setdefault(message_id, []).append(hashlib.sha256(mail.content).hexdigest())
            self.by_number[mail.id] = Received(
                mail.id, message_id, str(headers["Reply-To"]), mail.reverse_path, str(headers["Subject"])
            )
            yield Delivery(mail.id, "250 taken", None)

    def close(self) -> None:
        """See `ports.Transport`."""
