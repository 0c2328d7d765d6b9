"""The ledger of every mail received: stored first, settled later, never forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gateway import faults
from gateway.domain.envelope import Envelope
from gateway.errors import NotFound
from gateway.ports import LeasedMail, LedgerEntry, NewMail
from gateway.storage import leases
from gateway.storage.database import Database
from gateway.storage.mailboxes import known_from_mailbox, remember_positions
from gateway.storage.rows import AnyRow
from gateway.storage.schema import inbound, inbound_raw
from gateway.storage.sequences import allocate

_PENDING = inbound.c.outcome == "pending"
# Large mails are kept in rows of this size, so that no step needs a whole one in memory.
_BLOCK_BYTES = 1 << 20
_BATCH_BYTES = 16 << 20
# Longer than a worker lets a batch take.
_LEASE = timedelta(seconds=120)

ENVELOPE = (
    inbound.c.channel,
    inbound.c.reverse_path,
    inbound.c.recipients,
    inbound.c.peer,
    inbound.c.helo,
    inbound.c.tls,
    inbound.c.received_at,
    inbound.c.historic,
)
_ENTRY = (
    *ENVELOPE,
    inbound.c.id,
    inbound.c.size,
    inbound.c.sha256,
    inbound.c.outcome,
    inbound.c.reason,
    inbound.c.evidence,
    inbound.c.ticket,
    inbound.c.message_id,
    inbound.c.author,
    inbound.c.subject,
    inbound.c.attempts,
    inbound.c.last_error,
)


class Ledger:
    """The rows of `inbound` and their raw bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, batch: Sequence[NewMail]) -> list[int]:
        """Store a batch in one commit and return the ids in the batch's order.

        A mail from a place in a mailbox that one was stored from before gets that one's id.

        Raises:
            StorageUnavailable, StorageFull: nothing of the batch is stored.
        """
        hashed = [(mail, _sha256(mail.content)) for mail in batch]
        with self._database.write() as connection:
            known = known_from_mailbox(connection, hashed)
            fresh = [each for each in hashed if each[0].position not in known]
            numbers = iter(self._insert(connection, fresh))
            ids = [known[mail.position] if mail.position in known else next(numbers) for mail in batch]
            faults.reached("ledger.inserted")
        faults.reached("ledger.committed")
        return ids

    @staticmethod
    def _insert(connection: sa.Connection, hashed: Sequence[tuple[NewMail, str]]) -> list[int]:
        if not hashed:
            return []
        ids = allocate(connection, inbound.c.id, len(hashed))
        numbered = [(number, *each) for number, each in zip(ids, hashed, strict=True)]
        connection.execute(sa.insert(inbound), [_row(*each) for each in numbered])
        remember_positions(connection, numbered)
        whole = [
            {"inbound_id": number, "position": 0, "data": b"".join(mail.content)}
            for number, mail, _ in numbered
            if mail.size <= _BLOCK_BYTES
        ]
        if whole:
            connection.execute(sa.insert(inbound_raw), whole)
        for number, mail, _ in numbered:
            if mail.size > _BLOCK_BYTES:
                _insert_blocks(connection, number, mail.content)
        return ids

    def lease(self, *, limit: int, owner: str, now: datetime) -> list[LeasedMail]:
        """Take the oldest mails that are due, with their bytes: few when they are large.

        A mail that was tried before comes alone: what it did then, it does not do to others.
        """
        with self._database.write() as connection:
            taken = leases.lease(
                connection,
                inbound,
                _PENDING,
                choose=_together,
                limit=limit,
                owner=owner,
                now=now,
                duration=_LEASE,
            )
        faults.reached("inbound.leased")
        return self._with_bytes(taken)

    def _with_bytes(self, taken: list[tuple[int, int, int]]) -> list[LeasedMail]:
        if not taken:
            return []
        ids = [number for number, _, _ in taken]
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(inbound.c.id, inbound.c.instruction, *ENVELOPE).where(inbound.c.id.in_(ids))
            )
            details = {row.id: row for row in rows}
            raws = raws_of(connection, ids)
        return [
            LeasedMail(
                id=number,
                fence=fence,
                attempts=attempts,
                envelope=envelope_of(details[number]),
                instruction=details[number].instruction,
                raw=raws.get(number, b""),
            )
            for number, fence, attempts in taken
        ]

    def has_due(self, now: datetime) -> bool:
        """Whether a mail waits for a worker."""
        free = sa.or_(inbound.c.lease_until.is_(None), inbound.c.lease_until < now)
        with self._database.read() as connection:
            found = sa.select(inbound.c.id).where(_PENDING, inbound.c.due_at <= now, free).limit(1)
            return connection.execute(found).first() is not None

    def postpone(self, mail: LeasedMail, *, until: datetime, error: str) -> None:
        """Give a mail back after a failure, to be tried again, alone, from `until` on."""
        row = {"b_id": mail.id, "b_fence": mail.fence, "due_at": until, "last_error": error}
        with self._database.write() as connection:
            leases.finish(connection, inbound, [row])

    def release_of(self, owner: str, *, untried: bool = False) -> int:
        """Give back at once what a worker held and will not finish; `untried`: through no fault of theirs."""
        with self._database.write() as connection:
            return leases.release_of(connection, inbound, _PENDING, owner=owner, untried=untried)

    def entries(self, *, limit: int, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """The ledger's rows in order of receipt."""
        order = inbound.c.id.desc() if newest_first else inbound.c.id
        with self._database.read() as connection:
            rows = connection.execution_options(yield_per=500).execute(
                sa.select(*_ENTRY).order_by(order).limit(limit)
            )
            for row in rows:
                yield _entry(row)

    def entry(self, number: int) -> LedgerEntry:
        """One row.

        Raises:
            NotFound: there is no such mail.
        """
        with self._database.read() as connection:
            row = connection.execute(sa.select(*_ENTRY).where(inbound.c.id == number)).first()
        if row is None:
            raise NotFound(f"there is no mail {number} in the ledger")
        return _entry(row)

    def explanation(self, number: int) -> dict[str, Any]:
        """Why the mail became what it became; empty while it is pending."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(inbound.c.explanation).where(inbound.c.id == number)).first()
        if found is None:
            raise NotFound(f"there is no mail {number} in the ledger")
        return found.explanation or {}

    def raw(self, number: int) -> bytes:
        """The bytes as they were received."""
        with self._database.read() as connection:
            raw = raws_of(connection, [number]).get(number)
        if raw is None:
            raise NotFound(f"there is no mail {number} in the ledger")
        return raw

    def requeue(self, number: int, *, now: datetime) -> None:
        """Have a worker read a mail again.

        The fence moves on, so that whoever still works on the mail cannot settle it.

        Raises:
            NotFound: there is no such mail.
        """
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(inbound)
                .where(inbound.c.id == number)
                .values(_read_again("", now=now) | {"fence": inbound.c.fence + 1})
            )
            if changed.rowcount != 1:
                raise NotFound(f"there is no mail {number} in the ledger")

    def counts(self) -> dict[str, int]:
        """How many mails have each outcome."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(inbound.c.outcome, sa.func.count()).group_by(inbound.c.outcome)
            )
            return dict(rows.all())


