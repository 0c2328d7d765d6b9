"""P10: a mailbox whose server misbehaves in every way we know: each mail once, none touched before its commit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.storage.mailboxes import mailbox_mails
from tests.running import mail
from tests.servers.imap_script import DROP, EVERYTHING, Box, ImapScript, Script
from tests.torture.aftermath import count_mails, judged
from tests.torture.found import Found
from tests.torture.senders import Answers
from tests.torture.stage import Stage, Tortured

_TOUCHING = re.compile(r"UID (?:STORE|COPY|MOVE|EXPUNGE) ([\d:,]+)")
_MAILS = 4


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What the server says, so many times, instead of doing what it was asked for."""

    name: str
    when: str
    says: bytes | str
    times: int = 1


_HALF = b"* 1 FETCH (UID 1 BODY[] {4000}\r\nFrom: somebody\r\n"
MISBEHAVIOURS = (
    Misbehaviour("bye in a literal", "UID FETCH .*BODY", _HALF + b"* BYE shutting down\r\n"),
    Misbehaviour("huge literal", "UID FETCH .*BODY", b"* 1 FETCH (UID 1 BODY[] {9999999999}\r\nFrom: x\r\n"),
    Misbehaviour(
        "absurd literal", "UID FETCH .*BODY", b"* 1 FETCH (UID 1 BODY[] {99999999999999999999999}\r\n"
    ),
    Misbehaviour("endless line", "UID FETCH .*BODY", (b"* OK " + b"x" * 500 + b"\r\n") * 6000),
    Misbehaviour("noise", "UID FETCH .*BODY", b"\x00\xff\x00\r\n"),
    Misbehaviour("drop at FETCH", "UID FETCH", DROP, 2),
    Misbehaviour("drop at SEARCH", "UID SEARCH", DROP, 2),
    Misbehaviour("drop at SELECT", "SELECT", DROP, 2),
    Misbehaviour("drop at MOVE", "UID (?:MOVE|COPY)", DROP, 2),
    Misbehaviour("no to MOVE", "UID (?:MOVE|COPY)", "NO [SERVERBUG] not now", 2),
    Misbehaviour("drop at STORE", "UID STORE", DROP, 2),
    Misbehaviour("drop at EXPUNGE", "(?:UID )?EXPUNGE", DROP, 2),
)
CAPABILITIES = {
    "all": EVERYTHING,
    "no MOVE": "IMAP4rev1 IDLE UIDPLUS AUTH=PLAIN",
    "neither": "IMAP4rev1 AUTH=PLAIN",
}


def mailbox_troubles(stage: Stage) -> Found:
    """Each misbehaviour with each set of capabilities; new UIDVALIDITY; a human who reads; two pollers."""
    found, answers = Found(), Answers()
    delivered: list[str] = []
    early: list[str] = []
    capabilities = {"no MOVE": CAPABILITIES["no MOVE"]} if stage.short else CAPABILITIES
    misbehaviours = MISBEHAVIOURS[::4] if stage.short else MISBEHAVIOURS
    for after in ("move:Processed", "seen")[: stage.size(2, 1)]:
        for name, words in capabilities.items():
            server = stage.stack.enter_context(ImapScript(words))
            gateway = stage.gateway(extra=stage.mailbox(server.port, f'after = "{after}"\n'))
            with gateway.running():
                _wait_until_open(gateway)
                part = Found()
                with judged(part, gateway, answers):
                    before = _received(gateway)
                    named = f"{after}-{name}".replace(" ", "")
                    sent = _misbehave(stage, gateway, server, misbehaviours, named, early)
                    _numbered_anew(gateway, server, after, sent)
                    count_mails(part, gateway, sent)
                    part.same("rows", _received(gateway) - before, len(sent))
                delivered += sent
                found.count(f"{after}, {name}", part.figures["at rest"])
                found.wrong += [f"{after}, {name}: {each}" for each in part.wrong]
    found.count("misbehaviours", len(misbehaviours) * len(capabilities))
    found.count("delivered", len(delivered))
    found.none("touched before their commit", len(early), early[:3])
    return found


def _received(gateway: Tortured) -> int:
    return sum(gateway.gateway().ledger.counts().values())


def _wait_until_open(gateway: Tortured) -> None:
    gateway.wait_for(lambda: "mailbox.open" in gateway.log.read_text(), "the mailbox to be opened")


def _misbehave(
    stage: Stage,
    gateway: Tortured,
    server: ImapScript,
    misbehaviours: Sequence[Misbehaviour],
    name: str,
    early: list[str],
) -> list[str]:
    sent: list[str] = []
    for number, misbehaviour in enumerate(misbehaviours):
        left = [misbehaviour.times]
        server.script = _watched(gateway, early, _script(misbehaviour, left))
        for each in range(stage.size(_MAILS, 1)):
            message_id = f"{number}.{each}.{name.replace(':', '.')}@acme.test"
            server.add(mail(message_id, "Panne", "Rien ne va plus.", message_id=message_id))
            sent.append(message_id)
        if number % 4 == 3:
            _somebody_reads(server)
        gateway.wait_for(lambda: _is_put_away(gateway, len(sent)), f"the mails of {misbehaviour.name}", 90)
    server.script = _watched(gateway, early, lambda command: None)
    return sent


def _script(misbehaviour: Misbehaviour, left: list[int]) -> Script:
    pattern = re.compile(misbehaviour.when)

    def script(command: str) -> bytes | str | None:
        if left[0] and pattern.match(command):
            left[0] -= 1
            return misbehaviour.says
        return None

    return script


def _watched(gateway: Tortured, early: list[str], script: Script) -> Script:
    """`script`, and a look into the ledger whenever a mail is about to be touched."""

    def watching(command: str) -> bytes | str | None:
        if match := _TOUCHING.match(command):
            wanted = _uids(match[1])
            with gateway.gateway().database.read() as connection:
                stored = set(connection.execute(sa.select(mailbox_mails.c.uid)).scalars())
            early.extend(f"{uid}: {command}" for uid in wanted - stored)
        return script(command)

    return watching


def _uids(words: str) -> set[int]:
    found: set[int] = set()
    for word in words.split(","):
        first, _, last = word.partition(":")
        found.update(range(int(first), int(last or first) + 1))
    return found


def _somebody_reads(server: ImapScript) -> None:
    with server.lock:
        for stored in server.boxes["INBOX"].mails.values():
            stored.flags.add(r"\Seen")


def _is_put_away(gateway: Tortured, expected: int) -> bool:
    with gateway.gateway().database.read() as connection:
        done = connection.execute(
            sa.select(sa.func.count()).where(mailbox_mails.c.put_away_at.is_not(None))
        ).scalar_one()
    return bool(done >= expected)


def _numbered_anew(gateway: Tortured, server: ImapScript, after: str, sent: list[str]) -> None:
    """The folder gets another UIDVALIDITY, and the UIDs begin anew with other mails."""
    with server.lock:
        old = server.boxes["INBOX"]
        server.boxes["INBOX"] = Box(uidvalidity=old.uidvalidity + 76)
        fresh = [f"anew.{number}.{sent[0]}" for number in range(3)]
        for message_id in fresh:
            server.add(mail(message_id, "Panne", "Rien ne va plus.", message_id=message_id))
        for stored in list(old.mails.values())[:2]:
            server.add(stored.raw)
    sent += fresh

    def arrived() -> bool:
        rows = {entry.message_id for entry in gateway.gateway().ledger.entries(limit=10_000)}
        return set(fresh) <= rows

    gateway.wait_for(arrived, "the mails of the folder that was numbered anew", 60)
