"""Receiver and worker are killed at random moments while senders that retry go on sending."""

from __future__ import annotations

import os
import random
import signal
import smtplib
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from tests.running import RunningGateway, mail
from tests.servers.sink import SmtpSink


@dataclass(frozen=True, slots=True)
class Figures:
    """What a campaign found."""

    kills: int
    acknowledged: int
    sent_more_than_once: int
    lost: int
    doubled: int
    class_5: int
    owed: int
    unsent: int
    other_bytes: int

    def __str__(self) -> str:
        return (
            f"kills {self.kills}  acknowledged {self.acknowledged}  lost {self.lost}  doubled {self.doubled}  "
            f"answers of class 5 {self.class_5}  notifications owed {self.owed}  unsent {self.unsent}  "
            f"sent again {self.sent_more_than_once}  with other bytes {self.other_bytes}"
        )


class _Sender(threading.Thread):
    """Sends numbered mails one after another; anything but 250 is tried again with the same bytes."""

    def __init__(self, gateway: RunningGateway, name: str, ended: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._gateway = gateway
        self._ended = ended
        self.acknowledged: list[str] = []
        self.class_5 = 0

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            address = f"{self.name}.{number}@acme.test"
            raw = mail(
                address, f"Panne {number}", "Rien ne va plus.", message_id=f"{number}.{self.name}@acme.test"
            )
            while not self._sent(raw, address):
                # A retrying server, in a hurry.
                time.sleep(0.02)
            self.acknowledged.append(f"{number}.{self.name}@acme.test")

    def _sent(self, raw: bytes, address: str) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self._gateway.port, timeout=20) as smtp:
                smtp.ehlo("client.test")
                smtp.mail(address)
                smtp.rcpt("support@example.test")
                code, _ = smtp.data(raw)
        except smtplib.SMTPResponseException as error:
            self.class_5 += error.smtp_code >= 500
            return False
        except (OSError, smtplib.SMTPException):
            return False
        self.class_5 += code >= 500
        return code == 250


def campaign(gateway: RunningGateway, sink: SmtpSink, *, kills: int, seed: int) -> Figures:
    """Kill so many times under load, let it come to rest, and compare what was said with what is there."""
    chance = random.Random(seed)
    ended = threading.Event()
    with gateway.running():
        senders = [_Sender(gateway, f"s{n}", ended) for n in range(4)]
        for sender in senders:
            sender.start()
        done = 0
        while done < kills:
            time.sleep(chance.uniform(0.05, 0.6))
            victims = gateway.children(chance.choice(("receiver", "worker")))
            if victims:
                with suppress(ProcessLookupError):
                    os.kill(victims[0], signal.SIGKILL)
                    done += 1
                gateway.wait_for(
                    lambda: gateway.children("receiver") and gateway.children("worker"), "a restart"
                )
        ended.set()
        for sender in senders:
            sender.join(120)
        rows = gateway.settled()
        notifications = gateway.notifications()
    acknowledged = [each for sender in senders for each in sender.acknowledged]
    made = Counter(row["message_id"] for row in rows if row["outcome"] in {"ticket", "comment"})
    arrived = Counter(each.message_id for each in sink.mails)
    contents: dict[str, set[bytes]] = {}
    for each in sink.mails:
        contents.setdefault(each.message_id, set()).add(each.content)
    return Figures(
        kills=done,
        acknowledged=len(acknowledged),
        lost=sum(not made[each] for each in acknowledged),
        doubled=sum(count > 1 for count in made.values()),
        class_5=sum(sender.class_5 for sender in senders),
        owed=len(notifications),
        unsent=sum(not arrived[row["message_id"]] for row in notifications),
        sent_more_than_once=sum(count > 1 for count in arrived.values()),
        other_bytes=sum(len(each) > 1 for each in contents.values()),
    )
