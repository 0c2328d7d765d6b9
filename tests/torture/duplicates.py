"""P5: one mail that comes many ways is one comment; two mails with one Message-ID are two."""

from __future__ import annotations

import threading

from tests.running import mail
from tests.servers.imap_script import ImapScript
from tests.torture.aftermath import judged
from tests.torture.found import Found
from tests.torture.senders import Answers
from tests.torture.stage import Stage, Tortured

_WAYS = 10


def duplicates(stage: Stage) -> Found:
    """Each of four cases, some times over."""
    found, answers = Found(), Answers()
    mailbox = stage.stack.enter_context(ImapScript())
    gateway = stage.gateway(extra=stage.mailbox(mailbox.port))
    rounds = stage.size(10, 1)
    with gateway.running():
        gateway.wait_for(lambda: "mailbox.open" in gateway.log.read_text(), "the mailbox to be opened")
        with judged(found, gateway, answers):
            _send_all(found, gateway, mailbox, rounds)
    return found


def _send_all(found: Found, gateway: Tortured, mailbox: ImapScript, rounds: int) -> None:
    before = len(gateway.settled())
    for number in range(rounds):
        _everywhere(gateway, mailbox, f"same-{number}")
        for words in ("one thing", "another thing"):
            _send(gateway, _mail(f"shared-{number}", words))
        for words in ("this", "that"):
            _send(gateway, _without_id(_mail(f"none-{number}", words)))
        for _ in range(2):
            _send(gateway, _without_id(_mail(f"again-{number}", "the same")))
    gateway.wait_for(lambda: not mailbox.uids(), "the mailbox to be empty", 60)
    rows = gateway.settled()
    for name, expected in (("same", 1), ("shared", 2), ("none", 2), ("again", 1)):
        made = [
            row
            for row in rows
            if row["subject"].startswith(f"{name}-") and row["outcome"] in {"ticket", "comment"}
        ]
        found.same(f"{name} ({expected})", len(made), expected * rounds)
    found.same("rows", len(rows) - before, rounds * (2 * _WAYS + 6))


def _everywhere(gateway: Tortured, mailbox: ImapScript, name: str) -> None:
    """The same mail by ten SMTP sessions at once and ten times in the mailbox, each with its own trace."""
    raw = _mail(name, "the same")
    threads = [
        threading.Thread(target=_send, args=(gateway, _traced(raw, f"smtp{way}"))) for way in range(_WAYS)
    ]
    for thread in threads:
        thread.start()
    for way in range(_WAYS):
        mailbox.add(_traced(raw, f"imap{way}"))
    for thread in threads:
        thread.join()


def _mail(name: str, text: str) -> bytes:
    return mail(f"{name}@acme.test", name, f"Bonjour, {text}.", message_id=f"{name}@acme.test")


def _without_id(raw: bytes) -> bytes:
    return b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Message-ID:"))


def _traced(raw: bytes, way: str) -> bytes:
    trace = f"Delivered-To: {way}@example.test\r\nReceived: from {way}.test by mx.test; Mon, 23 Nov 2026 10:00:00 +0100"
    return trace.encode() + b"\r\n" + raw


def _send(gateway: Tortured, raw: bytes) -> None:
    code, words = gateway.send(raw)
    assert code == 250, words
