"""P3 and P4: the bytes that came are kept, whatever fails can be read again, and poison stops nobody else."""

from __future__ import annotations

import hashlib
import socket
from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.running import ROOT, mail
from tests.torture.aftermath import count_mails, judged
from tests.torture.found import Found
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured
from tests.torture.table import Fault

_CORPUS = ROOT / "tests" / "mails"
_POISONS = ("exit", "loop", "memory")


def raw_kept(stage: Stage) -> Found:
    """2000 mails, most of them damaged; then an error in the reading of some, mended, and read again twice."""
    found, answers = Found(), Answers()
    gateway = stage.gateway()
    corpus = sorted(path for path in _CORPUS.rglob("*") if path.is_file() and path.stat().st_size < 200_000)
    count = stage.size(2000, 60)
    sent: Counter[str] = Counter()
    with gateway.running(), judged(found, gateway, answers):
        first = len(list(gateway.gateway().ledger.entries(limit=1_000_000)))
        for batch in range(0, count, 50):
            raws = [_damaged(stage, corpus) for _ in range(min(50, count - batch))]
            _send_all(gateway.port, raws, answers)
            sent.update(hashlib.sha256(raw).hexdigest() for raw in raws)
        gateway.settled()
        kept = Counter(
            entry.sha256 for entry in list(gateway.gateway().ledger.entries(limit=1_000_000))[first:]
        )
        found.count("sent", sent.total())
        found.none("hash mismatches", (sent - kept).total() + (kept - sent).total())
        _read_again(stage, gateway, answers, found)
    return found


def _damaged(stage: Stage, corpus: list[Path]) -> bytes:
    """A mail of the corpus with some bytes changed, as it may stand on the wire."""
    raw = bytearray(stage.chance.choice(corpus).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    for _ in range(stage.chance.randrange(12)):
        place = stage.chance.randrange(len(raw)) if raw else 0
        match stage.chance.randrange(3):
            case 0 if raw:
                raw[place] = stage.chance.randrange(256)
            case 1:
                del raw[place : place + stage.chance.randrange(40)]
            case _:
                raw[place:place] = stage.chance.randbytes(stage.chance.randrange(20))
    return bytes(raw).removesuffix(b"\r\n") + b"\r\n"


def _send_all(port: int, raws: list[bytes], answers: Answers) -> None:
    """Over one connection, byte for byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        replies = connection.makefile("rb")

        def say(line: bytes) -> bytes:
            connection.sendall(line)
            reply = replies.readline()
            while reply[3:4] == b"-":
                reply = replies.readline()
            return reply

        replies.readline()
        say(b"EHLO client.test\r\n")
        for raw in raws:
            say(b"MAIL FROM:<chloe@acme.test>\r\n")
            say(b"RCPT TO:<support@example.test>\r\n")
            say(b"DATA\r\n")
            stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
            reply = say(stuffed + b".\r\n")
            answers.add(int(reply[:3]), reply[4:])
            assert reply.startswith(b"250"), reply


def _read_again(stage: Stage, gateway: Tortured, answers: Answers, found: Found) -> None:
    """An error in the code quarantines mails; once it is mended, each is read again, twice."""
    before = {row["id"] for row in gateway.settled()}
    gateway.plan.write(Fault("mail.examined", "raise", times=1_000_000))
    number = stage.size(100, 3)
    with Senders(gateway, answers, "failing", count=1, most=number) as senders:
        senders.join()
    gateway.wait_for(lambda: _all_failed(gateway), "each to have failed", 60)
    while not _is_settled(gateway):
        # To their next attempts.
        gateway.pass_time(timedelta(seconds=25))
        gateway.wait_for(lambda: _all_failed(gateway) or _is_settled(gateway), "the next attempts", 60)
    # Damaged mails that answer a ticket, and prove nothing, are set aside for a human, and stay so.
    rows = [row for row in gateway.settled() if row["id"] not in before]
    quarantined = [row["id"] for row in rows if row["outcome"] == "quarantined"]
    found.same("failed", len(quarantined), number)
    gateway.plan.write()
    tickets = len({row["ticket"] for row in gateway.settled()})
    for each in quarantined:
        gateway.gateway().ledger.requeue(each, now=gateway.now())
    gateway.settled()
    for each in quarantined[:3]:
        # It is a ticket now, and is not made one again.
        gateway.command("mail", "requeue", str(each), code=1)
    rows = gateway.settled()
    left = [row["id"] for row in rows if row["id"] in quarantined and row["outcome"] == "quarantined"]
    found.none("failed after reading again", len(left))
    found.none("duplicates after reading again", len({row["ticket"] for row in rows}) - tickets)
    count_mails(found, gateway, senders.acknowledged, apart=before)


def _all_failed(gateway: Tortured) -> bool:
    """Nothing is being worked on, and nothing is due now."""
    return not gateway.gateway().ledger.has_due(gateway.now())


def _is_settled(gateway: Tortured) -> bool:
    return not gateway.gateway().ledger.counts().get("pending")


def poison(stage: Stage) -> Found:
    """Three mails that kill, hang and bloat their worker, among 200 good ones."""
    found, answers = Found(), Answers()
    gateway = stage.gateway(mutations=("poison",))
    with gateway.running(), judged(found, gateway, answers):
        good = stage.size(200, 20)
        raws = [
            mail("eve@acme.test", f"POISON-{each}", "Bonjour.", message_id=f"{each}.poison@acme.test")
            for each in _POISONS[: stage.size(3, 1)]
        ]
        with Senders(gateway, answers, "good", most=good // 4) as senders:
            for raw in raws:
                senders.wait_for("answered")
                assert gateway.send(raw)[0] == 250
            senders.join()
        gateway.wait_for(lambda: _is_settled(gateway), "the poison to be set aside", 240)
        rows = gateway.settled()
        poisons = [row for row in rows if row["outcome"] == "quarantined"]
        found.same("quarantined", len(poisons), len(raws))
        attempts = max(gateway.gateway().ledger.entry(row["id"]).attempts for row in poisons)
        found.at_most("attempts", attempts - 1, 3)
        count_mails(found, gateway, senders.acknowledged)
        found.count("restarts", gateway.log.read_text().count("process.died"))
    return found
