"""Senders that do what a mail server does: whatever is not a 250 is sent again, with the same bytes."""

from __future__ import annotations

import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

from tests.running import RunningGateway, mail

UNREACHED = -1
"""Stands for a code: nobody took the connection, or nobody greeted."""
CUT_OFF = -2
"""Stands for a code: the connection ended in the middle of the dialogue, without a word."""
EVENTS = ("connected", "recipient", "within the data", "after the dot", "answered")


class Answers:
    """Every reply that any sender has heard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.codes: Counter[int] = Counter()
        self.words: Counter[str] = Counter()

    def add(self, code: int, words: bytes) -> None:
        """One reply."""
        with self._lock:
            self.codes[code] += 1
            text = words.decode("utf-8", "replace")
            # The ledger's id is the one word that differs.
            self.words[" ".join(word for word in text.split() if not word.isdecimal())] += 1

    @property
    def class_5(self) -> int:
        """How many said no for ever."""
        return sum(count for code, count in self.codes.items() if code >= 500)


class Sender(threading.Thread):
    """Sends numbered mails one after another, each under an address of its own.

    Args:
        told: called with each of EVENTS as it happens.
    """

    def __init__(
        self,
        port: int,
        name: str,
        ended: threading.Event,
        answers: Answers,
        *,
        most: int,
        text: str,
        raw: bytes,
        told: Callable[[str], None],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._port = port
        self._ended = ended
        self._answers = answers
        self._most = most
        self._text, self._raw = text, raw
        self._told = told
        self.acknowledged: list[str] = []
        self.tries = 0

    def run(self) -> None:
        """Send until told to end, and the last mail until it is taken."""
        for number in range(1, self._most + 1):
            if self._ended.is_set():
                return
            address, message_id = f"{self.name}.{number}@acme.test", f"{number}.{self.name}@acme.test"
            raw = self._raw or mail(address, f"Panne {number}", self._text, message_id=message_id)
            while not self._sent(raw, address):
                # A retrying server, in a hurry.
                time.sleep(0.05)
            self.acknowledged.append(message_id)

    def _sent(self, raw: bytes, address: str) -> bool:
        self.tries += 1
        reached = False
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=20) as smtp:
                reached = True
                self._told("connected")
                smtp.ehlo("client.test")
                for command in (f"MAIL FROM:<{address}>", "RCPT TO:<support@example.test>"):
                    if not self._heard(*smtp.docmd(command)):
                        return False
                self._told("recipient")
                code, words = smtp.docmd("DATA")
                if code != 354:
                    self._heard(code, words)
                    return False
                half = len(raw) // 2
                smtp.send(raw[:half])
                self._told("within the data")
                smtp.send(raw[half:] + b".\r\n")
                self._told("after the dot")
                taken = self._heard(*smtp.getreply())
                self._told("answered")
                return taken
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            self._heard(error.smtp_code, said if isinstance(said, bytes) else said.encode())
        except (OSError, smtplib.SMTPException):
            # Nothing was said: nothing was promised.
            self._answers.codes[CUT_OFF if reached else UNREACHED] += 1
        return False

    def _heard(self, code: int, words: bytes) -> bool:
        self._answers.add(code, words)
        return 200 <= code < 300


class Senders:
    """Some senders at once, for as long as the block lasts, and until each has sent its last mail.

    Args:
        most: mails of each.
        text: of each mail.
        raw: instead of mails of their own, these bytes.
    """

    def __init__(
        self,
        gateway: RunningGateway,
        answers: Answers,
        prefix: str,
        *,
        count: int = 4,
        most: int = 1_000_000,
        text: str = "Rien ne va plus.",
        raw: bytes = b"",
    ) -> None:
        self._ended = threading.Event()
        self._seen = threading.Condition()
        self._events: Counter[str] = Counter()
        self._senders = [
            Sender(
                gateway.port,
                f"{prefix}{number}",
                self._ended,
                answers,
                most=most,
                text=text,
                raw=raw,
                told=self._tell,
            )
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        for sender in self._senders:
            sender.start()
        return self

    def __exit__(self, error: type[BaseException] | None, *details: object) -> None:
        self._ended.set()
        if error is None:
            self.join()

    def join(self, patience_s: float = 180.0) -> None:
        """Wait until all have sent what they had to send."""
        for sender in self._senders:
            sender.join(patience_s)
            if sender.is_alive():
                raise AssertionError(f"{sender.name} could not send within {patience_s} s")

    @property
    def acknowledged(self) -> list[str]:
        """The Message-IDs of all mails that were answered 250."""
        return [each for sender in self._senders for each in sender.acknowledged]

    @property
    def tries(self) -> int:
        """How often they have tried."""
        return sum(sender.tries for sender in self._senders)

    def wait_for(self, event: str, patience_s: float = 10.0) -> bool:
        """Return when one of them comes to `event` next; False when none does."""
        with self._seen:
            before = self._events[event]
            return self._seen.wait_for(lambda: self._events[event] > before, patience_s)

    def _tell(self, event: str) -> None:
        with self._seen:
            self._events[event] += 1
            self._seen.notify_all()
