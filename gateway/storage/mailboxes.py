"""The mailboxes that mail is fetched from: how far each has been read, and what was stored from where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from gateway.domain.mailbox import MailboxState, Position
from gateway.errors import NotFound
from gateway.ports import NewMail
from gateway.storage.columns import Instant
from gateway.storage.database import Database
from gateway.storage.rows import AnyRow
from gateway.storage.schema import Id, metadata

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False, server_default="0"),
    Column("first_sync", String(8), nullable=False, server_default=""),
    Column("history_uid", BigInteger, nullable=False, server_default="0"),
    Column("history_until", Instant),
    Column("history_mails", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("looked_at", Instant),
    UniqueConstraint("name", "place"),
)

# Written in the transaction of the mail: whatever is killed afterwards, it is not stored again.
mailbox_mails = Table(
    "mailbox_mails",
    metadata,
    Column("mailbox_id", Id, ForeignKey("mailboxes.id"), primary_key=True, autoincrement=False),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("inbound_id", Id, ForeignKey("inbound.id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("put_away_at", Instant),
    sqlite_with_rowid=False,
)
Index("ix_mailbox_mails_mailbox_id_sha256", mailbox_mails.c.mailbox_id, mailbox_mails.c.sha256)

# As many UIDs as one statement may name on every database.
_CHUNK = 500


class Mailboxes:
    """The rows of `mailboxes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, name: str, place: str) -> MailboxState:
        """The mailbox's row, made when it is not there yet."""
        here = sa.select(mailboxes).where(mailboxes.c.name == name, mailboxes.c.place == place)
        with self._database.write() as connection:
            row = connection.execute(here).first()
            if row is None:
                connection.execute(sa.insert(mailboxes).values(name=name, place=place))
                row = connection.execute(here).one()
        return _state(row)

    def find(self, name: str, place: str) -> MailboxState | None:
        """The mailbox's row, or None before it was ever looked at."""
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(mailboxes).where(mailboxes.c.name == name, mailboxes.c.place == place)
            ).first()
        return None if row is None else _state(row)

    def save(self, state: MailboxState) -> None:
        """The row as it is from now on."""
        values = asdict(state)
        number = values.pop("id")
        with self._database.write() as connection:
            connection.execute(sa.update(mailboxes).where(mailboxes.c.id == number).values(values))

    def decide(self, number: int, first_sync: str) -> None:
        """What becomes of the mail that was there before; a mailbox that stopped is tried again."""
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(mailboxes)
                .where(mailboxes.c.id == number)
                .values(first_sync=first_sync or mailboxes.c.first_sync, reason="")
            )
            if changed.rowcount != 1:
                raise NotFound("there is no such mailbox")

    def stored(self, number: int) -> int:
        """How many mails have been stored from a mailbox."""
        with self._database.read() as connection:
            count: int = connection.execute(
                sa.select(sa.func.count(sa.distinct(mailbox_mails.c.inbound_id))).where(
                    mailbox_mails.c.mailbox_id == number
                )
            ).scalar_one()
        return count

    def put_away(self, mailbox: int, uidvalidity: int) -> set[int]:
        """The UIDs whose mail is stored and has been moved, flagged or deleted."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(mailbox_mails.c.uid).where(
                    mailbox_mails.c.mailbox_id == mailbox,
                    mailbox_mails.c.uidvalidity == uidvalidity,
                    mailbox_mails.c.put_away_at.is_not(None),
                )
            )
            return set(rows.scalars())

    def mark_put_away(self, mailbox: int, uidvalidity: int, uids: Sequence[int], *, now: datetime) -> None:
        """Those have been moved, flagged or deleted."""
        self._mark(mailbox, uidvalidity, uids, now)

    def take_back(self, mailbox: int, uidvalidity: int, uids: Sequence[int]) -> None:
        """Those are the numbers of other mails from here on: `mark_put_away` no longer holds."""
        self._mark(mailbox, uidvalidity, uids, None)

    def _mark(self, mailbox: int, uidvalidity: int, uids: Sequence[int], at: datetime | None) -> None:
        with self._database.write() as connection:
            for some in _chunks(uids):
                connection.execute(
                    sa.update(mailbox_mails)
                    .where(
                        mailbox_mails.c.mailbox_id == mailbox,
                        mailbox_mails.c.uidvalidity == uidvalidity,
                        mailbox_mails.c.uid.in_(some),
                    )
                    .values(put_away_at=at)
                )


def known_from_mailbox(
    connection: sa.Connection, hashed: Sequence[tuple[NewMail, str]]
) -> dict[Position | None, int]:
    """The ledger ids of the mails of a batch that have been stored from their place before.

    The same bytes under an older UIDVALIDITY are the same mail: the server has numbered the folder
    anew. Other bytes at a place that is known are another mail: the server has given a UID twice.

    Args:
        hashed: mails with their SHA-256.
    """
    fetched = [(mail.position, sha256) for mail, sha256 in hashed if mail.position is not None]
    if not fetched:
        return {}
    # Two gateways that read one mailbox wait for each other here.
    numbers = sorted({position.mailbox for position, _ in fetched})
    connection.execute(
        sa.select(mailboxes.c.id)
        .where(mailboxes.c.id.in_(numbers))
        .order_by(mailboxes.c.id)
        .with_for_update()
    )
    known: dict[Position | None, int] = {}
    for position, sha256 in fetched:
        found = connection.execute(
            sa.select(mailbox_mails.c.inbound_id, mailbox_mails.c.uidvalidity, mailbox_mails.c.uid)
            .where(mailbox_mails.c.mailbox_id == position.mailbox, mailbox_mails.c.sha256 == sha256)
            .order_by(mailbox_mails.c.inbound_id)
        ).all()
        here = [row for row in found if (row.uidvalidity, row.uid) == (position.uidvalidity, position.uid)]
        older = [row for row in found if row.uidvalidity != position.uidvalidity]
        if here:
            known[position] = here[0].inbound_id
        elif older:
            known[position] = older[0].inbound_id
            _remember(connection, position, older[0].inbound_id, sha256)
    return known


def remember_positions(connection: sa.Connection, numbered: Sequence[tuple[int, NewMail, str]]) -> None:
    """Enter where fetched mails, just stored under these ids, were fetched from."""
    for number, mail, sha256 in numbered:
        if mail.position is not None:
            _remember(connection, mail.position, number, sha256)


def _remember(connection: sa.Connection, position: Position, number: int, sha256: str) -> None:
    place = (
        mailbox_mails.c.mailbox_id == position.mailbox,
        mailbox_mails.c.uidvalidity == position.uidvalidity,
        mailbox_mails.c.uid == position.uid,
    )
    values: dict[str, Any] = {"inbound_id": number, "sha256": sha256, "put_away_at": None}
    if connection.execute(sa.update(mailbox_mails).where(*place).values(values)).rowcount == 0:
        row = {"mailbox_id": position.mailbox, "uidvalidity": position.uidvalidity, "uid": position.uid}
        connection.execute(sa.insert(mailbox_mails).values(row | values))


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), _CHUNK):
        yield uids[start : start + _CHUNK]


def _state(row: AnyRow) -> MailboxState:
    return MailboxState(
        id=row.id,
        name=row.name,
        place=row.place,
        uidvalidity=row.uidvalidity,
        first_sync=row.first_sync,
        history_uid=row.history_uid,
        history_until=row.history_until,
        history_mails=row.history_mails,
        reason=row.reason,
        looked_at=row.looked_at,
    )
