"""The process that fetches from a real Dovecot is killed at random moments, and the whole gateway with it."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from tests.running import RunningGateway, mail
from tests.servers.dovecot import PASSWORD, Dovecot

_STORED = re.compile(r"(?m)^(\S+) info mailbox\.stored mailbox=support uids=(\S+)$")
_SAVED = re.compile(r"save: box=INBOX, uid=(\d+), msgid=<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a campaign found; `recovered` were stored when their process died, and not yet moved."""

    kills: int
    delivered: int
    rows: int
    lost: int
    doubled: int
    early: int
    left: int
    recovered: int

    def __str__(self) -> str:
        return (
            f"kills {self.kills}  delivered {self.delivered}  ledger rows {self.rows}  lost {self.lost}  "
            f"doubled {self.doubled}  touched before their commit {self.early}  not moved {self.left}  "
            f"caught between commit and move {self.recovered}"
        )


def mailbox(dovecot: Dovecot) -> str:
    """The `[[imap]]` of the campaign."""
    (dovecot.folder / "password").write_text(PASSWORD)
    return (
        f'[[imap]]\nname = "support"\nhost = "127.0.0.1"\nport = {dovecot.port}\ntls = "none"\nuser = "support"\n'
        f'password_file = "{dovecot.folder}/password"\nrecipient = "support@example.test"\n'
        'first_sync = "new-only"\npoll_s = 2\n'
    )


def campaign(gateway: RunningGateway, dovecot: Dovecot, *, mails: int, kills: int, seed: int) -> Figures:
    """Deliver and kill so many times, let it come to rest, and compare the server's log with the ledger."""
    chance = random.Random(seed)
    delivered = [f"{number}.mailbox@acme.test" for number in range(mails)]
    waiting = iter(delivered)
    with gateway.running():
        gateway.wait_for(lambda: "mailbox.open" in gateway.log.read_text(), "the mailbox to be opened")
        done = 0
        while done < kills:
            _deliver_some(dovecot, waiting, mails // kills)
            time.sleep(chance.uniform(0.0, 0.06))
            _kill(gateway, whole=chance.random() < 0.2)
            done += 1
            if done < kills and chance.random() < 0.5:
                # It comes up with work to do, and is killed as soon as it has stored some of it.
                _deliver_some(dovecot, waiting, mails // kills)
                _kill_at_commit(gateway)
                done += 1
        _deliver_some(dovecot, waiting, mails)
        gateway.wait_for(lambda: not dovecot.count("support"), "the mailbox to be empty", patience_s=60)
        gateway.wait_for(lambda: len(gateway.settled()) >= mails, "all mail to be there", patience_s=60)
        rows = gateway.settled()
    there = Counter(row["message_id"] for row in rows)
    stored, again = _stored(gateway, dovecot)
    touched = {event.message_id: event.at for event in reversed(dovecot.events())}
    return Figures(
        kills=done,
        delivered=len(delivered),
        rows=len(rows),
        lost=sum(not there[each] for each in delivered),
        doubled=sum(count > 1 for count in there.values()),
        early=sum(at < stored.get(each, datetime.max.replace(tzinfo=UTC)) for each, at in touched.items()),
        left=mails - dovecot.count("support", "Processed"),
        recovered=again,
    )


def _deliver_some(dovecot: Dovecot, waiting: Iterator[str], count: int) -> None:
    for message_id in islice(waiting, count):
        dovecot.deliver("support", mail(message_id, "Panne", "Rien ne va plus.", message_id=message_id))


def _kill(gateway: RunningGateway, *, whole: bool) -> None:
    victims = gateway.wait_for(lambda: gateway.children("imap"), "a process to kill")
    if whole:
        assert gateway.process is not None
        victims += [*gateway.children("worker"), *gateway.children("receiver")]
        gateway.process.kill()
        gateway.process.wait()
    for victim in victims:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    if whole:
        gateway.start()


def _kill_at_commit(gateway: RunningGateway) -> None:
    with gateway.log.open() as log:
        log.seek(0, os.SEEK_END)
        (victim,) = gateway.wait_for(lambda: gateway.children("imap"), "a process to kill")
        deadline = time.monotonic() + 10
        while "mailbox.stored" not in log.read() and time.monotonic() < deadline:
            time.sleep(0.0002)
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)


def _stored(gateway: RunningGateway, dovecot: Dovecot) -> tuple[dict[str, datetime], int]:
    """When each mail was first said to be stored, and how many were found stored by a second process."""
    names = dict(_SAVED.findall(dovecot.log()))
    first: dict[str, datetime] = {}
    count: Counter[str] = Counter()
    for at, uids in _STORED.findall(gateway.log.read_text()):
        for uid in uids.strip('"').split(","):
            first.setdefault(names[uid], datetime.fromisoformat(at))
            count[uid] += 1
    return first, sum(times > 1 for times in count.values())
