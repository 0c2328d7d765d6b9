"""The process that fetches from a real Dovecot is killed at random moments, and the whole gateway with it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice

from tests.running import mail
from tests.servers.dovecot import Dovecot
from tests.torture.aftermath import count_mails, judged
from tests.torture.found import Found
from tests.torture.killing import kill_one, kill_whole
from tests.torture.senders import Answers
from tests.torture.stage import Stage, Tortured

_WHOLE_SHARE, _HALF = 0.2, 0.5
_STORED = re.compile(r"(?m)^(\S+) info mailbox\.stored mailbox=support uids=(\S+)$")
_SAVED = re.compile(r"save: box=INBOX, uid=(\d+), msgid=<([^>]*)>")


def mailbox_kills(stage: Stage) -> Found:
    """500 mails, 30 kills; the server's log is compared with the ledger."""
    found, answers = Found(), Answers()
    dovecot = stage.stack.enter_context(Dovecot(stage.folder() / "dovecot").running())
    gateway = stage.gateway(extra=stage.mailbox(dovecot.port))
    mails, kills = stage.size(500, 40), stage.size(30, 3)
    delivered = [f"{number}.mailbox@acme.test" for number in range(mails)]
    waiting = iter(delivered)
    with gateway.running():
        gateway.wait_for(lambda: "mailbox.open" in gateway.log.read_text(), "the mailbox to be opened")
        with judged(found, gateway, answers):
            done = 0
            while done < kills:
                _deliver_some(dovecot, waiting, mails // kills)
                time.sleep(stage.chance.uniform(0.0, 0.06))
                _kill(gateway, whole=stage.chance.random() < _WHOLE_SHARE)
                done += 1
                if done < kills and stage.chance.random() < _HALF:
                    # It comes up with work to do, and is killed as soon as it has stored some of it.
                    _deliver_some(dovecot, waiting, mails // kills)
                    _kill_at_commit(gateway)
                    done += 1
            _deliver_some(dovecot, waiting, mails)
            gateway.wait_for(lambda: not dovecot.count("support"), "the mailbox to be empty", patience_s=90)
            found.count("kills", done)
            count_mails(found, gateway, delivered)
    stored, again = _stored(gateway, dovecot)
    touched = {event.message_id: event.at for event in reversed(dovecot.events())}
    never = datetime.max.replace(tzinfo=UTC)
    early = [each for each, at in touched.items() if at < stored.get(each, never)]
    found.none("touched before their commit", len(early), early[:3])
    found.same("moved", dovecot.count("support", "Processed"), mails)
    found.count("caught between commit and move", again)
    return found


def _deliver_some(dovecot: Dovecot, waiting: Iterator[str], count: int) -> None:
    for message_id in islice(waiting, count):
        dovecot.deliver("support", mail(message_id, "Panne", "Rien ne va plus.", message_id=message_id))


def _kill(gateway: Tortured, *, whole: bool) -> None:
    gateway.wait_for(lambda: gateway.children("imap"), "a process to kill")
    if whole:
        kill_whole(gateway)
        gateway.start()
    else:
        kill_one(gateway, "imap")


def _kill_at_commit(gateway: Tortured) -> None:
    with gateway.log.open() as log:
        log.seek(0, os.SEEK_END)
        (victim,) = gateway.wait_for(lambda: gateway.children("imap"), "a process to kill")
        deadline = time.monotonic() + 10
        while "mailbox.stored" not in log.read() and time.monotonic() < deadline:
            time.sleep(0.0002)
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)


def _stored(gateway: Tortured, dovecot: Dovecot) -> tuple[dict[str, datetime], int]:
    """When each mail was first said to be stored, and how many were found stored by a second process."""
    names = dict(_SAVED.findall(dovecot.log()))
    first: dict[str, datetime] = {}
    count: Counter[str] = Counter()
    for at, uids in _STORED.findall(gateway.log.read_text()):
        for uid in uids.strip('"').split(","):
            first.setdefault(names[uid], datetime.fromisoformat(at))
            count[uid] += 1
    return first, sum(times > 1 for times in count.values())