def decide_held(connection: sa.Connection, number: int, outcome: str, *, reason: str, now: datetime) -> bool:
    """Let a held mail in (`pending`) or drop it (`dropped`); False when it is not held any more."""
    values = (
        _read_again("release", now=now)
        if outcome == "pending"
        else {"outcome": outcome, "reason": reason, "settled_at": now}
    )
    changed = connection.execute(
        sa.update(inbound)
        .where(inbound.c.id == number, inbound.c.outcome.in_(("held", "quarantined")))
        .values(values | {"fence": inbound.c.fence + 1})
    )
    return changed.rowcount == 1


def _read_again(instruction: str, *, now: datetime) -> dict[str, Any]:
    return {
        "outcome": "pending",
        "instruction": instruction,
        "due_at": now,
        "attempts": 0,
        "lease_until": None,
        "leased_by": "",
    }


def _together(found: Sequence[AnyRow]) -> list[int]:
    """The ids that may share a batch: a tried one alone, untried ones up to a sum of bytes."""
    if found and found[0].attempts > 0:
        return [found[0].id]
    return [row.id for row in within_bytes(found) if row.attempts == 0]


def within_bytes(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """The first rows whose `size` comes to no more than a batch may hold; one at least."""
    room = _BATCH_BYTES
    for position, row in enumerate(rows):
        room -= row.size
        if position and room < 0:
            return list(rows[:position])
    return list(rows)


def _row(number: int, mail: NewMail, sha256: str) -> dict[str, Any]:
    envelope = mail.envelope
    return {
        "id": number,
        "received_at": envelope.received_at,
        "due_at": envelope.received_at,
        "channel": envelope.channel,
        "reverse_path": envelope.reverse_path,
        "recipients": envelope.recipients,
        "peer": envelope.peer,
        "helo": envelope.helo,
        "tls": envelope.tls,
        "size": mail.size,
        "sha256": sha256,
        "historic": envelope.historic,
    }


def _sha256(content: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for block in content:
        digest.update(block)
    return digest.hexdigest()


def _insert_blocks(connection: sa.Connection, number: int, content: Iterable[bytes]) -> None:
    position = 0
    for block in content:
        for start in range(0, len(block), _BLOCK_BYTES):
            row = {"inbound_id": number, "position": position, "data": block[start : start + _BLOCK_BYTES]}
            connection.execute(sa.insert(inbound_raw), row)
            position += 1


def raws_of(connection: sa.Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """The bytes of mails, by id."""
    rows = connection.execute(
        sa.select(inbound_raw.c.inbound_id, inbound_raw.c.data)
        .where(inbound_raw.c.inbound_id.in_(ids))
        .order_by(inbound_raw.c.inbound_id, inbound_raw.c.position)
    )
    blocks: dict[int, list[bytes]] = {}
    for number, data in rows:
        blocks.setdefault(number, []).append(data)
    return {number: parts[0] if len(parts) == 1 else b"".join(parts) for number, parts in blocks.items()}


def envelope_of(row: AnyRow) -> Envelope:
    """A row of `ENVELOPE`."""
    return Envelope(
        channel=row.channel,
        reverse_path=row.reverse_path,
        recipients=tuple(row.recipients),
        peer=row.peer,
        helo=row.helo,
        tls=row.tls,
        received_at=row.received_at,
        historic=row.historic,
    )


def _entry(row: AnyRow) -> LedgerEntry:
    return LedgerEntry(
        id=row.id,
        envelope=envelope_of(row),
        size=row.size,
        sha256=row.sha256,
        outcome=row.outcome,
        reason=row.reason,
        evidence=row.evidence,
        ticket=row.ticket,
        message_id=row.message_id,
        author=row.author,
        subject=row.subject,
        attempts=row.attempts,
        last_error=row.last_error,
    )
