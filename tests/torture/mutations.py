"""What may be wrong with a gateway, switched on in a test's own process, so that the campaigns are tried too.

Each is a promise broken in one place; a campaign that stays green with it proves nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.domain.envelope import Envelope
from gateway.domain.mail import Mail
from gateway.domain.mailbox import MailboxState
from gateway.endpoints.imap_session import MailboxSession
from gateway.endpoints.imap_sync import MailboxSync
from gateway.pipeline import process
from gateway.pipeline.parse import parse
from gateway.pipeline.store_raw import GroupCommit
from gateway.ports import NewMail
from gateway.storage.database import Database
from gateway.storage.known_rows import KnownRows
from gateway.workers import worker

_STEP_LIMIT_S = 4.0
_TWO_GB = 2 << 30


def _answer_before_commit() -> None:
    async def store(self: GroupCommit, envelope: Envelope, content: Iterable[bytes], size: int) -> int:
        loop = asyncio.get_running_loop()
        with self._condition:
            self._waiting.append((NewMail(envelope, tuple(content), size), loop.create_future(), loop))
            self._condition.notify()
        return 1

    _put(GroupCommit, "store", store)


def _synchronous_normal() -> None:
    made = Database._sqlite_engine

    def engine(self: Database) -> sa.Engine:
        opened = made(self)
        sa.event.listen(
            opened, "connect", lambda connection, record: connection.execute("PRAGMA synchronous=NORMAL")
        )
        return opened

    _put(Database, "_sqlite_engine", engine)


class _Moved(MailboxSession):
    """A session whose mails are put away already."""

    def put_away(self, uids: Sequence[int], after: str) -> None:
        """There is nothing left to do."""


def _flag_before_commit() -> None:
    def take(self: MailboxSync, session: MailboxSession, state: MailboxState, uids: Sequence[int]) -> None:
        for batch in self._batches(session, state, uids, session.describe(uids)):
            moved = [mail.position.uid for mail in batch if mail.position]
            session.put_away(moved, self._settings.after)
            self._store(batch)
            self._put_away(_Moved(session.client), state, moved)

    _put(MailboxSync, "_take", take)


def _no_duplicate_check() -> None:
    def claim(self: KnownRows, by_mail: Mapping[int, str]) -> None:
        self._first.update({number: number for number in by_mail})

    _put(KnownRows, "_claim", claim)


def _poison() -> None:
    """Not wrong in the gateway: mails of these subjects kill, hang or bloat whoever reads them."""

    def poisoned(raw: bytes) -> Mail:
        if b"POISON-exit" in raw:
            os._exit(1)
        while b"POISON-loop" in raw:
            pass
        if b"POISON-memory" in raw:
            bytearray(_TWO_GB)
            raise MemoryError
        return parse(raw)

    _put(process, "parse", poisoned)
    _put(worker, "STEP_LIMIT_S", _STEP_LIMIT_S)


def _put(owner: Any, name: str, value: object) -> None:
    """Something else in a name's place."""
    if not hasattr(owner, name):
        raise AttributeError(name)
    setattr(owner, name, value)


MUTATIONS: Mapping[str, Callable[[], None]] = {
    "answer-before-commit": _answer_before_commit,
    "synchronous-normal": _synchronous_normal,
    "flag-before-commit": _flag_before_commit,
    "no-duplicate-check": _no_duplicate_check,
    "poison": _poison,
}
